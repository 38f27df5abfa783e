-- +goose Up

-- One sending of one issue of a bulletin (đợt gửi).
CREATE TABLE delivery_campaign (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL,                 -- news, recall, test
    earlier text NOT NULL DEFAULT '',   -- the campaign that this one recalls or renews
    ref text NOT NULL,                  -- bulletin
    version bigint NOT NULL,            -- number of its issue
    class text NOT NULL,
    place text NOT NULL,
    topic text NOT NULL,
    channels text NOT NULL,             -- between spaces
    toneless boolean NOT NULL DEFAULT FALSE,
    demo boolean NOT NULL,
    drill boolean NOT NULL,
    state text NOT NULL,                -- waiting, expanding, running, paused, done, stopped, renewed
    starts bigint NOT NULL,
    expires bigint NOT NULL DEFAULT 0,
    reached text NOT NULL DEFAULT '',   -- how far the expansion has come: the last subscriber or message
    made bigint NOT NULL,
    made_by text NOT NULL,
    second text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    changed bigint NOT NULL
);
CREATE INDEX delivery_campaign_ref ON delivery_campaign (ref, state);
CREATE INDEX delivery_campaign_made ON delivery_campaign (made);

-- The rungs of a campaign's ladder: what is done when, and what came of it.
CREATE TABLE delivery_rung (
    campaign text NOT NULL REFERENCES delivery_campaign (id),
    rung text NOT NULL,                 -- first, sms, call, relay, officer
    due bigint NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    n bigint NOT NULL DEFAULT 0,        -- persons not yet reached then
    note text NOT NULL DEFAULT '',      -- message key
    PRIMARY KEY (campaign, rung)
);

-- What a relay is asked to do: go round the houses. A count, and never a list of persons.
CREATE TABLE delivery_task (
    id text NOT NULL PRIMARY KEY,
    campaign text NOT NULL REFERENCES delivery_campaign (id),
    commune text NOT NULL,
    village text NOT NULL DEFAULT '',
    unreached bigint NOT NULL,
    told bigint NOT NULL DEFAULT 0,     -- a relay's own word, evidence of class C; never added to receipts
    note text NOT NULL DEFAULT '',
    made bigint NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    done_by text NOT NULL DEFAULT ''
);
CREATE INDEX delivery_task_commune ON delivery_task (commune, done);
