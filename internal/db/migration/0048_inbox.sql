-- +goose Up

-- What people wrote to us and a person must answer. Text and address are sealed; the address goes when it is answered.
CREATE TABLE delivery_letter (
    id text NOT NULL PRIMARY KEY,
    place text NOT NULL,
    channel text NOT NULL,
    endpoint text NOT NULL,
    address text NOT NULL,
    text text NOT NULL,
    demo boolean NOT NULL,
    at bigint NOT NULL,
    done bigint NOT NULL DEFAULT 0,
    done_by text NOT NULL DEFAULT ''
);
CREATE INDEX delivery_letter_place ON delivery_letter (place, done);

-- Which items of the week a relay has heard.
CREATE TABLE delivery_heard (
    account text NOT NULL,
    ref text NOT NULL,
    version bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (account, ref, version)
);
