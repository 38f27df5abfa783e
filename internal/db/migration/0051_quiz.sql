-- +goose Up

-- One question about the bulletin of a campaign, asked of a sample of those whom it reached.
CREATE TABLE quiz (
    campaign text NOT NULL PRIMARY KEY REFERENCES delivery_campaign (id),
    answer bigint NOT NULL,            -- which of the three options, as written, is right: 1 to 3
    share bigint NOT NULL,             -- of a hundred
    state text NOT NULL,               -- draft, asking, open, dropped
    made bigint NOT NULL,
    made_by text NOT NULL,
    begun bigint NOT NULL DEFAULT 0,   -- when it was decided to ask
    begun_by text NOT NULL DEFAULT '',
    closes bigint NOT NULL DEFAULT 0,  -- the last answer counts until then
    reached text NOT NULL DEFAULT '',  -- how far the drawing has come: the last message
    asked bigint NOT NULL DEFAULT 0,   -- what was counted once the single answers were thinned
    answered bigint NOT NULL DEFAULT 0,
    correct bigint NOT NULL DEFAULT 0
);

-- Its words in one language.
CREATE TABLE quiz_text (
    campaign text NOT NULL REFERENCES quiz (campaign),
    lang text NOT NULL,
    question text NOT NULL,
    first text NOT NULL,
    second text NOT NULL,
    third text NOT NULL,
    made bigint NOT NULL,
    made_by text NOT NULL,
    PRIMARY KEY (campaign, lang)
);

-- Who was asked, until it is only counted.
CREATE TABLE quiz_asked (
    campaign text NOT NULL REFERENCES quiz (campaign),
    message text NOT NULL,
    endpoint text NOT NULL,
    lang text NOT NULL,
    at bigint NOT NULL,
    answered bigint NOT NULL DEFAULT 0,
    correct boolean NOT NULL DEFAULT FALSE,
    PRIMARY KEY (campaign, message)
);
CREATE INDEX quiz_asked_endpoint ON quiz_asked (endpoint, at);
