-- +goose Up

-- The record of who did what. Rows are only ever added; each carries the SHA-256 over the one before and itself.
CREATE TABLE audit (
    seq bigint NOT NULL PRIMARY KEY, -- 1, 2, 3 … without a gap
    at bigint NOT NULL,
    actor text NOT NULL DEFAULT '',
    session text NOT NULL DEFAULT '',
    second text NOT NULL DEFAULT '', -- the other person of a two-person act
    act text NOT NULL,
    thing text NOT NULL DEFAULT '',
    place text NOT NULL DEFAULT '',
    before text NOT NULL DEFAULT '',
    after text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    hash text NOT NULL
);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_thing ON audit (thing, seq);
CREATE INDEX audit_place ON audit (place, seq);
