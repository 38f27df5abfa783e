-- +goose Up

-- Versions of administrative units. from_day and until_day are days written as numbers (20250701); a start of 0 is not known,
-- an end of 0 has not come.
CREATE TABLE place_unit (
    id text NOT NULL PRIMARY KEY, -- code@from_day
    code text NOT NULL,
    level text NOT NULL, -- province, district, commune
    kind text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL DEFAULT '',
    folded text NOT NULL,
    sort_key text NOT NULL,
    parent_code text NOT NULL DEFAULT '',
    from_day bigint NOT NULL,
    until_day bigint NOT NULL DEFAULT 0
);
CREATE INDEX place_unit_code ON place_unit (code, from_day);

-- Which version went into which; whole says that the old one went there entirely.
CREATE TABLE place_lineage (
    old_id text NOT NULL REFERENCES place_unit (id),
    new_id text NOT NULL REFERENCES place_unit (id),
    whole boolean NOT NULL,
    PRIMARY KEY (old_id, new_id)
);

-- Which place lies wholly in which area (itself among them), by parents and by lineage: derived from the two tables above.
-- Lists of things are cut to an area with it, never by prefixes of codes. The days are those on which place and area both held;
-- 0 and 0 where they lie in each other by lineage only.
CREATE TABLE place_within (
    area text NOT NULL,
    place text NOT NULL,
    from_day bigint NOT NULL,
    until_day bigint NOT NULL,
    PRIMARY KEY (area, place)
);
CREATE INDEX place_within_place ON place_within (place);

-- Lists that were taken in, so that a list is not read twice and a page can name its source.
CREATE TABLE place_list (
    name text NOT NULL PRIMARY KEY,
    day bigint NOT NULL,
    digest text NOT NULL,
    source text NOT NULL DEFAULT '',
    loaded bigint NOT NULL
);

-- Counts changes, so that another process sees that its tree is old.
CREATE TABLE place_revision (
    id bigint NOT NULL PRIMARY KEY,
    n bigint NOT NULL
);
INSERT INTO place_revision (id, n) VALUES (1, 0);

-- Size and centre of a unit. A figure that cannot be right is kept as its list gave it, with the state 'doubtful'.
CREATE TABLE place_profile (
    unit text NOT NULL PRIMARY KEY REFERENCES place_unit (id),
    area_km2 double precision NOT NULL DEFAULT 0,
    population bigint NOT NULL DEFAULT 0,
    longitude double precision NOT NULL DEFAULT 0,
    latitude double precision NOT NULL DEFAULT 0,
    area_state text NOT NULL, -- read, doubtful, missing
    people_state text NOT NULL,
    note text NOT NULL DEFAULT '',
    source text NOT NULL DEFAULT '',
    as_of bigint NOT NULL DEFAULT 0
);

-- Villages (thôn, bản, khối phố) by decision and period. One person enters, another confirms.
CREATE TABLE place_village (
    id text NOT NULL PRIMARY KEY,
    unit text NOT NULL REFERENCES place_unit (id),
    kind text NOT NULL,
    name text NOT NULL,
    folded text NOT NULL,
    sort_key text NOT NULL,
    decision text NOT NULL, -- number of the decision
    decided bigint NOT NULL, -- day of the decision
    from_day bigint NOT NULL,
    until_day bigint NOT NULL DEFAULT 0,
    state text NOT NULL, -- draft, in_force, refused
    demo boolean NOT NULL DEFAULT FALSE,
    entered_by text NOT NULL,
    entered bigint NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed bigint NOT NULL DEFAULT 0
);
CREATE INDEX place_village_unit ON place_village (unit, state);
CREATE UNIQUE INDEX place_village_once ON place_village (unit, folded, from_day) WHERE state <> 'refused';

-- Area classes (khu vực I, II, III of a commune; thôn đặc biệt khó khăn of a village) by decision and period.
CREATE TABLE place_area_class (
    id text NOT NULL PRIMARY KEY,
    unit text NOT NULL REFERENCES place_unit (id),
    village text NOT NULL DEFAULT '',
    class text NOT NULL, -- I, II, III, DBKK
    decision text NOT NULL,
    decided bigint NOT NULL,
    from_day bigint NOT NULL,
    until_day bigint NOT NULL DEFAULT 0,
    state text NOT NULL,
    demo boolean NOT NULL DEFAULT FALSE,
    entered_by text NOT NULL,
    entered bigint NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed bigint NOT NULL DEFAULT 0
);
CREATE INDEX place_area_class_unit ON place_area_class (unit, state);
CREATE UNIQUE INDEX place_area_class_once ON place_area_class (unit, village, class, from_day) WHERE state <> 'refused';

-- Imported boundaries, simplified. path is SVG path data in units of 1/1000 degree, longitude to the east and latitude to the south.
CREATE TABLE place_boundary (
    unit text NOT NULL PRIMARY KEY REFERENCES place_unit (id),
    path text NOT NULL,
    west bigint NOT NULL,
    north bigint NOT NULL,
    east bigint NOT NULL,
    south bigint NOT NULL,
    source text NOT NULL DEFAULT '',
    loaded bigint NOT NULL
);
