-- +goose Up

-- Loudspeaker stations of communes, and what each plays today.
CREATE TABLE loudspeaker_station (
    id text NOT NULL PRIMARY KEY,
    place text NOT NULL,                -- commune
    name text NOT NULL,
    langs text NOT NULL,                -- in order, between spaces
    hours text NOT NULL,                -- 05:30 17:30
    key_hash text NOT NULL DEFAULT '',  -- SHA-256 of the key; empty: none yet
    seen bigint NOT NULL DEFAULT 0,     -- when it last called
    plan text NOT NULL DEFAULT '',      -- hash of what the programme was made of
    day bigint NOT NULL DEFAULT 0,      -- when it was made
    sound text NOT NULL DEFAULT '',     -- blob of the programme
    alarm_plan text NOT NULL DEFAULT '',
    alarm text NOT NULL DEFAULT '',     -- blob of the emergency; empty: none
    alarm_refs text NOT NULL DEFAULT '', -- ref:version of what it tells, between spaces
    items text NOT NULL DEFAULT '[]'    -- JSON: what is told in which language, and what is left out
);
CREATE INDEX loudspeaker_station_place ON loudspeaker_station (place);
CREATE INDEX loudspeaker_station_key ON loudspeaker_station (key_hash);

-- What a station says it played: evidence of class D, about no person.
CREATE TABLE loudspeaker_log (
    station text NOT NULL REFERENCES loudspeaker_station (id),
    id text NOT NULL,                   -- the station's own
    at bigint NOT NULL,
    kind text NOT NULL,                 -- programme, emergency
    version text NOT NULL,
    seconds bigint NOT NULL,
    PRIMARY KEY (station, id)
);
CREATE INDEX loudspeaker_log_at ON loudspeaker_log (station, at);
