-- +goose Up

-- What a request with a key has made, so that the same request again makes nothing twice.
CREATE TABLE once (
    key text NOT NULL PRIMARY KEY,
    result text NOT NULL
);

-- Settings of this installation that are made at run time.
CREATE TABLE setting (
    name text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

-- Work to be done outside of requests.
CREATE TABLE job (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL DEFAULT '',
    payload text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'waiting', -- waiting, running, done, failed
    run_at bigint NOT NULL,
    lease_until bigint NOT NULL DEFAULT 0,
    tries bigint NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT '',
    made bigint NOT NULL
);
CREATE UNIQUE INDEX job_waiting ON job (kind, key) WHERE state = 'waiting';
CREATE INDEX job_due ON job (state, run_at);
