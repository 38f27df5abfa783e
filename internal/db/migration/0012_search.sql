-- +goose Up

-- What can be found. The index is derived from this table and follows its sequence; a removed entry stays as a row
-- without content, so that every follower sees that it went.
CREATE TABLE search_entry (
    id text NOT NULL PRIMARY KEY,
    sequence bigint NOT NULL,
    removed boolean NOT NULL DEFAULT FALSE,
    digest text NOT NULL, -- of everything below: what did not change is not indexed again
    kind text NOT NULL DEFAULT '',
    title text NOT NULL DEFAULT '',
    heading text NOT NULL DEFAULT '',
    body text NOT NULL DEFAULT '',
    lang text NOT NULL DEFAULT '',
    url text NOT NULL DEFAULT '',
    number text NOT NULL DEFAULT '',
    date bigint NOT NULL DEFAULT 0,
    area text NOT NULL DEFAULT '',
    act text NOT NULL DEFAULT '', -- '' is public
    facets text NOT NULL DEFAULT '{}', -- JSON: name to values
    sound text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX search_entry_sequence ON search_entry (sequence);
