-- +goose Up

-- A bulletin, and the copy of it that is being worked on. What the public reads stands in bulletin_issue.
CREATE TABLE bulletin (
    id text NOT NULL PRIMARY KEY,
    place text NOT NULL,
    topic text NOT NULL,
    class text NOT NULL,
    basis text NOT NULL DEFAULT '',
    expires bigint NOT NULL DEFAULT 0, -- 0: stays
    stage text NOT NULL,               -- of the working copy: draft, translated, reviewed, published
    life text NOT NULL DEFAULT '',     -- for the public: empty, published, recalled, replaced
    revision bigint NOT NULL,          -- counts the changes of the working copy
    issue bigint NOT NULL DEFAULT 0,   -- number of the issue that the public reads
    demo boolean NOT NULL,
    writer text NOT NULL,
    replaces text NOT NULL DEFAULT '',
    replaced_by text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',   -- of the recall
    ended bigint NOT NULL DEFAULT 0,   -- when it was recalled or replaced
    made bigint NOT NULL,
    changed bigint NOT NULL
);
CREATE INDEX bulletin_changed ON bulletin (changed);
CREATE INDEX bulletin_stage ON bulletin (stage);

CREATE TABLE bulletin_edition (
    bulletin text NOT NULL REFERENCES bulletin (id),
    lang text NOT NULL,
    state text NOT NULL,    -- draft, translated, reviewed, published
    revision bigint NOT NULL,
    title text NOT NULL DEFAULT '',
    body text NOT NULL DEFAULT '',
    remark text NOT NULL DEFAULT '', -- why it came back
    upload text NOT NULL DEFAULT '', -- the sound as it was sent, until it is ready
    trouble text NOT NULL DEFAULT '', -- message key: why the sound is not ready
    voice text NOT NULL DEFAULT '',  -- who is heard, where they agreed to be named
    machine boolean NOT NULL DEFAULT FALSE,
    opus text NOT NULL DEFAULT '',
    opus_size bigint NOT NULL DEFAULT 0,
    mp3 text NOT NULL DEFAULT '',
    mp3_size bigint NOT NULL DEFAULT 0,
    length bigint NOT NULL DEFAULT 0, -- milliseconds
    changed bigint NOT NULL,
    PRIMARY KEY (bulletin, lang)
);
CREATE INDEX bulletin_edition_state ON bulletin_edition (state, lang);

-- What was done to a bulletin and by whom. Persons are compared with it, so rows are only ever added.
CREATE TABLE bulletin_step (
    id text NOT NULL PRIMARY KEY, -- sorts by time
    bulletin text NOT NULL REFERENCES bulletin (id),
    at bigint NOT NULL,
    person text NOT NULL,
    act text NOT NULL,
    lang text NOT NULL,
    note text NOT NULL
);
CREATE INDEX bulletin_step_bulletin ON bulletin_step (bulletin, id);

-- The first yes to an emergency, waiting for the second.
CREATE TABLE bulletin_signature (
    bulletin text NOT NULL REFERENCES bulletin (id),
    revision bigint NOT NULL,
    person text NOT NULL,
    session text NOT NULL,
    role text NOT NULL,
    leader boolean NOT NULL,
    reason text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (bulletin, revision, person)
);

-- What was published, issue by issue. Nothing in it changes but the machine's reading, which is made afterwards.
CREATE TABLE bulletin_issue (
    bulletin text NOT NULL REFERENCES bulletin (id),
    number bigint NOT NULL,
    place text NOT NULL,
    topic text NOT NULL,
    class text NOT NULL,
    basis text NOT NULL,
    expires bigint NOT NULL,
    published bigint NOT NULL,
    approved text NOT NULL, -- duties of who approved it, one or two
    PRIMARY KEY (bulletin, number)
);
CREATE INDEX bulletin_issue_published ON bulletin_issue (published);

CREATE TABLE bulletin_issue_edition (
    bulletin text NOT NULL,
    number bigint NOT NULL,
    lang text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    voice text NOT NULL,
    machine boolean NOT NULL,
    opus text NOT NULL,
    opus_size bigint NOT NULL,
    mp3 text NOT NULL,
    mp3_size bigint NOT NULL,
    length bigint NOT NULL,
    PRIMARY KEY (bulletin, number, lang),
    FOREIGN KEY (bulletin, number) REFERENCES bulletin_issue (bulletin, number)
);
