-- +goose Up

-- Of a scan: whether the text was recognised in pictures, and how far the recognising has come.
ALTER TABLE library_document ADD COLUMN scanned boolean NOT NULL DEFAULT false;
ALTER TABLE library_document ADD COLUMN pages_read bigint NOT NULL DEFAULT 0;
