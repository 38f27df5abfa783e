-- +goose Up

-- Who laid a release out. A colleague may propose it afterwards; neither of the two releases it.
ALTER TABLE stat_release ADD COLUMN drafted_by text NOT NULL DEFAULT '';
