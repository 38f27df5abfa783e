-- +goose Up

-- Versions of indicators (chỉ tiêu). The one in force is the newest in that state; definition is a JSON object that only Go reads.
CREATE TABLE fact_indicator (
    code text NOT NULL,
    version bigint NOT NULL,
    definition text NOT NULL,
    state text NOT NULL, -- draft, in_force, refused
    reason text NOT NULL DEFAULT '',
    proposed_by text NOT NULL, -- account; 'reference' for what the program brought
    proposed bigint NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (code, version)
);

-- Words that figures share, by number: figures stay narrow.
CREATE TABLE fact_code (
    id bigint NOT NULL PRIMARY KEY,
    code text NOT NULL UNIQUE
);
CREATE TABLE fact_place (
    id bigint NOT NULL PRIMARY KEY,
    unit text NOT NULL, -- a version of a unit; '' is the country
    village text NOT NULL, -- '' is the unit itself
    UNIQUE (unit, village)
);
CREATE TABLE fact_cut (
    id bigint NOT NULL PRIMARY KEY,
    grp text NOT NULL,
    sex text NOT NULL,
    age text NOT NULL,
    language text NOT NULL,
    item text NOT NULL,
    UNIQUE (grp, sex, age, language, item)
);

-- Where figures came from. n is what figures refer to.
CREATE TABLE fact_batch (
    id text NOT NULL PRIMARY KEY,
    n bigint NOT NULL UNIQUE,
    origin text NOT NULL, -- report, import, census, list, demo
    title text NOT NULL,
    report text NOT NULL DEFAULT '',
    version bigint NOT NULL DEFAULT 0,
    form text NOT NULL DEFAULT '',
    file text NOT NULL DEFAULT '', -- content of the workbook
    file_name text NOT NULL DEFAULT '',
    entered_by text NOT NULL DEFAULT '',
    entered_name text NOT NULL DEFAULT '',
    certified_by text NOT NULL DEFAULT '',
    certified_name text NOT NULL DEFAULT '',
    as_of bigint NOT NULL DEFAULT 0,
    method text NOT NULL DEFAULT '',
    standard text NOT NULL DEFAULT '', -- the definition that others fix, such as '2022-2025' of poverty
    demo boolean NOT NULL DEFAULT false,
    recorded bigint NOT NULL
);

-- Under which standards the figures of an indicator and period were counted.
CREATE TABLE fact_standard (
    indicator bigint NOT NULL,
    period bigint NOT NULL,
    standard text NOT NULL,
    PRIMARY KEY (indicator, period, standard)
);

-- Figures, appended only: seq is the order in which they were said. A newer one of the same key marks the older one as replaced
-- by its own seq; nothing else of a row ever changes.
CREATE TABLE fact (
    seq bigint NOT NULL PRIMARY KEY,
    indicator bigint NOT NULL,
    place bigint NOT NULL,
    period bigint NOT NULL,
    cut bigint NOT NULL,
    value bigint NOT NULL, -- scaled by the decimals of its indicator
    state bigint NOT NULL, -- 0 withdrawn, 1 known, 2 asked and not known
    batch bigint NOT NULL,
    cell text NOT NULL DEFAULT '',
    replaced bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX fact_key ON fact (indicator, period, place, cut) WHERE replaced = 0;

-- Counts changes of the indicators, so that another process sees that its catalogue is old.
CREATE TABLE fact_revision (
    id bigint NOT NULL PRIMARY KEY,
    n bigint NOT NULL
);
INSERT INTO fact_revision (id, n) VALUES (1, 0);
