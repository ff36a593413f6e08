-- Files on their way in, what happens to them, and videos that share their bytes.

-- +goose Up
-- Uploads of any state. What grows is their store's to read. No column that
-- changes with every piece is in an index, which keeps that cheap: who looks for
-- those that are due goes through all that have not ended.
CREATE TABLE uploads (
    id            text COLLATE "C" PRIMARY KEY,
    workspace     text COLLATE "C" NOT NULL CHECK (workspace <> ''),
    method        text NOT NULL,
    state         text NOT NULL,
    error_code    text NOT NULL,
    error_message text NOT NULL,
    filename      text NOT NULL,
    content_type  text NOT NULL,
    length        bigint NOT NULL, -- -1 while nobody knows
    received      bigint NOT NULL,
    sha256        text NOT NULL,
    metadata      text NOT NULL,
    source        text NOT NULL,
    download      bytea, -- how an import goes on, with the secrets of its address
    origin        text NOT NULL,
    token_hash    text NOT NULL,
    video         json NOT NULL, -- what its owner says of it
    video_id      text COLLATE "C" NOT NULL,
    duplicate     boolean NOT NULL,
    key           text COLLATE "C" NOT NULL,
    growth        bytea,
    fence         bigint NOT NULL,
    due           timestamptz,
    attempts      integer NOT NULL,
    created       timestamptz NOT NULL,
    updated       timestamptz NOT NULL,
    expires       timestamptz
);

CREATE INDEX uploads_newest ON uploads (workspace, created DESC, id DESC);
CREATE INDEX uploads_growing ON uploads (key) WHERE state IN ('receiving', 'finishing');
CREATE INDEX uploads_unended ON uploads (workspace) WHERE state IN ('receiving', 'finishing');

ALTER TABLE events ADD COLUMN upload_id text COLLATE "C" NOT NULL DEFAULT ''; -- of an upload that may be no video: then video_id is empty

-- A source makes one video that is no duplicate in each workspace.
ALTER TABLE videos ADD COLUMN duplicate boolean NOT NULL DEFAULT FALSE;
DROP INDEX videos_source;
CREATE UNIQUE INDEX videos_source ON videos (workspace, sha256) WHERE deleted IS NULL AND NOT duplicate;
CREATE INDEX videos_sha256 ON videos (workspace, sha256, duplicate, created, id) WHERE deleted IS NULL;

-- What the sources take up.
CREATE INDEX videos_usage ON videos (workspace, blob, size);

-- Files that lie where we look, and how far they are with us. A name is any bytes.
CREATE TABLE watched (
    workspace text COLLATE "C" NOT NULL,
    watch     text COLLATE "C" NOT NULL,
    name      bytea NOT NULL,
    version   text NOT NULL,
    sidecar   text NOT NULL,
    upload_id text COLLATE "C" NOT NULL,
    due       timestamptz,
    attempts  integer NOT NULL,
    revision  bigint NOT NULL,
    PRIMARY KEY (workspace, watch, name)
);

CREATE INDEX watched_due ON watched (workspace, watch, due) WHERE due IS NOT NULL;
