-- +goose Up

-- When a request was made, so that its key need not be kept for ever. 0: before this was kept.
ALTER TABLE once ADD COLUMN at bigint NOT NULL DEFAULT 0;
