-- Stages run as tasks that several workers take, each under a fence; what
-- happens is told by events; files that nobody needs any more wait to be removed.

-- +goose Up
ALTER TABLE videos ADD COLUMN blob TEXT NOT NULL DEFAULT '';
ALTER TABLE videos ADD COLUMN captions_blob TEXT NOT NULL DEFAULT '';
UPDATE videos SET blob = 'sources/' || substr(sha256, 1, 2) || '/' || sha256;
UPDATE videos SET captions_blob = 'sources/' || substr(captions_sha256, 1, 2) || '/' || captions_sha256
    WHERE captions_sha256 <> '';

-- What the sweeper of files asks.
CREATE INDEX videos_blob ON videos (blob);
CREATE INDEX videos_captions ON videos (captions_blob) WHERE captions_blob <> '';

-- run is the attempt under way or the last one, result_run the one whose result
-- can be read.
ALTER TABLE stage_runs ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage_runs ADD COLUMN worker TEXT NOT NULL DEFAULT '';
ALTER TABLE stage_runs ADD COLUMN heartbeat INTEGER;
ALTER TABLE stage_runs ADD COLUMN progress REAL NOT NULL DEFAULT 0;
ALTER TABLE stage_runs ADD COLUMN due INTEGER;
ALTER TABLE stage_runs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage_runs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage_runs ADD COLUMN losses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage_runs ADD COLUMN result_run TEXT NOT NULL DEFAULT '';
ALTER TABLE stage_runs ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE stage_runs ADD COLUMN sums TEXT NOT NULL DEFAULT '';
ALTER TABLE stage_runs ADD COLUMN warning_code TEXT NOT NULL DEFAULT '';
ALTER TABLE stage_runs ADD COLUMN warning_message TEXT NOT NULL DEFAULT '';
UPDATE stage_runs SET result_run = run, warning_code = error_code, warning_message = error_message WHERE status = 'done';
UPDATE stage_runs SET status = 'pending' WHERE status = 'running'; -- whoever ran it held no fence

CREATE INDEX stage_runs_running ON stage_runs (video_id) WHERE status = 'running';

-- Every transition. The cursor is never used again (AUTOINCREMENT), and goes up
-- in the order of commits because SQLite has one writer at a time. A purged
-- video's events stay.
CREATE TABLE events (
    cursor        INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace     TEXT NOT NULL CHECK (workspace <> ''),
    video_id      TEXT NOT NULL,
    type          TEXT NOT NULL,
    state         TEXT NOT NULL,
    stage         TEXT NOT NULL,
    status        TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    error_code    TEXT NOT NULL,
    error_message TEXT NOT NULL,
    time          INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_time ON events (time);

-- Prefixes of keys under which nobody needs anything from due on.
CREATE TABLE garbage (
    prefix TEXT PRIMARY KEY,
    due    INTEGER NOT NULL
) STRICT;

CREATE INDEX garbage_due ON garbage (due);
