-- +goose Up

-- Changes of units by a document: mergers, splits, transfers, renamings. One person enters, another confirms; undoing takes two as
-- well. body is the old and new units as JSON, read in Go.
CREATE TABLE place_event (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL, -- merge, split, transfer, rename, retype
    title text NOT NULL,
    decision text NOT NULL, -- number of the document
    decided bigint NOT NULL, -- day of the document
    from_day bigint NOT NULL, -- first day of the new units
    area text NOT NULL, -- what the units lie in: whose officers may enter it
    body text NOT NULL,
    replaces text NOT NULL DEFAULT '', -- the event that this one corrects
    state text NOT NULL, -- draft, in_force, refused, undone
    demo boolean NOT NULL DEFAULT FALSE,
    entered_by text NOT NULL,
    entered bigint NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed bigint NOT NULL DEFAULT 0,
    undo_reason text NOT NULL DEFAULT '',
    undo_by text NOT NULL DEFAULT '', -- who proposed to undo it; '' while nobody does
    undo_asked bigint NOT NULL DEFAULT 0,
    undone_by text NOT NULL DEFAULT '',
    undone bigint NOT NULL DEFAULT 0
);
CREATE INDEX place_event_state ON place_event (state, from_day);

-- How much of an old unit went to a new one, by one measure. Rows of one id were entered together; of two sets that are in force
-- the one confirmed later counts.
CREATE TABLE place_weight (
    id text NOT NULL,
    old_id text NOT NULL,
    new_id text NOT NULL,
    measure text NOT NULL, -- population, area, percent, or the slug of a group
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    source text NOT NULL,
    as_of bigint NOT NULL,
    state text NOT NULL, -- draft, in_force, refused, undone
    demo boolean NOT NULL DEFAULT FALSE,
    entered_by text NOT NULL,
    entered bigint NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, new_id)
);
CREATE INDEX place_weight_state ON place_weight (state, old_id);
