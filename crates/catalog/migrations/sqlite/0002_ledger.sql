-- Form 2: what is being made in clouds, written down before it is made. A maker is a process; the
-- number of one is never given again.

CREATE TABLE maker (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    unix            INTEGER NOT NULL
) STRICT;

CREATE TABLE resource (
    provider        TEXT NOT NULL,
    account         TEXT NOT NULL,
    region          TEXT NOT NULL,
    kind            TEXT NOT NULL,
    operation       TEXT NOT NULL,
    id              TEXT,
    owner           TEXT NOT NULL,
    -- `begun`: perhaps it is there; `made`: it is; `gone`: crossed off.
    state           TEXT NOT NULL,
    maker           INTEGER NOT NULL REFERENCES maker (id),
    begun_unix      INTEGER NOT NULL,
    changed_unix    INTEGER NOT NULL,
    PRIMARY KEY (provider, account, region, kind, operation)
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_open ON resource (provider, begun_unix) WHERE state <> 'gone';
