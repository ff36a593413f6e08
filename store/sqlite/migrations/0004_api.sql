-- What owners say of their videos, who may come in, what clients asked for, and
-- what runs under way have found.

-- +goose Up
ALTER TABLE videos ADD COLUMN labels TEXT NOT NULL DEFAULT '{}'; -- of texts by their keys
ALTER TABLE videos ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
ALTER TABLE videos ADD COLUMN purge INTEGER; -- when a deleted one may be forgotten
ALTER TABLE videos ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN duration_ns INTEGER NOT NULL DEFAULT 0; -- that of media
UPDATE videos SET duration_ns = coalesce(media ->> 'duration', 0);

CREATE INDEX videos_to_purge ON videos (purge) WHERE purge IS NOT NULL;
CREATE UNIQUE INDEX videos_external_id ON videos (workspace, external_id) WHERE deleted IS NULL AND external_id <> '';

-- The texts in which parts are looked for, folded outside, as are those of rows
-- that have no folded title yet.
ALTER TABLE videos ADD COLUMN title_folded TEXT;
ALTER TABLE videos ADD COLUMN source_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE videos ADD COLUMN language_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE videos ADD COLUMN external_id_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE videos ADD COLUMN labels_folded TEXT NOT NULL DEFAULT '{}';

CREATE INDEX videos_to_fold ON videos (id) WHERE title_folded IS NULL;

-- Where to look for the poster; NULL for the one that was found.
ALTER TABLE videos ADD COLUMN poster_ns INTEGER;

-- The edit that a cue comes from; empty for what its stage found.
ALTER TABLE cues ADD COLUMN edit TEXT NOT NULL DEFAULT '';

-- Edits are laid over the cues of a kind in the order of n. The cues that one
-- hides are not among the cues any more: it covers them.
CREATE TABLE edits (
    n         INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL,
    video_id  TEXT NOT NULL,
    kind      TEXT NOT NULL,
    author    TEXT NOT NULL,
    created   INTEGER NOT NULL,
    state     TEXT NOT NULL,
    change    TEXT NOT NULL,
    covers    TEXT NOT NULL,
    FOREIGN KEY (workspace, video_id) REFERENCES videos (workspace, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX edits_of_video ON edits (video_id, n);

-- Scopes are words, separated by spaces.
CREATE TABLE keys (
    id        TEXT PRIMARY KEY,
    workspace TEXT NOT NULL CHECK (workspace <> ''),
    title     TEXT NOT NULL,
    scopes    TEXT NOT NULL,
    hash      TEXT NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER,
    last_used INTEGER,
    revoked   INTEGER
) STRICT;

CREATE INDEX keys_newest ON keys (workspace, created DESC, id DESC);

CREATE TABLE sessions (
    hash      TEXT PRIMARY KEY,
    workspace TEXT NOT NULL CHECK (workspace <> ''),
    scopes    TEXT NOT NULL,
    key       TEXT NOT NULL, -- empty where no key made it
    person    TEXT NOT NULL, -- empty where no provider named one
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_end ON sessions (expires);

CREATE TABLE operations (
    id            TEXT PRIMARY KEY,
    workspace     TEXT NOT NULL,
    video_id      TEXT NOT NULL,
    method        TEXT NOT NULL,
    created       INTEGER NOT NULL,
    done          INTEGER,
    error_code    TEXT NOT NULL,
    error_message TEXT NOT NULL,
    FOREIGN KEY (workspace, video_id) REFERENCES videos (workspace, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX operations_newest ON operations (workspace, created DESC, id DESC);
CREATE INDEX operations_of_video ON operations (workspace, video_id);

-- What was asked under which name, and answered.
CREATE TABLE requests (
    workspace TEXT NOT NULL CHECK (workspace <> ''),
    method    TEXT NOT NULL,
    id        TEXT NOT NULL,
    digest    TEXT NOT NULL,
    video_id  TEXT NOT NULL,
    response  BLOB,
    created   INTEGER NOT NULL,
    PRIMARY KEY (workspace, method, id)
) STRICT;

CREATE INDEX requests_by_time ON requests (created);

-- What a running run has found so far. n counts its cues from 1.
CREATE TABLE provisional (
    workspace  TEXT NOT NULL,
    video_id   TEXT NOT NULL,
    stage      TEXT NOT NULL,
    run        TEXT NOT NULL,
    n          INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    start_ns   INTEGER NOT NULL,
    end_ns     INTEGER NOT NULL,
    text       TEXT NOT NULL,
    confidence REAL NOT NULL,
    data       TEXT,
    PRIMARY KEY (video_id, stage, run, n),
    FOREIGN KEY (video_id, stage) REFERENCES stage_runs (video_id, stage) ON DELETE CASCADE
) STRICT;
