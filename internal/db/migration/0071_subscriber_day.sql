-- +goose Up

-- How much was sent on a day to an address that asked for nothing but that: codes, and answers to what came from it.
CREATE TABLE subscriber_day (
    address text NOT NULL, -- keyed hash
    day text NOT NULL,     -- 2026-11-26
    kind text NOT NULL,    -- code, reply
    n bigint NOT NULL,
    PRIMARY KEY (address, day, kind)
);
