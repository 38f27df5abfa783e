-- +goose Up

-- Files of figures that were taken in and wait for a second person. figures is a JSON array that only Go reads; nothing of it
-- counts until it is confirmed.
CREATE TABLE report_import (
    id text NOT NULL PRIMARY KEY,
    area text NOT NULL, -- in which somebody must be allowed to certify it
    file text NOT NULL, -- content
    file_name text NOT NULL,
    figures text NOT NULL,
    size bigint NOT NULL, -- how many figures
    left_out bigint NOT NULL, -- values of the file that were refused
    state text NOT NULL, -- waiting, confirmed, refused
    entered_by text NOT NULL,
    entered_name text NOT NULL,
    entered_at bigint NOT NULL,
    decided_by text NOT NULL DEFAULT '',
    decided_name text NOT NULL DEFAULT '',
    decided_at bigint NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    demo boolean NOT NULL DEFAULT false
);
CREATE INDEX report_import_state ON report_import (state, entered_at);
-- Of one file only one batch may wait.
CREATE UNIQUE INDEX report_import_waiting ON report_import (file) WHERE state = 'waiting';
