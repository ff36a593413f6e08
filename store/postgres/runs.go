package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const runColumns = `stage, run, status, version, params, error_code, error_message, fence, worker, heartbeat, progress, due,
	attempt, failures, crashes, losses, started, finished, result_run, fingerprint, sums, warning_code, warning_message`

// upsertRun finds the video itself, so that it does nothing where there is none.
const upsertRun = `INSERT INTO stage_runs (workspace, video_id, ` + runColumns + `)
	SELECT workspace, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
		$24, $25
	FROM videos` + live + `
	ON CONFLICT (video_id, stage) DO UPDATE SET run = excluded.run, status = excluded.status, version = excluded.version,
		params = excluded.params, error_code = excluded.error_code, error_message = excluded.error_message,
		fence = excluded.fence, worker = excluded.worker, heartbeat = excluded.heartbeat, progress = excluded.progress,
		due = excluded.due, attempt = excluded.attempt, failures = excluded.failures, crashes = excluded.crashes,
		losses = excluded.losses, started = excluded.started, finished = excluded.finished,
		result_run = excluded.result_run, fingerprint = excluded.fingerprint, sums = excluded.sums,
		warning_code = excluded.warning_code, warning_message = excluded.warning_message`

// SetRun implements [store.Library].
func (l *library) SetRun(ctx context.Context, videoID string, runs ...models.StageRun) error {
	return l.change(ctx, store.Change{VideoID: videoID, Runs: runs})
}

func (l *library) queueRuns(batch *pgx.Batch, videoID string, runs ...models.StageRun) {
	for _, r := range runs {
		code, message := sqldb.ErrorColumns(r.Error)
		warning, warns := sqldb.ErrorColumns(r.Result.Warning)
		batch.Queue(upsertRun, l.workspace, clean(videoID), clean(r.Stage), clean(r.ID), r.Status, r.Version, clean(r.Params),
			code, clean(message), r.Fence, clean(r.Worker), nullTime(r.Heartbeat), r.Progress, nullTime(r.Due),
			r.Attempt, r.Failures, r.Crashes, r.Losses, nullTime(r.Started), nullTime(r.Finished),
			clean(r.Result.Run), clean(r.Result.Fingerprint), clean(r.Result.Sums), warning, clean(warns))
		l.queueForgetProvisional(batch, videoID, r)
	}
}

// Beat implements [store.Library]. It leaves the video's row alone, so that it
// neither waits for who changes the video nor costs a version of that row.
func (l *library) Beat(ctx context.Context, b store.Beat) (alive bool, err error) {
	const beat = `UPDATE stage_runs SET heartbeat = $1, progress = $2
		WHERE workspace = $3 AND video_id = $4 AND stage = $5 AND fence = $6 AND status = 'running'`
	args := []any{b.At, b.Progress, l.workspace, clean(b.VideoID), clean(b.Stage), b.Fence}
	if len(b.Cues) == 0 {
		tag, err := l.exec(ctx, beat, args...)
		return tag.RowsAffected() > 0, err
	}
	err = l.write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, beat, args...)
		if alive = tag.RowsAffected() > 0; !alive || err != nil {
			return err
		}
		return l.addProvisional(ctx, tx, b)
	})
	return alive && err == nil, err
}

// Running implements [store.Store].
func (s *Store) Running(ctx context.Context) ([]store.Running, error) {
	running, err := query(ctx, s.pool, scanRunning, `SELECT workspace, video_id, `+runColumns+` FROM stage_runs
		WHERE status = 'running' AND EXISTS (SELECT FROM videos WHERE id = video_id AND deleted IS NULL)
		ORDER BY video_id, n`)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list running stages: %w", err))
	}
	return running, nil
}

// runsOf selects the runs of the videos whose ids a condition names.
const runsOf = `SELECT workspace, video_id, ` + runColumns + ` FROM stage_runs WHERE video_id `

// loadRuns fills in the runs of videos, in the order they were first written.
func loadRuns(ctx context.Context, r reader, videos []*models.Video) error {
	byID, ids := make(map[string]*models.Video, len(videos)), make([]string, 0, len(videos))
	for _, v := range videos {
		byID[v.ID] = v
		ids = append(ids, v.ID)
	}
	found, err := query(ctx, r, scanRunning, runsOf+`= ANY ($1) ORDER BY n`, ids)
	for _, one := range found {
		byID[one.VideoID].Runs = append(byID[one.VideoID].Runs, one.Run)
	}
	return err
}

// scanRunning reads a row of workspace, video_id and the columns of a run.
func scanRunning(row pgx.CollectableRow) (store.Running, error) {
	var one store.Running
	r := &one.Run
	var code, message, warning, warns string
	var heartbeat, due, started, finished *time.Time
	err := row.Scan(&one.Workspace, &one.VideoID, &r.Stage, &r.ID, &r.Status, &r.Version, &r.Params, &code, &message,
		&r.Fence, &r.Worker, &heartbeat, &r.Progress, &due, &r.Attempt, &r.Failures, &r.Crashes, &r.Losses, &started, &finished,
		&r.Result.Run, &r.Result.Fingerprint, &r.Result.Sums, &warning, &warns)
	r.Error, r.Result.Warning = sqldb.ErrorFrom(code, message), sqldb.ErrorFrom(warning, warns)
	r.Heartbeat, r.Due, r.Started, r.Finished = timeFrom(heartbeat), timeFrom(due), timeFrom(started), timeFrom(finished)
	return one, err
}
