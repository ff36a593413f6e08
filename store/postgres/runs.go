package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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
	return l.write(ctx, func(tx pgx.Tx) error { return l.setRuns(ctx, tx, videoID, runs...) })
}

// setRuns writes runs and tells the video that something changed, which holds
// up whoever else changes the video until the transaction ends.
func (l *library) setRuns(ctx context.Context, tx pgx.Tx, videoID string, runs ...models.StageRun) error {
	var batch pgx.Batch
	found := false
	batch.Queue(`UPDATE videos SET updated = $3`+live, l.workspace, clean(videoID), time.Now()).Exec(func(tag pgconn.CommandTag) error {
		found = tag.RowsAffected() > 0
		return nil
	})
	for _, r := range runs {
		code, message := sqldb.ErrorColumns(r.Error)
		warning, warns := sqldb.ErrorColumns(r.Result.Warning)
		batch.Queue(upsertRun, l.workspace, clean(videoID), clean(r.Stage), clean(r.ID), r.Status, r.Version, clean(r.Params),
			code, clean(message), r.Fence, clean(r.Worker), nullTime(r.Heartbeat), r.Progress, nullTime(r.Due),
			r.Attempt, r.Failures, r.Crashes, r.Losses, nullTime(r.Started), nullTime(r.Finished),
			clean(r.Result.Run), clean(r.Result.Fingerprint), clean(r.Result.Sums), warning, clean(warns))
	}
	err := tx.SendBatch(ctx, &batch).Close()
	if err == nil && !found {
		return sqldb.NoVideo(videoID)
	}
	return err
}

// Beat implements [store.Library]. It leaves the video's row alone, so that it
// neither waits for who changes the video nor costs a version of that row.
func (l *library) Beat(ctx context.Context, b store.Beat) (alive bool, err error) {
	tag, err := l.exec(ctx, `UPDATE stage_runs SET heartbeat = $1, progress = $2
		WHERE workspace = $3 AND video_id = $4 AND stage = $5 AND fence = $6 AND status = 'running'`,
		b.At, b.Progress, l.workspace, clean(b.VideoID), clean(b.Stage), b.Fence)
	return tag.RowsAffected() > 0, err
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

// runsOf selects the runs of videos in the order they were first written.
const runsOf = `SELECT workspace, video_id, ` + runColumns + ` FROM stage_runs WHERE video_id = ANY ($1) ORDER BY n`

// loadRuns fills in the runs of videos.
func loadRuns(ctx context.Context, r reader, videos []*models.Video) error {
	byID, ids := make(map[string]*models.Video, len(videos)), make([]string, 0, len(videos))
	for _, v := range videos {
		byID[v.ID] = v
		ids = append(ids, v.ID)
	}
	found, err := query(ctx, r, scanRunning, runsOf, ids)
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

// Commit implements [store.Library].
func (l *library) Commit(ctx context.Context, c store.Commit) error {
	return l.write(ctx, func(tx pgx.Tx) error {
		if err := l.setRuns(ctx, tx, c.VideoID, c.Run); err != nil { // from here on the video is known to be ours
			return err
		}
		if c.Media != nil {
			media, err := nullJSON(c.Media)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE videos SET media = $3`+live, l.workspace, c.VideoID, media); err != nil {
				return err
			}
		}
		for _, replace := range []func(context.Context, pgx.Tx, store.Commit) error{
			l.replaceCues, l.replaceArtifacts, replacePostings,
		} {
			if err := replace(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *library) replaceCues(ctx context.Context, tx pgx.Tx, c store.Commit) error {
	if _, err := tx.Exec(ctx, `DELETE FROM cues WHERE video_id = $1 AND stage = $2`, c.VideoID, c.Run.Stage); err != nil {
		return err
	}
	if len(c.Cues) == 0 {
		return nil
	}
	columns := []string{"id", "workspace", "video_id", "stage", "kind", "start_ns", "end_ns", "text", "confidence", "data", "provenance"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"cues"}, columns, pgx.CopyFromSlice(len(c.Cues), func(i int) ([]any, error) {
		cue := c.Cues[i]
		provenance, err := json.Marshal(cue.Provenance)
		return []any{clean(cue.ID), l.workspace, c.VideoID, clean(c.Run.Stage), clean(cue.Kind), int64(cue.Start), int64(cue.End),
			clean(cue.Text), cue.Confidence, rawJSON(cue.Data), provenance}, err
	}))
	return err
}

func (l *library) replaceArtifacts(ctx context.Context, tx pgx.Tx, c store.Commit) error {
	if _, err := tx.Exec(ctx, `DELETE FROM artifacts WHERE video_id = $1 AND stage = $2`, c.VideoID, c.Run.Stage); err != nil {
		return err
	}
	if len(c.Artifacts) == 0 {
		return nil
	}
	columns := []string{"workspace", "video_id", "stage", "run", "path", "kind", "type", "language", "time_ns", "width", "height", "data"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"artifacts"}, columns, pgx.CopyFromSlice(len(c.Artifacts), func(i int) ([]any, error) {
		a := c.Artifacts[i]
		return []any{l.workspace, c.VideoID, clean(c.Run.Stage), clean(c.Run.ID), clean(a.Path), clean(a.Kind), clean(a.Type),
			clean(a.Language), int64(a.Time), int32(a.Width), int32(a.Height), rawJSON(a.Data)}, nil
	}))
	return err
}

func replacePostings(ctx context.Context, tx pgx.Tx, c store.Commit) error {
	if c.Postings == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM cue_terms WHERE cue IN (SELECT n FROM cues WHERE video_id = $1)`, c.VideoID); err != nil {
		return err
	}
	var ids, terms, words []string
	for _, p := range c.Postings {
		fields := split(p.Terms)
		ids, terms, words = append(ids, clean(p.CueID)), append(terms, joined(fields)), append(words, lexemes(fields))
	}
	_, err := tx.Exec(ctx, `INSERT INTO cue_terms (cue, terms, words)
		SELECT cues.n, p.terms, p.words::tsvector
		FROM unnest($2::text[], $3::text[], $4::text[]) AS p (cue, terms, words)
		JOIN cues ON cues.id = p.cue WHERE cues.video_id = $1`, c.VideoID, ids, terms, words)
	return err
}
