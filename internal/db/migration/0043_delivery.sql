-- +goose Up

-- One campaign for one subscriber. Rows are made again harmlessly: the identifier is made of campaign, subscriber and content.
CREATE TABLE delivery_message (
    id text NOT NULL PRIMARY KEY,
    campaign text NOT NULL,
    subscriber text NOT NULL,
    commune text NOT NULL,
    village text NOT NULL DEFAULT '',
    lang text NOT NULL,                -- of the text
    heard text NOT NULL DEFAULT '',    -- of the sound
    state text NOT NULL,
    rank bigint NOT NULL,              -- of the state; it only rises
    reason text NOT NULL DEFAULT '',   -- message key
    changed bigint NOT NULL
);
CREATE INDEX delivery_message_campaign ON delivery_message (campaign, commune);

-- One message to one endpoint, once. A notice belongs to no message and carries its own text and address, sealed.
CREATE TABLE delivery_attempt (
    id text NOT NULL PRIMARY KEY,
    message text NOT NULL,
    campaign text NOT NULL,
    endpoint text NOT NULL,
    address text NOT NULL DEFAULT '',
    title text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    channel text NOT NULL,
    lane bigint NOT NULL,
    commune text NOT NULL,
    lang text NOT NULL DEFAULT '',
    heard text NOT NULL DEFAULT '',
    n bigint NOT NULL DEFAULT 1,
    parts bigint NOT NULL DEFAULT 1,
    demo boolean NOT NULL DEFAULT FALSE,
    doubled boolean NOT NULL DEFAULT FALSE, -- perhaps the second of the same
    state text NOT NULL,
    rank bigint NOT NULL,
    turn bigint NOT NULL DEFAULT 0,
    due bigint NOT NULL DEFAULT 0,     -- planned: not before; in doubt: waits for a receipt until
    expires bigint NOT NULL DEFAULT 0,
    lease_until bigint NOT NULL DEFAULT 0,
    tries bigint NOT NULL DEFAULT 0,
    provider text NOT NULL DEFAULT '',
    provider_id text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',      -- message key
    detail text NOT NULL DEFAULT '',   -- as the network put it
    sent bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL
);
CREATE INDEX delivery_attempt_queue ON delivery_attempt (channel, demo, lane, turn, id) WHERE state = 'queued';
CREATE INDEX delivery_attempt_due ON delivery_attempt (due) WHERE state = 'planned';
CREATE INDEX delivery_attempt_lease ON delivery_attempt (lease_until) WHERE state = 'sending';
CREATE INDEX delivery_attempt_doubt ON delivery_attempt (due) WHERE state = 'in_doubt';
CREATE INDEX delivery_attempt_waiting ON delivery_attempt (campaign) WHERE state IN ('planned', 'queued') AND campaign <> '';
CREATE INDEX delivery_attempt_message ON delivery_attempt (message) WHERE message <> '';
CREATE INDEX delivery_attempt_receipt ON delivery_attempt (provider, provider_id) WHERE provider_id <> '';

-- What happened, chained per commune and day: each hash is made of the one before and of the line.
CREATE TABLE delivery_event (
    commune text NOT NULL,
    day text NOT NULL,                 -- 2026-11-25, civil time of Viet Nam
    n bigint NOT NULL,
    campaign text NOT NULL,
    message text NOT NULL,
    attempt text NOT NULL,
    channel text NOT NULL,
    lang text NOT NULL,
    state text NOT NULL,
    at bigint NOT NULL,
    doubled boolean NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (commune, day, n)
);
CREATE INDEX delivery_event_campaign ON delivery_event (campaign);

-- Receipts that came before the answer to the submit; joined to it, or thrown away after a day.
CREATE TABLE delivery_receipt (
    provider text NOT NULL,
    provider_id text NOT NULL,
    state text NOT NULL,
    at bigint NOT NULL,
    why text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (provider, provider_id, state)
);

-- The last turn that each commune was given in a lane; commune '' is the turn that was served last (start-time fair queueing).
CREATE TABLE delivery_turn (
    channel text NOT NULL,
    lane bigint NOT NULL,
    commune text NOT NULL,
    turn bigint NOT NULL,
    PRIMARY KEY (channel, lane, commune)
);

CREATE TABLE delivery_provider (
    id text NOT NULL PRIMARY KEY,
    connector text NOT NULL,
    channel text NOT NULL,
    name text NOT NULL,
    mode text NOT NULL,                -- off, dry, rehearsal, live
    settings text NOT NULL,            -- JSON
    secrets text NOT NULL,             -- JSON, sealed under the master key
    per_second bigint NOT NULL,
    burst bigint NOT NULL,
    most bigint NOT NULL,              -- messages on their way at once
    cost bigint NOT NULL,              -- đồng a part
    inside boolean NOT NULL,           -- may connect to addresses inside
    revision bigint NOT NULL,
    changed bigint NOT NULL
);

-- What is left of a campaign once its messages are thinned.
CREATE TABLE delivery_count (
    campaign text NOT NULL,
    commune text NOT NULL,
    lang text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    n bigint NOT NULL,
    doubled bigint NOT NULL,
    PRIMARY KEY (campaign, commune, lang, channel, state)
);
