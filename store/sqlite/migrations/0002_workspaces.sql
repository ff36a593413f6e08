-- Every row belongs to a workspace; what there was belongs to the default one.
-- A source makes one video in each workspace, and another once that is deleted.
-- SQLite cannot change the constraints of a table, so each is made anew: the
-- children first, because dropping a parent would drop their rows.

-- +goose Up
CREATE TABLE new_videos (
    id              TEXT PRIMARY KEY,
    workspace       TEXT NOT NULL CHECK (workspace <> ''),
    title           TEXT NOT NULL,
    source          TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state <> 'deleted'), -- of a deleted video: the one to go back to
    error_code      TEXT NOT NULL DEFAULT '',
    error_message   TEXT NOT NULL DEFAULT '',
    sha256          TEXT NOT NULL,
    size            INTEGER NOT NULL,
    language        TEXT NOT NULL DEFAULT '',
    captions_name   TEXT NOT NULL DEFAULT '',
    captions_sha256 TEXT NOT NULL DEFAULT '',
    media           TEXT,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    deleted         INTEGER,
    UNIQUE (workspace, id)
) STRICT;

CREATE TABLE new_stage_runs (
    workspace     TEXT NOT NULL,
    video_id      TEXT NOT NULL,
    stage         TEXT NOT NULL,
    run           TEXT NOT NULL,
    status        TEXT NOT NULL,
    version       INTEGER NOT NULL,
    params        TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    error_code    TEXT NOT NULL DEFAULT '',
    error_message TEXT NOT NULL DEFAULT '',
    started       INTEGER,
    finished      INTEGER,
    PRIMARY KEY (video_id, stage),
    FOREIGN KEY (workspace, video_id) REFERENCES new_videos (workspace, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE new_cues (
    n          INTEGER PRIMARY KEY, -- the row of cue_terms
    id         TEXT NOT NULL UNIQUE,
    workspace  TEXT NOT NULL,
    video_id   TEXT NOT NULL,
    stage      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    start_ns   INTEGER NOT NULL,
    end_ns     INTEGER NOT NULL,
    text       TEXT NOT NULL,
    confidence REAL NOT NULL,
    data       TEXT,
    provenance TEXT NOT NULL,
    FOREIGN KEY (workspace, video_id) REFERENCES new_videos (workspace, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE new_artifacts (
    workspace TEXT NOT NULL,
    video_id  TEXT NOT NULL,
    stage     TEXT NOT NULL,
    run       TEXT NOT NULL,
    path      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    type      TEXT NOT NULL,
    language  TEXT NOT NULL DEFAULT '',
    time_ns   INTEGER NOT NULL DEFAULT 0,
    width     INTEGER NOT NULL DEFAULT 0,
    height    INTEGER NOT NULL DEFAULT 0,
    data      TEXT,
    PRIMARY KEY (video_id, stage, path),
    FOREIGN KEY (workspace, video_id) REFERENCES new_videos (workspace, id) ON DELETE CASCADE
) STRICT;

INSERT INTO new_videos (id, workspace, title, source, state, error_code, error_message, sha256, size,
        language, captions_name, captions_sha256, media, created, updated)
    SELECT id, 'default', title, source, state, error_code, error_message, sha256, size,
        language, captions_name, captions_sha256, media, created, updated
    FROM videos ORDER BY rowid;
INSERT INTO new_stage_runs (workspace, video_id, stage, run, status, version, params, attempt,
        error_code, error_message, started, finished)
    SELECT 'default', video_id, stage, run, status, version, params, attempt,
        error_code, error_message, started, finished
    FROM stage_runs ORDER BY rowid;
INSERT INTO new_cues (n, id, workspace, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance)
    SELECT n, id, 'default', video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance
    FROM cues;
INSERT INTO new_artifacts (workspace, video_id, stage, run, path, kind, type, language, time_ns, width, height, data)
    SELECT 'default', video_id, stage, run, path, kind, type, language, time_ns, width, height, data
    FROM artifacts;

DROP TABLE artifacts;
DROP TABLE cues;
DROP TABLE stage_runs;
DROP TABLE videos;
ALTER TABLE new_videos RENAME TO videos; -- and in what refers to it
ALTER TABLE new_stage_runs RENAME TO stage_runs;
ALTER TABLE new_cues RENAME TO cues;
ALTER TABLE new_artifacts RENAME TO artifacts;

CREATE UNIQUE INDEX videos_source ON videos (workspace, sha256) WHERE deleted IS NULL;
CREATE INDEX videos_newest ON videos (workspace, created DESC, id DESC);
CREATE INDEX cues_by_time ON cues (video_id, kind, start_ns);
