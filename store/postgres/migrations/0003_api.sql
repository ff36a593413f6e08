-- What owners say of their videos, who may come in, what clients asked for, and
-- what runs under way have found.

-- +goose Up
-- The texts in which parts are looked for are folded outside, as are those of
-- rows that have no folded title yet. Folded titles sort by their bytes.
ALTER TABLE videos
    ADD COLUMN labels             jsonb NOT NULL DEFAULT '{}', -- of texts by their keys
    ADD COLUMN external_id        text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN purge              timestamptz, -- when a deleted one may be forgotten
    ADD COLUMN revision           bigint NOT NULL DEFAULT 0,
    ADD COLUMN duration_ns        bigint NOT NULL DEFAULT 0, -- that of media
    ADD COLUMN title_folded       text COLLATE "C",
    ADD COLUMN source_folded      text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN language_folded    text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN external_id_folded text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN labels_folded      jsonb NOT NULL DEFAULT '{}';
UPDATE videos SET duration_ns = (media ->> 'duration')::bigint WHERE media ->> 'duration' IS NOT NULL;

CREATE INDEX videos_to_purge ON videos (purge) WHERE purge IS NOT NULL;
CREATE UNIQUE INDEX videos_external_id ON videos (workspace, external_id) WHERE deleted IS NULL AND external_id <> '';
CREATE INDEX videos_to_fold ON videos (id) WHERE title_folded IS NULL;

-- Where to look for the poster; NULL for the one that was found.
ALTER TABLE videos ADD COLUMN poster_ns bigint;

-- The edit that a cue comes from; empty for what its stage found.
ALTER TABLE cues ADD COLUMN edit text COLLATE "C" NOT NULL DEFAULT '';

-- Edits are laid over the cues of a kind in the order of n. The cues that one
-- hides are not among the cues any more: it covers them.
CREATE TABLE edits (
    n         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        text COLLATE "C" NOT NULL UNIQUE,
    workspace text COLLATE "C" NOT NULL,
    video_id  text COLLATE "C" NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    author    text NOT NULL,
    created   timestamptz NOT NULL,
    state     text NOT NULL,
    change    json NOT NULL,
    covers    json NOT NULL,
    FOREIGN KEY (workspace, video_id) REFERENCES videos (workspace, id) ON DELETE CASCADE
);

CREATE INDEX edits_of_video ON edits (video_id, n);

-- Scopes are words, separated by spaces.
CREATE TABLE keys (
    id        text COLLATE "C" PRIMARY KEY,
    workspace text COLLATE "C" NOT NULL CHECK (workspace <> ''),
    title     text NOT NULL,
    scopes    text NOT NULL,
    hash      text NOT NULL,
    created   timestamptz NOT NULL,
    expires   timestamptz,
    last_used timestamptz,
    revoked   timestamptz
);

CREATE INDEX keys_newest ON keys (workspace, created DESC, id DESC);

CREATE TABLE sessions (
    hash      text COLLATE "C" PRIMARY KEY,
    workspace text COLLATE "C" NOT NULL CHECK (workspace <> ''),
    scopes    text NOT NULL,
    key       text COLLATE "C" NOT NULL, -- empty where no key made it
    person    text NOT NULL, -- empty where no provider named one
    created   timestamptz NOT NULL,
    expires   timestamptz NOT NULL
);

CREATE INDEX sessions_by_end ON sessions (expires);

CREATE TABLE operations (
    id            text COLLATE "C" PRIMARY KEY,
    workspace     text COLLATE "C" NOT NULL,
    video_id      text COLLATE "C" NOT NULL,
    method        text NOT NULL,
    created       timestamptz NOT NULL,
    done          timestamptz,
    error_code    text NOT NULL,
    error_message text NOT NULL,
    FOREIGN KEY (workspace, video_id) REFERENCES videos (workspace, id) ON DELETE CASCADE
);

CREATE INDEX operations_newest ON operations (workspace, created DESC, id DESC);
CREATE INDEX operations_of_video ON operations (workspace, video_id);

-- What was asked under which name, and answered.
CREATE TABLE requests (
    workspace text COLLATE "C" NOT NULL CHECK (workspace <> ''),
    method    text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,
    digest    text NOT NULL,
    video_id  text NOT NULL,
    response  bytea,
    created   timestamptz NOT NULL,
    PRIMARY KEY (workspace, method, id)
);

CREATE INDEX requests_by_time ON requests (created);

-- What a running run has found so far. n counts its cues from 1. It refers to the
-- run's row, which who writes here holds, and not to the video's, for which it
-- would have to wait.
CREATE TABLE provisional (
    workspace  text COLLATE "C" NOT NULL,
    video_id   text COLLATE "C" NOT NULL,
    stage      text COLLATE "C" NOT NULL,
    run        text COLLATE "C" NOT NULL,
    n          integer NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    start_ns   bigint NOT NULL,
    end_ns     bigint NOT NULL,
    text       text NOT NULL,
    confidence double precision NOT NULL,
    data       json,
    PRIMARY KEY (video_id, stage, run, n),
    FOREIGN KEY (video_id, stage) REFERENCES stage_runs (video_id, stage) ON DELETE CASCADE
);
