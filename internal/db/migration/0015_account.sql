-- +goose Up

-- Who may sign in. Full name and telephone are sealed fields of the record "account/ID", not columns.
CREATE TABLE account (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL UNIQUE, -- to sign in with
    title text NOT NULL,       -- public name of the role
    kind text NOT NULL,        -- password, pin
    home text NOT NULL,        -- place.ID of the area that answers for the account
    secret text NOT NULL DEFAULT '', -- argon2id
    change_first boolean NOT NULL DEFAULT FALSE, -- the secret was issued by somebody else
    totp text NOT NULL DEFAULT '',   -- wrapped by the master key
    totp_step bigint NOT NULL DEFAULT 0, -- last step that was used: a code works once
    state text NOT NULL DEFAULT 'active', -- active, disabled
    demo boolean NOT NULL DEFAULT FALSE,
    made bigint NOT NULL,
    made_by text NOT NULL DEFAULT ''
);
CREATE INDEX account_home ON account (home);

CREATE TABLE account_recovery (
    account text NOT NULL REFERENCES account (id),
    hash text NOT NULL,
    PRIMARY KEY (account, hash)
);

CREATE TABLE account_grant (
    id text NOT NULL PRIMARY KEY,
    account text NOT NULL REFERENCES account (id),
    role text NOT NULL,
    area text NOT NULL,
    village text NOT NULL DEFAULT '',
    langs text NOT NULL DEFAULT '', -- BCP 47, one space between
    begins bigint NOT NULL DEFAULT 0,
    ends bigint NOT NULL DEFAULT 0, -- 0: without end
    via text NOT NULL DEFAULT '',   -- account that delegated it for a time
    given_by text NOT NULL,
    second text NOT NULL DEFAULT '', -- the other leader, where two are needed
    reason text NOT NULL,
    given bigint NOT NULL,
    revoked bigint NOT NULL DEFAULT 0,
    revoked_by text NOT NULL DEFAULT ''
);
CREATE INDEX account_grant_account ON account_grant (account);
CREATE INDEX account_grant_role ON account_grant (role, area);

-- Sign-ins that stand. The token is in the browser; here is its hash.
CREATE TABLE account_session (
    token text NOT NULL PRIMARY KEY,
    id text NOT NULL UNIQUE,
    account text NOT NULL REFERENCES account (id),
    device text NOT NULL DEFAULT '',
    made bigint NOT NULL,
    seen bigint NOT NULL,
    until bigint NOT NULL,
    stepped bigint NOT NULL DEFAULT 0, -- when the password was last asked again
    ended bigint NOT NULL DEFAULT 0
);
CREATE INDEX account_session_account ON account_session (account);

-- Failures to sign in, by hash of the name and of the address, known or not.
CREATE TABLE account_attempt (
    subject text NOT NULL PRIMARY KEY,
    failures bigint NOT NULL,
    last bigint NOT NULL,
    closed_until bigint NOT NULL
);

-- What one person proposes and another must confirm.
CREATE TABLE account_proposal (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL, -- grant, revoke, disable, reset
    account text NOT NULL REFERENCES account (id),
    role text NOT NULL DEFAULT '',
    area text NOT NULL DEFAULT '',
    ends bigint NOT NULL DEFAULT 0,
    duty text NOT NULL DEFAULT '', -- the grant to be revoked
    reason text NOT NULL,
    proposed_by text NOT NULL,
    session text NOT NULL,
    proposed bigint NOT NULL,
    decided_by text NOT NULL DEFAULT '',
    decided bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'waiting' -- waiting, done, refused
);
CREATE INDEX account_proposal_state ON account_proposal (state, proposed);
