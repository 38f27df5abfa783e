-- +goose Up

-- The 54 ethnic groups (dân tộc) by a slug of our own: two official code lists number 37 of them differently. Lists of values are
-- parted by semicolons.
CREATE TABLE ethnic_group (
    slug text NOT NULL PRIMARY KEY,
    code_1979 text NOT NULL,
    code_2008 text NOT NULL,
    code_2008_certainty text NOT NULL,
    name text NOT NULL,
    name_1979 text NOT NULL,
    name_2008 text NOT NULL,
    name_en text NOT NULL,
    aliases text NOT NULL DEFAULT '',
    aliases_search_only text NOT NULL DEFAULT '', -- names that hurt or confuse: found by, never shown
    aliases_ambiguous text NOT NULL DEFAULT '', -- names that belong to several groups: asked about, never guessed
    family text NOT NULL,
    languages text NOT NULL,
    minority boolean NOT NULL,
    note text NOT NULL DEFAULT '',
    source text NOT NULL,
    certainty text NOT NULL
);

-- Languages by BCP 47 tag, with the order in which others help where a thing is missing in one.
CREATE TABLE ethnic_language (
    tag text NOT NULL PRIMARY KEY,
    place_in_list bigint NOT NULL,
    iso639_3 text NOT NULL DEFAULT '',
    macrolanguage text NOT NULL DEFAULT '',
    scope text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    groups text NOT NULL,
    scripts text NOT NULL DEFAULT '',
    direction text NOT NULL DEFAULT '',
    where_spoken text NOT NULL DEFAULT '',
    heard_fallback text NOT NULL DEFAULT '',
    read_fallback text NOT NULL DEFAULT '',
    fallback_status text NOT NULL DEFAULT '',
    lang_son boolean NOT NULL,
    note text NOT NULL DEFAULT '',
    source text NOT NULL,
    code_certainty text NOT NULL,
    certainty text NOT NULL
);

-- Counts of the censuses of 1 April 1999 (country, several measures) and 1 April 2019 (by the provinces of that time).
CREATE TABLE ethnic_census (
    year bigint NOT NULL,
    group_slug text NOT NULL, -- or foreign, unknown, * for all
    province text NOT NULL DEFAULT '', -- code of the province; '' is the country
    measure text NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (year, group_slug, province, measure)
);

CREATE TABLE ethnic_list (
    name text NOT NULL PRIMARY KEY,
    digest text NOT NULL,
    loaded bigint NOT NULL
);

-- Counts changes, so that another process sees that its catalogue is old.
CREATE TABLE ethnic_revision (
    id bigint NOT NULL PRIMARY KEY,
    n bigint NOT NULL
);
INSERT INTO ethnic_revision (id, n) VALUES (1, 0);

-- Proposals that wait for other persons: an edit of a group (confirmed by one leader), or an order of languages (confirmed by two
-- speakers). field and value say what; before is what stood there.
CREATE TABLE ethnic_proposal (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL, -- group, fallback
    subject text NOT NULL, -- slug or tag
    field text NOT NULL,
    value text NOT NULL,
    before text NOT NULL,
    reason text NOT NULL DEFAULT '',
    state text NOT NULL, -- draft, in_force, refused
    proposed_by text NOT NULL,
    proposed bigint NOT NULL,
    first_by text NOT NULL DEFAULT '',
    second_by text NOT NULL DEFAULT '',
    decided bigint NOT NULL DEFAULT 0
);
CREATE INDEX ethnic_proposal_state ON ethnic_proposal (state, proposed);
