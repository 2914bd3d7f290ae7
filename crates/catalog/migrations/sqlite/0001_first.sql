-- Form 1. Times are seconds since 1970-01-01 UTC, digests 64 hexadecimal digits, images that are
-- only spoken of (a parent) as they are shown: `web 1.4.0/3`.

CREATE TABLE image (
    id              INTEGER PRIMARY KEY,
    name            TEXT NOT NULL,
    major           INTEGER NOT NULL,
    minor           INTEGER NOT NULL,
    patch           INTEGER NOT NULL,
    build           INTEGER NOT NULL,
    purpose         TEXT NOT NULL,
    os              TEXT NOT NULL,
    arch            TEXT NOT NULL,
    key             TEXT NOT NULL,
    digest          TEXT NOT NULL,
    parent          TEXT,
    created_unix    INTEGER NOT NULL,
    state           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    changed_unix    INTEGER NOT NULL,
    UNIQUE (name, major, minor, patch, build)
) STRICT;
-- One for each way that a listing is filtered, in its order.
CREATE INDEX image_created ON image (created_unix, id);
CREATE INDEX image_name ON image (name, created_unix, id);
CREATE INDEX image_state ON image (state, created_unix, id);
CREATE INDEX image_name_state ON image (name, state, created_unix, id);
CREATE INDEX image_parent ON image (parent, created_unix, id) WHERE parent IS NOT NULL;

CREATE TABLE artifact (
    image           INTEGER NOT NULL REFERENCES image (id),
    file            TEXT NOT NULL,
    format          TEXT NOT NULL,
    digest          TEXT NOT NULL,
    size_bytes      INTEGER NOT NULL,
    PRIMARY KEY (image, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
    image           INTEGER NOT NULL REFERENCES image (id),
    name            TEXT NOT NULL,
    value           TEXT NOT NULL,
    -- That of the image, which never changes: a listing by tag goes in this order.
    created_unix    INTEGER NOT NULL,
    PRIMARY KEY (image, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_value ON tag (name, value, created_unix, image);

CREATE TABLE copy (
    image           INTEGER NOT NULL REFERENCES image (id),
    target          TEXT NOT NULL,
    format          TEXT NOT NULL,
    name            TEXT NOT NULL,
    location        TEXT NOT NULL,
    digest          TEXT,
    unix            INTEGER NOT NULL,
    is_there        INTEGER NOT NULL,
    PRIMARY KEY (image, target, format)
) STRICT, WITHOUT ROWID;
CREATE INDEX copy_name ON copy (name, image) WHERE is_there = 1;

CREATE TABLE statement (
    id              INTEGER PRIMARY KEY,
    image           INTEGER NOT NULL REFERENCES image (id),
    predicate_type  TEXT NOT NULL,
    envelope        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    unix            INTEGER NOT NULL,
    UNIQUE (image, digest)
) STRICT;

CREATE TABLE channel (
    family          TEXT NOT NULL,
    channel         TEXT NOT NULL,
    image           INTEGER NOT NULL REFERENCES image (id),
    PRIMARY KEY (family, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_image ON channel (image);
CREATE INDEX channel_name ON channel (channel, image);

CREATE TABLE channel_history (
    id              INTEGER PRIMARY KEY,
    family          TEXT NOT NULL,
    channel         TEXT NOT NULL,
    image           INTEGER REFERENCES image (id),
    actor           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    unix            INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_history_family ON channel_history (family, channel, id);

CREATE TABLE run (
    id              INTEGER PRIMARY KEY,
    pipeline        TEXT NOT NULL,
    actor           TEXT NOT NULL,
    cause           TEXT NOT NULL,
    unix            INTEGER NOT NULL,
    status          TEXT NOT NULL,
    note            TEXT NOT NULL,
    image           INTEGER REFERENCES image (id),
    changed_unix    INTEGER NOT NULL,
    -- Of its journal.
    length          INTEGER NOT NULL
) STRICT;
CREATE INDEX run_pipeline ON run (pipeline, id);
CREATE INDEX run_open ON run (id) WHERE status IN ('running', 'waiting');
CREATE INDEX run_image ON run (image) WHERE image IS NOT NULL;

CREATE TABLE journal (
    run             INTEGER NOT NULL REFERENCES run (id),
    seq             INTEGER NOT NULL,
    unix            INTEGER NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- The hash chain is drawn in `audit.rs`.
CREATE TABLE audit (
    seq             INTEGER PRIMARY KEY,
    unix            INTEGER NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    subject         TEXT NOT NULL,
    detail          TEXT NOT NULL,
    digest          TEXT NOT NULL
) STRICT;
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE TRIGGER audit_is_only_added_to_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_only_added_to_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;

-- The number of a message is never given again: whoever gets one twice knows it by that.
CREATE TABLE message (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    notifier        TEXT NOT NULL,
    body            TEXT NOT NULL,
    unix            INTEGER NOT NULL,
    tries           INTEGER NOT NULL,
    next_unix       INTEGER NOT NULL,
    error           TEXT NOT NULL,
    status          TEXT NOT NULL
) STRICT;
CREATE INDEX message_due ON message (id) WHERE status = 'waiting';
