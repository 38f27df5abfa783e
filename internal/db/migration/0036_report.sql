-- +goose Up

-- Forms (biểu mẫu) by version; body is the whole form as JSON. The first versions come from the program's reference. A new one
-- is a draft until a second person brings it into force.
CREATE TABLE report_form (
    code text NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL, -- draft, in_force, replaced
    body text NOT NULL,
    note text NOT NULL DEFAULT '',
    edited_by text NOT NULL DEFAULT '', -- '' the reference
    edited_name text NOT NULL DEFAULT '',
    edited_at bigint NOT NULL,
    confirmed_by text NOT NULL DEFAULT '',
    confirmed_name text NOT NULL DEFAULT '',
    confirmed_at bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (code, version)
);

-- What is laid out in the rows of some forms and is decided by the province: projects, topics, kinds of culture.
CREATE TABLE report_member (
    axis text NOT NULL,
    code text NOT NULL,
    place bigint NOT NULL,
    name_vi text NOT NULL,
    name_en text NOT NULL DEFAULT '',
    current boolean NOT NULL DEFAULT true,
    PRIMARY KEY (axis, code)
);

-- A form asked for a period, of every unit of an area. Days are numbers such as 20260915.
CREATE TABLE report_period (
    id text NOT NULL PRIMARY KEY,
    form text NOT NULL,
    version bigint NOT NULL,
    period bigint NOT NULL,
    area text NOT NULL,
    opens bigint NOT NULL,
    certify_due bigint NOT NULL,
    send_due bigint NOT NULL,
    final_due bigint NOT NULL,
    state text NOT NULL, -- open, locked
    opened_by text NOT NULL,
    opened_at bigint NOT NULL,
    locked_by text NOT NULL DEFAULT '',
    locked_at bigint NOT NULL DEFAULT 0,
    asked_by text NOT NULL DEFAULT '', -- reopening
    asked_at bigint NOT NULL DEFAULT 0,
    asked_why text NOT NULL DEFAULT '',
    submitted_by text NOT NULL DEFAULT '', -- to the ministry
    submitted_at bigint NOT NULL DEFAULT 0,
    ministry_by text NOT NULL DEFAULT '',
    ministry_at bigint NOT NULL DEFAULT 0,
    demo boolean NOT NULL DEFAULT false,
    UNIQUE (form, period, area),
    FOREIGN KEY (form, version) REFERENCES report_form (code, version)
);

-- What one unit says in one form of one period.
CREATE TABLE report (
    id text NOT NULL PRIMARY KEY,
    period text NOT NULL REFERENCES report_period (id),
    unit text NOT NULL,
    state text NOT NULL, -- open, entered, certified, sent, returned, accepted
    version bigint NOT NULL DEFAULT 0, -- certified so many times
    rev bigint NOT NULL DEFAULT 0, -- cells changed so many times
    axis text NOT NULL DEFAULT '', -- the member rows as JSON
    hands text NOT NULL DEFAULT '', -- accounts that entered, blank between
    entered_by text NOT NULL DEFAULT '',
    entered_name text NOT NULL DEFAULT '',
    entered_at bigint NOT NULL DEFAULT 0, -- last
    certified_by text NOT NULL DEFAULT '',
    certified_name text NOT NULL DEFAULT '',
    certified_at bigint NOT NULL DEFAULT 0,
    sent_by text NOT NULL DEFAULT '',
    sent_name text NOT NULL DEFAULT '',
    sent_at bigint NOT NULL DEFAULT 0, -- last
    first_sent bigint NOT NULL DEFAULT 0, -- what timeliness is judged by
    accepted_by text NOT NULL DEFAULT '',
    accepted_name text NOT NULL DEFAULT '',
    accepted_at bigint NOT NULL DEFAULT 0,
    filled bigint NOT NULL DEFAULT 0, -- cells to be typed that have a value or are known to be unknown
    wanted bigint NOT NULL DEFAULT 0,
    demo boolean NOT NULL DEFAULT false,
    UNIQUE (period, unit)
);
CREATE INDEX report_unit ON report (unit, state);

-- What was typed, and where each value came from. What is computed is not kept.
CREATE TABLE report_cell (
    report text NOT NULL REFERENCES report (id),
    cell text NOT NULL,
    text text NOT NULL,
    n bigint NOT NULL,
    state text NOT NULL,
    note text NOT NULL DEFAULT '', -- why an exception is right
    file text NOT NULL DEFAULT '', -- report_file
    source text NOT NULL DEFAULT '', -- sheet and cell in it
    entered_by text NOT NULL,
    entered_name text NOT NULL DEFAULT '',
    at bigint NOT NULL,
    rev bigint NOT NULL,
    PRIMARY KEY (report, cell)
);

-- A report as it was certified, each time. Never changed.
CREATE TABLE report_version (
    report text NOT NULL REFERENCES report (id),
    version bigint NOT NULL,
    cells text NOT NULL, -- JSON
    batch text NOT NULL DEFAULT '', -- of facts
    certified_by text NOT NULL,
    certified_name text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (report, version)
);

CREATE TABLE report_remark (
    id text NOT NULL PRIMARY KEY,
    report text NOT NULL REFERENCES report (id),
    cell text NOT NULL, -- '' the whole report
    text text NOT NULL,
    written_by text NOT NULL,
    written_name text NOT NULL DEFAULT '',
    at bigint NOT NULL,
    done boolean NOT NULL DEFAULT false
);
CREATE INDEX report_remark_report ON report_remark (report);

-- Who did what to a report or a period, and why.
CREATE TABLE report_step (
    id text NOT NULL PRIMARY KEY,
    thing text NOT NULL, -- report or report_period
    act text NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL DEFAULT '',
    after text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    at bigint NOT NULL
);
CREATE INDEX report_step_thing ON report_step (thing, at);

-- Workbooks that came in, and what became of them.
CREATE TABLE report_file (
    id text NOT NULL PRIMARY KEY,
    report text NOT NULL REFERENCES report (id),
    ref text NOT NULL,
    name text NOT NULL,
    size bigint NOT NULL,
    outcome text NOT NULL DEFAULT '', -- '' tried only, all, good
    sent_by text NOT NULL,
    sent_name text NOT NULL DEFAULT '',
    at bigint NOT NULL
);
CREATE INDEX report_file_report ON report_file (report, at);

-- How a foreign workbook is read, by the fingerprint of its heading.
CREATE TABLE report_mapping (
    fingerprint text NOT NULL PRIMARY KEY,
    form text NOT NULL,
    body text NOT NULL, -- JSON
    made_by text NOT NULL,
    at bigint NOT NULL
);
