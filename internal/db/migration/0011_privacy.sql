-- +goose Up

-- A record with sealed fields: a person's part that is not public. Its key is in the keys folder, not here.
CREATE TABLE privacy_record (
    record text NOT NULL PRIMARY KEY, -- "account/01h…"
    key text NOT NULL UNIQUE,         -- name of the key
    made bigint NOT NULL,
    destroyed bigint NOT NULL DEFAULT 0
);

CREATE TABLE privacy_field (
    record text NOT NULL REFERENCES privacy_record (record),
    name text NOT NULL,
    box text NOT NULL, -- base64 of XChaCha20-Poly1305; readable only with the record's key
    at bigint NOT NULL,
    PRIMARY KEY (record, name)
);

-- Each opening of a sealed field, to be shown to the person.
CREATE TABLE privacy_opening (
    id text NOT NULL PRIMARY KEY,
    record text NOT NULL,
    name text NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    reason text NOT NULL,
    at bigint NOT NULL
);
CREATE INDEX privacy_opening_record ON privacy_opening (record, at);

-- A record to be made unreadable: one proposes, another confirms.
CREATE TABLE privacy_destruction (
    id text NOT NULL PRIMARY KEY,
    record text NOT NULL,
    reason text NOT NULL,
    proposed_by text NOT NULL,
    proposed_session text NOT NULL,
    proposed_at bigint NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed_at bigint NOT NULL DEFAULT 0
);

-- Agreement to be sent news, provable: what was said, in which language, how and when.
CREATE TABLE privacy_consent (
    id text NOT NULL PRIMARY KEY,
    subject text NOT NULL, -- record of who agreed
    purpose text NOT NULL,
    wording text NOT NULL,
    version text NOT NULL,
    lang text NOT NULL,
    sound text NOT NULL DEFAULT '', -- hash of the recording that was heard or spoken
    manner text NOT NULL, -- self, assisted, sms, call
    witness text NOT NULL DEFAULT '', -- account of who helped
    given bigint NOT NULL,
    withdrawn bigint NOT NULL DEFAULT 0,
    withdrawn_by text NOT NULL DEFAULT ''
);
CREATE INDEX privacy_consent_subject ON privacy_consent (subject, purpose);

-- A person's request about their own data. What they wrote and where to reach them is sealed.
CREATE TABLE privacy_request (
    id text NOT NULL PRIMARY KEY,
    code text NOT NULL UNIQUE, -- hash of the code that the person keeps
    kind text NOT NULL, -- see, correct, delete, withdraw, object, other
    area text NOT NULL,
    state text NOT NULL DEFAULT 'received', -- received, answered
    received bigint NOT NULL,
    due bigint NOT NULL,
    answered bigint NOT NULL DEFAULT 0,
    answered_by text NOT NULL DEFAULT '',
    demo boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX privacy_request_state ON privacy_request (state, due);
