-- +goose Up

-- What is published of the figures. A release is built from the facts, protected, and then frozen in two files: the table that
-- everybody may have, and the guard, which holds the exact counts and never leaves the desk: the next release is checked against
-- it. Once released only the state of a row moves.
CREATE TABLE stat_release (
    id text NOT NULL PRIMARY KEY,
    code text NOT NULL, -- of the data set, the same for every version
    version bigint NOT NULL,
    state text NOT NULL, -- building, failed, draft, proposed, released, recalled
    title text NOT NULL,
    topic text NOT NULL,
    area text NOT NULL, -- who answers for it; the figures may be of a wider one
    spec text NOT NULL, -- what it is of, as JSON
    table_file text NOT NULL DEFAULT '',
    guard_file text NOT NULL DEFAULT '',
    result text NOT NULL DEFAULT '', -- what was lost and what cannot be protected, as JSON
    known bigint NOT NULL DEFAULT 0, -- how many releases there were when it was protected against them
    failure text NOT NULL DEFAULT '', -- key of a message
    built_at bigint NOT NULL DEFAULT 0,
    proposed_by text NOT NULL,
    proposed_name text NOT NULL,
    proposed_at bigint NOT NULL,
    returned_reason text NOT NULL DEFAULT '',
    released_by text NOT NULL DEFAULT '',
    released_name text NOT NULL DEFAULT '',
    released_at bigint NOT NULL DEFAULT 0,
    recalled_by text NOT NULL DEFAULT '',
    recalled_at bigint NOT NULL DEFAULT 0,
    recall_reason text NOT NULL DEFAULT '',
    demo boolean NOT NULL DEFAULT false,
    UNIQUE (code, version)
);
CREATE INDEX stat_release_state ON stat_release (state, released_at);

-- Exact figures that leave the house: asked for by one person, granted by another, until a day.
CREATE TABLE stat_export (
    id text NOT NULL PRIMARY KEY,
    area text NOT NULL,
    title text NOT NULL,
    question text NOT NULL, -- address of the question
    reason text NOT NULL,
    state text NOT NULL, -- asked, granted, refused
    asked_by text NOT NULL,
    asked_name text NOT NULL,
    asked_at bigint NOT NULL,
    decided_by text NOT NULL DEFAULT '',
    decided_name text NOT NULL DEFAULT '',
    decided_at bigint NOT NULL DEFAULT 0,
    until bigint NOT NULL DEFAULT 0
);
CREATE INDEX stat_export_state ON stat_export (state, asked_at);
