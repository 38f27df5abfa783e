-- +goose Up

-- When what other libraries are told of a document last changed: its opening, a new description, its withdrawal. 0 while nobody may
-- know of it.
ALTER TABLE library_document ADD COLUMN told bigint NOT NULL DEFAULT 0;
UPDATE library_document SET told = changed WHERE opened > 0 AND access = 'open';
CREATE INDEX library_document_told ON library_document (told, id);
