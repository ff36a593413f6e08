package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const runColumns = `stage, run, status, version, params, error_code, error_message, fence, worker, heartbeat, progress, due,
	attempt, failures, crashes, losses, started, finished, result_run, fingerprint, sums, warning_code, warning_message`

// SetRun implements [store.Library].
func (l *library) SetRun(ctx context.Context, videoID string, runs ...models.StageRun) error {
	return l.change(ctx, store.Change{VideoID: videoID, Runs: runs})
}

func (l *library) setRuns(ctx context.Context, tx *sql.Tx, videoID string, runs ...models.StageRun) error {
	for _, r := range runs {
		code, message := sqldb.ErrorColumns(r.Error)
		warning, warns := sqldb.ErrorColumns(r.Result.Warning)
		_, err := tx.ExecContext(ctx, `INSERT INTO stage_runs (workspace, video_id, `+runColumns+`)
			VALUES (`+marks(25)+`)
			ON CONFLICT (video_id, stage) DO UPDATE SET (`+runColumns+`) = (`+excluded(runColumns)+`)`,
			l.workspace, videoID, r.Stage, r.ID, r.Status, r.Version, r.Params, code, message,
			r.Fence, r.Worker, nullMicros(r.Heartbeat), r.Progress, nullMicros(r.Due),
			r.Attempt, r.Failures, r.Crashes, r.Losses, nullMicros(r.Started), nullMicros(r.Finished),
			r.Result.Run, r.Result.Fingerprint, r.Result.Sums, warning, warns)
		if err == nil {
			err = l.forgetProvisional(ctx, tx, videoID, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Beat implements [store.Library].
func (l *library) Beat(ctx context.Context, b store.Beat) (alive bool, err error) {
	err = l.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE stage_runs SET heartbeat = ?, progress = ?
			WHERE workspace = ? AND video_id = ? AND stage = ? AND fence = ? AND status = 'running'`,
			b.At.UnixMicro(), b.Progress, l.workspace, b.VideoID, b.Stage, b.Fence)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if alive = n > 0; !alive || err != nil {
			return err
		}
		return l.addProvisional(ctx, tx, b)
	})
	return alive && err == nil, err
}

// Running implements [store.Store].
func (s *Store) Running(ctx context.Context) ([]store.Running, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT workspace, video_id, `+runColumns+` FROM stage_runs
		WHERE status = 'running' AND EXISTS (SELECT 1 FROM videos WHERE id = video_id AND deleted IS NULL)
		ORDER BY video_id, rowid`)
	if err != nil {
		return nil, coded(fmt.Errorf("list running stages: %w", err))
	}
	running, err := collect(rows, scanRunning)
	return running, coded(err)
}

// loadRuns fills in the runs of videos, in the order they were first written.
func loadRuns(ctx context.Context, r reader, videos []*models.Video) error {
	byID, ids := make(map[string]*models.Video, len(videos)), make([]any, 0, len(videos))
	for _, v := range videos {
		byID[v.ID] = v
		ids = append(ids, v.ID)
	}
	rows, err := r.QueryContext(ctx, `SELECT workspace, video_id, `+runColumns+` FROM stage_runs
		WHERE video_id IN (`+marks(len(ids))+`) ORDER BY rowid`, ids...)
	if err != nil {
		return err
	}
	found, err := collect(rows, scanRunning)
	for _, one := range found {
		byID[one.VideoID].Runs = append(byID[one.VideoID].Runs, one.Run)
	}
	return err
}

// scanRunning reads a row of workspace, video_id and the columns of a run.
func scanRunning(row scanner) (store.Running, error) {
	var one store.Running
	r := &one.Run
	var code, message, warning, warns string
	var heartbeat, due, started, finished sql.NullInt64
	err := row.Scan(&one.Workspace, &one.VideoID, &r.Stage, &r.ID, &r.Status, &r.Version, &r.Params, &code, &message,
		&r.Fence, &r.Worker, &heartbeat, &r.Progress, &due, &r.Attempt, &r.Failures, &r.Crashes, &r.Losses, &started, &finished,
		&r.Result.Run, &r.Result.Fingerprint, &r.Result.Sums, &warning, &warns)
	r.Error, r.Result.Warning = sqldb.ErrorFrom(code, message), sqldb.ErrorFrom(warning, warns)
	r.Heartbeat, r.Due, r.Started, r.Finished = timeFrom(heartbeat), timeFrom(due), timeFrom(started), timeFrom(finished)
	return one, err
}
