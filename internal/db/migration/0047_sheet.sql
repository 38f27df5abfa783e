-- +goose Up
-- The code on a printed sheet and the issue that it stands for.
CREATE TABLE sheet_code (
    code    text PRIMARY KEY,
    ref     text NOT NULL,
    version bigint NOT NULL,
    made    bigint NOT NULL
);
