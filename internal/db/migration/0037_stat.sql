-- +goose Up

-- Questions that officers keep. A question is the words of its address: its periods may be relative ("this one"), and what it
-- answers is computed anew each time with the rights of who reads it. Nothing else is stored. Removed ones can be taken back.
CREATE TABLE stat_saved (
    id text NOT NULL PRIMARY KEY,
    owner text NOT NULL,
    owner_name text NOT NULL, -- public name of the account
    area text NOT NULL, -- that the question is about: who may read exact figures there sees it if it is shared
    title text NOT NULL,
    address text NOT NULL,
    remark text NOT NULL DEFAULT '',
    board text NOT NULL DEFAULT '', -- the page on which it stands with others; '' on none
    position bigint NOT NULL,
    shared boolean NOT NULL DEFAULT false,
    demo boolean NOT NULL DEFAULT false,
    changed_at bigint NOT NULL,
    removed_at bigint NOT NULL DEFAULT 0
);
CREATE INDEX stat_saved_owner ON stat_saved (owner, removed_at);
CREATE INDEX stat_saved_shared ON stat_saved (shared, removed_at);
