-- +goose Up

-- Wordings of targets that were edited here. What is not in this table stands as the program's reference has it (wording 0).
-- definition is JSON; a row is written once and only its state moves: draft, then certified or replaced.
CREATE TABLE plan_wording (
    target text NOT NULL,
    number bigint NOT NULL, -- 1, 2, 3 … within a target
    definition text NOT NULL,
    state text NOT NULL,
    edited_by text NOT NULL,
    edited_name text NOT NULL, -- public name of the account
    edited_at bigint NOT NULL,
    approved_by text NOT NULL DEFAULT '',
    approved_name text NOT NULL DEFAULT '',
    approved_at bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (target, number)
);
CREATE INDEX plan_wording_state ON plan_wording (state, target);

-- A figure is held against the wording under which it was measured.
ALTER TABLE plan_measurement ADD COLUMN wording bigint NOT NULL DEFAULT 0;
