-- +goose Up

-- A drill (diễn tập) says so in its title, wherever it goes; the mark here lets machines know it too.
ALTER TABLE bulletin ADD COLUMN drill boolean NOT NULL DEFAULT FALSE;
