-- +goose Up

-- Readings of targets. A row is written once and only its state moves: measured, then certified or replaced.
-- Targets themselves are reference data in the program. Amounts are thousandths.
CREATE TABLE plan_measurement (
    id text NOT NULL PRIMARY KEY,
    target text NOT NULL,
    version bigint NOT NULL,
    area text NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    method text NOT NULL, -- count, survey, certified
    as_of bigint NOT NULL,
    asked bigint NOT NULL DEFAULT 0,
    low bigint NOT NULL DEFAULT 0,
    high bigint NOT NULL DEFAULT 0,
    evidence text NOT NULL DEFAULT '',
    evidence_url text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    state text NOT NULL,
    measured_by text NOT NULL,
    measured_name text NOT NULL, -- public name of the account
    measured_at bigint NOT NULL,
    certified_by text NOT NULL DEFAULT '',
    certified_name text NOT NULL DEFAULT '',
    certified_at bigint NOT NULL DEFAULT 0,
    demo boolean NOT NULL DEFAULT false,
    UNIQUE (target, version)
);
CREATE INDEX plan_measurement_state ON plan_measurement (state, measured_at);
