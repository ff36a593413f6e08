-- Times are nanoseconds from the start of the video. JSON columns hold the
-- types of the models package. Names and ids sort by their bytes, as everywhere.

-- +goose Up
CREATE TABLE videos (
    id              text COLLATE "C" PRIMARY KEY,
    workspace       text COLLATE "C" NOT NULL CHECK (workspace <> ''),
    title           text NOT NULL,
    source          text NOT NULL,
    state           text NOT NULL CHECK (state <> 'deleted'), -- of a deleted video: the one to go back to
    error_code      text NOT NULL,
    error_message   text NOT NULL,
    sha256          text COLLATE "C" NOT NULL,
    size            bigint NOT NULL,
    language        text NOT NULL,
    captions_name   text NOT NULL,
    captions_sha256 text COLLATE "C" NOT NULL,
    media           json,
    created         timestamptz NOT NULL,
    updated         timestamptz NOT NULL,
    deleted         timestamptz,
    UNIQUE (workspace, id)
);

-- A source makes one video in each workspace, and another once that is deleted.
CREATE UNIQUE INDEX videos_source ON videos (workspace, sha256) WHERE deleted IS NULL;
CREATE INDEX videos_newest ON videos (workspace, created DESC, id DESC);
-- What the sweeper of files asks.
CREATE INDEX videos_sha256 ON videos (sha256);
CREATE INDEX videos_captions ON videos (captions_sha256) WHERE captions_sha256 <> '';

-- What is true of each stage of a video. n keeps the order of first writing.
CREATE TABLE stage_runs (
    n             bigint GENERATED ALWAYS AS IDENTITY,
    workspace     text COLLATE "C" NOT NULL,
    video_id      text COLLATE "C" NOT NULL,
    stage         text COLLATE "C" NOT NULL,
    run           text COLLATE "C" NOT NULL,
    status        text NOT NULL,
    version       integer NOT NULL,
    params        text NOT NULL,
    attempt       integer NOT NULL,
    error_code    text NOT NULL,
    error_message text NOT NULL,
    started       timestamptz,
    finished      timestamptz,
    PRIMARY KEY (video_id, stage),
    FOREIGN KEY (workspace, video_id) REFERENCES videos (workspace, id) ON DELETE CASCADE
);

-- Every insight: a span of time with something to say about it.
CREATE TABLE cues (
    n          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         text COLLATE "C" NOT NULL UNIQUE,
    workspace  text COLLATE "C" NOT NULL,
    video_id   text COLLATE "C" NOT NULL,
    stage      text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    start_ns   bigint NOT NULL,
    end_ns     bigint NOT NULL,
    text       text NOT NULL,
    confidence double precision NOT NULL,
    data       json,
    provenance json NOT NULL,
    FOREIGN KEY (workspace, video_id) REFERENCES videos (workspace, id) ON DELETE CASCADE
);

CREATE INDEX cues_by_time ON cues (video_id, kind, start_ns);

-- The published files. run names the directory that holds them.
CREATE TABLE artifacts (
    workspace text COLLATE "C" NOT NULL,
    video_id  text COLLATE "C" NOT NULL,
    stage     text COLLATE "C" NOT NULL,
    run       text COLLATE "C" NOT NULL,
    path      text COLLATE "C" NOT NULL,
    kind      text NOT NULL,
    type      text NOT NULL,
    language  text NOT NULL,
    time_ns   bigint NOT NULL,
    width     integer NOT NULL,
    height    integer NOT NULL,
    data      json,
    PRIMARY KEY (video_id, stage, path),
    FOREIGN KEY (workspace, video_id) REFERENCES videos (workspace, id) ON DELETE CASCADE
);

-- The words of cues, analysed outside: terms in order, separated by spaces, and
-- the same ones as lexemes. The index narrows down by lexemes; that terms follow
-- each other is seen in terms, because lexemes forget their place in long texts.
CREATE TABLE cue_terms (
    cue   bigint PRIMARY KEY REFERENCES cues (n) ON DELETE CASCADE,
    terms text NOT NULL,
    words tsvector NOT NULL
);

CREATE INDEX cue_terms_words ON cue_terms USING gin (words);
