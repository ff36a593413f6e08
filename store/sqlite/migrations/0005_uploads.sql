-- Files on their way in, what happens to them, and videos that share their bytes.

-- +goose Up
-- Uploads of any state. What grows is their store's to read. No column that
-- changes with every piece is in an index, which keeps that cheap: who looks for
-- those that are due goes through all that have not ended.
CREATE TABLE uploads (
    id            TEXT PRIMARY KEY,
    workspace     TEXT NOT NULL CHECK (workspace <> ''),
    method        TEXT NOT NULL,
    state         TEXT NOT NULL,
    error_code    TEXT NOT NULL,
    error_message TEXT NOT NULL,
    filename      TEXT NOT NULL,
    content_type  TEXT NOT NULL,
    length        INTEGER NOT NULL, -- -1 while nobody knows
    received      INTEGER NOT NULL,
    sha256        TEXT NOT NULL,
    metadata      TEXT NOT NULL,
    source        TEXT NOT NULL,
    download      BLOB, -- how an import goes on, with the secrets of its address
    origin        TEXT NOT NULL,
    token_hash    TEXT NOT NULL,
    video         TEXT NOT NULL, -- what its owner says of it, as JSON
    video_id      TEXT NOT NULL,
    duplicate     INTEGER NOT NULL,
    key           TEXT NOT NULL,
    growth        BLOB,
    fence         INTEGER NOT NULL,
    due           INTEGER,
    attempts      INTEGER NOT NULL,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    expires       INTEGER
) STRICT;

CREATE INDEX uploads_newest ON uploads (workspace, created DESC, id DESC);
CREATE INDEX uploads_growing ON uploads (key) WHERE state IN ('receiving', 'finishing');
CREATE INDEX uploads_unended ON uploads (workspace) WHERE state IN ('receiving', 'finishing');

ALTER TABLE events ADD COLUMN upload_id TEXT NOT NULL DEFAULT ''; -- of an upload that may be no video: then video_id is empty

-- A source makes one video that is no duplicate in each workspace.
ALTER TABLE videos ADD COLUMN duplicate INTEGER NOT NULL DEFAULT 0;
DROP INDEX videos_source;
CREATE UNIQUE INDEX videos_source ON videos (workspace, sha256) WHERE deleted IS NULL AND NOT duplicate;
CREATE INDEX videos_sha256 ON videos (workspace, sha256, duplicate, created, id) WHERE deleted IS NULL;

-- What the sources take up.
CREATE INDEX videos_usage ON videos (workspace, blob, size);

-- Files that lie where we look, and how far they are with us. A name is any bytes.
CREATE TABLE watched (
    workspace TEXT NOT NULL,
    watch     TEXT NOT NULL,
    name      BLOB NOT NULL,
    version   TEXT NOT NULL,
    sidecar   TEXT NOT NULL,
    upload_id TEXT NOT NULL,
    due       INTEGER,
    attempts  INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    PRIMARY KEY (workspace, watch, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX watched_due ON watched (workspace, watch, due) WHERE due IS NOT NULL;
