-- +goose Up

-- A person who agreed to be sent news. No name, no ethnic group; the agreement itself stands in privacy_consent.
CREATE TABLE subscriber (
    id text NOT NULL PRIMARY KEY,
    place text NOT NULL,               -- commune
    village text NOT NULL DEFAULT '',
    heard text NOT NULL DEFAULT 'vi',  -- languages, the dearest first, between spaces
    read text NOT NULL DEFAULT 'vi',
    topics text NOT NULL DEFAULT '',   -- between spaces, with one before and after; empty: all
    demo boolean NOT NULL DEFAULT FALSE,
    made bigint NOT NULL
);
CREATE INDEX subscriber_place ON subscriber (place, id);

-- Where a subscriber can be reached. The address is sealed; its keyed hash finds the same address again.
CREATE TABLE subscriber_endpoint (
    id text NOT NULL PRIMARY KEY,
    subscriber text NOT NULL REFERENCES subscriber (id),
    channel text NOT NULL,
    hash text NOT NULL,
    address text NOT NULL,             -- empty once stopped or gone
    state text NOT NULL,               -- asked, active, stopped, gone
    changed bigint NOT NULL,
    UNIQUE (channel, hash)
);
CREATE INDEX subscriber_endpoint_subscriber ON subscriber_endpoint (subscriber);

-- A code that proves whose an endpoint is, to join or to stop.
CREATE TABLE subscriber_code (
    endpoint text NOT NULL REFERENCES subscriber_endpoint (id),
    wish text NOT NULL,                -- join, stop
    subscriber text NOT NULL,          -- whose the endpoint is, or becomes by joining
    hash text NOT NULL,
    tries bigint NOT NULL DEFAULT 0,
    expires bigint NOT NULL,
    PRIMARY KEY (endpoint, wish)
);
