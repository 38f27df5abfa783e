-- +goose Up

-- Documents of the library: what the file is, what was read out of it, how it is described, and where it stands.
CREATE TABLE library_document (
    id text NOT NULL PRIMARY KEY,
    state text NOT NULL, -- received, reading, read, described, open, withdrawn
    revision bigint NOT NULL DEFAULT 1,

    file text NOT NULL, -- SHA-256 of the original
    file_name text NOT NULL,
    file_size bigint NOT NULL,
    format text NOT NULL,

    layer text NOT NULL DEFAULT '', -- good, empty, garbled; '' where nothing was read
    accepted boolean NOT NULL DEFAULT false, -- a person has seen that what looks garbled is language
    encoding text NOT NULL DEFAULT '',
    pages bigint NOT NULL DEFAULT 0,
    parts bigint NOT NULL DEFAULT 0,
    contents text NOT NULL DEFAULT '', -- JSON
    trouble text NOT NULL DEFAULT '', -- JSON: why nothing was read

    title text NOT NULL DEFAULT '',
    number text NOT NULL DEFAULT '',
    kind text NOT NULL DEFAULT '',
    issuer text NOT NULL DEFAULT '',
    signed bigint NOT NULL DEFAULT 0, -- days as numbers: 20250616
    force_from bigint NOT NULL DEFAULT 0,
    force_until bigint NOT NULL DEFAULT 0,
    force text NOT NULL DEFAULT 'unknown',
    lang text NOT NULL DEFAULT 'vi',
    subjects text NOT NULL DEFAULT '', -- codes with a space between them
    places text NOT NULL DEFAULT '',
    groups text NOT NULL DEFAULT '',
    summary text NOT NULL DEFAULT '',
    source text NOT NULL DEFAULT '',
    rights text NOT NULL DEFAULT '',
    access text NOT NULL DEFAULT 'open',
    proposed boolean NOT NULL DEFAULT true, -- read from the text by the machine, confirmed by nobody

    demo boolean NOT NULL DEFAULT false,
    area text NOT NULL DEFAULT '',
    village text NOT NULL DEFAULT '',
    depositor text NOT NULL,
    describer text NOT NULL DEFAULT '',
    publisher text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '', -- of the withdrawal
    made bigint NOT NULL,
    changed bigint NOT NULL,
    opened bigint NOT NULL DEFAULT 0
);
CREATE INDEX library_document_file ON library_document (file);
CREATE INDEX library_document_state ON library_document (state, changed);

-- The text of a document in parts that each make one light page.
CREATE TABLE library_part (
    document text NOT NULL REFERENCES library_document (id),
    number bigint NOT NULL,
    blocks text NOT NULL, -- JSON
    PRIMARY KEY (document, number)
);
