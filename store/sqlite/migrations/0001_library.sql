-- Times are nanoseconds from the start of the video; moments of the world are
-- microseconds since 1970. JSON columns hold the types of the models package.

-- +goose Up
CREATE TABLE videos (
    id              TEXT PRIMARY KEY,
    title           TEXT NOT NULL,
    source          TEXT NOT NULL,
    state           TEXT NOT NULL,
    error_code      TEXT NOT NULL DEFAULT '',
    error_message   TEXT NOT NULL DEFAULT '',
    sha256          TEXT NOT NULL UNIQUE,
    size            INTEGER NOT NULL,
    language        TEXT NOT NULL DEFAULT '',
    captions_name   TEXT NOT NULL DEFAULT '',
    captions_sha256 TEXT NOT NULL DEFAULT '',
    media           TEXT,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL
) STRICT;

CREATE INDEX videos_newest ON videos (created DESC, id DESC);

-- What is true of each stage of a video.
CREATE TABLE stage_runs (
    video_id      TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
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
    PRIMARY KEY (video_id, stage)
) STRICT;

-- Every insight: a span of time with something to say about it.
CREATE TABLE cues (
    n          INTEGER PRIMARY KEY, -- the row of cue_terms
    id         TEXT NOT NULL UNIQUE,
    video_id   TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    stage      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    start_ns   INTEGER NOT NULL,
    end_ns     INTEGER NOT NULL,
    text       TEXT NOT NULL,
    confidence REAL NOT NULL,
    data       TEXT,
    provenance TEXT NOT NULL
) STRICT;

CREATE INDEX cues_by_time ON cues (video_id, kind, start_ns);

-- The published files. run names the directory that holds them.
CREATE TABLE artifacts (
    video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    stage    TEXT NOT NULL,
    run      TEXT NOT NULL,
    path     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    type     TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT '',
    time_ns  INTEGER NOT NULL DEFAULT 0,
    width    INTEGER NOT NULL DEFAULT 0,
    height   INTEGER NOT NULL DEFAULT 0,
    data     TEXT,
    PRIMARY KEY (video_id, stage, path)
) STRICT;

-- The words of cues, analysed outside: terms are separated by spaces and hold
-- letters and digits only, so the tokenizer has nothing left to decide.
CREATE VIRTUAL TABLE cue_terms USING fts5 (
    terms, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2 3'
);

-- +goose Down
DROP TABLE cue_terms;
DROP TABLE artifacts;
DROP TABLE cues;
DROP TABLE stage_runs;
DROP TABLE videos;
