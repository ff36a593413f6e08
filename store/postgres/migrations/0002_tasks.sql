-- Stages run as tasks that several workers take, each under a fence; what
-- happens is told by events; files that nobody needs any more wait to be removed.

-- +goose Up
ALTER TABLE videos
    ADD COLUMN blob          text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN captions_blob text COLLATE "C" NOT NULL DEFAULT '';
UPDATE videos SET blob = 'sources/' || substr(sha256, 1, 2) || '/' || sha256;
UPDATE videos SET captions_blob = 'sources/' || substr(captions_sha256, 1, 2) || '/' || captions_sha256
    WHERE captions_sha256 <> '';

-- What the sweeper of files asks.
DROP INDEX videos_sha256;
DROP INDEX videos_captions;
CREATE INDEX videos_blob ON videos (blob);
CREATE INDEX videos_captions ON videos (captions_blob) WHERE captions_blob <> '';

-- run is the attempt under way or the last one, result_run the one whose result
-- can be read.
ALTER TABLE stage_runs
    ADD COLUMN fence       bigint NOT NULL DEFAULT 0,
    ADD COLUMN worker      text NOT NULL DEFAULT '',
    ADD COLUMN heartbeat   timestamptz,
    ADD COLUMN progress    double precision NOT NULL DEFAULT 0,
    ADD COLUMN due         timestamptz,
    ADD COLUMN failures    integer NOT NULL DEFAULT 0,
    ADD COLUMN crashes     integer NOT NULL DEFAULT 0,
    ADD COLUMN losses      integer NOT NULL DEFAULT 0,
    ADD COLUMN result_run  text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN fingerprint text NOT NULL DEFAULT '',
    ADD COLUMN sums        text NOT NULL DEFAULT '',
    ADD COLUMN warning_code    text NOT NULL DEFAULT '',
    ADD COLUMN warning_message text NOT NULL DEFAULT '';
UPDATE stage_runs SET result_run = run, warning_code = error_code, warning_message = error_message WHERE status = 'done';
UPDATE stage_runs SET status = 'pending' WHERE status = 'running'; -- whoever ran it held no fence

-- No column that a heartbeat changes is in an index, which keeps it cheap.
CREATE INDEX stage_runs_running ON stage_runs (video_id) WHERE status = 'running';

-- Every transition. Ids are given before a transaction ends, so one may appear
-- after a higher one. Who reads numbers those that have appeared: that number is
-- the cursor, NULL until then. A purged video's events stay.
CREATE TABLE events (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cursor        bigint,
    workspace     text COLLATE "C" NOT NULL CHECK (workspace <> ''),
    video_id      text COLLATE "C" NOT NULL,
    type          text NOT NULL,
    state         text NOT NULL,
    stage         text COLLATE "C" NOT NULL,
    status        text NOT NULL,
    attempt       integer NOT NULL,
    error_code    text NOT NULL,
    error_message text NOT NULL,
    time          timestamptz NOT NULL
);

CREATE SEQUENCE event_cursors;
CREATE UNIQUE INDEX events_by_cursor ON events (cursor) WHERE cursor IS NOT NULL;
CREATE INDEX events_without_cursor ON events (id) WHERE cursor IS NULL;
CREATE INDEX events_by_time ON events USING brin (time);

-- Prefixes of keys under which nobody needs anything from due on.
CREATE TABLE garbage (
    prefix text COLLATE "C" PRIMARY KEY,
    due    timestamptz NOT NULL
);

CREATE INDEX garbage_due ON garbage (due);
