package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// SetRun implements [store.Library].
func (l *library) SetRun(ctx context.Context, videoID string, run models.StageRun) error {
	return l.write(ctx, func(tx *sql.Tx) error { return l.setRun(ctx, tx, videoID, run) })
}

// setRun writes a run and tells the video that something changed.
func (l *library) setRun(ctx context.Context, tx *sql.Tx, videoID string, run models.StageRun) error {
	result, err := tx.ExecContext(ctx, `UPDATE videos SET updated = ?`+live, time.Now().UnixMicro(), l.workspace, videoID)
	if err := found(result, err, videoID); err != nil {
		return err
	}
	code, message := sqldb.ErrorColumns(run.Error)
	_, err = tx.ExecContext(ctx, `INSERT INTO stage_runs
		(workspace, video_id, stage, run, status, version, params, attempt, error_code, error_message, started, finished)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (video_id, stage) DO UPDATE SET run = excluded.run, status = excluded.status, version = excluded.version,
			params = excluded.params, attempt = excluded.attempt, error_code = excluded.error_code,
			error_message = excluded.error_message, started = excluded.started, finished = excluded.finished`,
		l.workspace, videoID, run.Stage, run.ID, run.Status, run.Version, run.Params, run.Attempt, code, message,
		nullMicros(run.Started), nullMicros(run.Finished))
	return err
}

// loadRuns fills in the runs of videos, in the order they were first written.
func (l *library) loadRuns(ctx context.Context, videos []*models.Video) error {
	byID, ids := make(map[string]*models.Video, len(videos)), make([]any, 0, len(videos))
	for _, v := range videos {
		byID[v.ID] = v
		ids = append(ids, v.ID)
	}
	rows, err := l.read().QueryContext(ctx, `SELECT video_id, run, stage, status, version, params, attempt,
		error_code, error_message, started, finished
		FROM stage_runs WHERE video_id IN (`+marks(len(ids))+`) ORDER BY rowid`, ids...)
	if err != nil {
		return err
	}
	_, err = collect(rows, func(row scanner) (struct{}, error) {
		id, run, err := scanRun(row)
		if err == nil {
			byID[id].Runs = append(byID[id].Runs, run)
		}
		return struct{}{}, err
	})
	return err
}

func scanRun(row scanner) (videoID string, r models.StageRun, err error) {
	var code, message string
	var started, finished sql.NullInt64
	err = row.Scan(&videoID, &r.ID, &r.Stage, &r.Status, &r.Version, &r.Params, &r.Attempt, &code, &message, &started, &finished)
	r.Error = sqldb.ErrorFrom(code, message)
	r.Started, r.Finished = timeFrom(started), timeFrom(finished)
	return videoID, r, err
}

// Commit implements [store.Library].
func (l *library) Commit(ctx context.Context, c store.Commit) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		if err := l.setRun(ctx, tx, c.VideoID, c.Run); err != nil { // from here on the video is known to be ours
			return err
		}
		if c.Media != nil {
			media, err := nullJSON(c.Media)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE videos SET media = ?`+live, media, l.workspace, c.VideoID); err != nil {
				return err
			}
		}
		for _, stage := range c.Stale {
			if _, err := tx.ExecContext(ctx, `UPDATE stage_runs SET status = ? WHERE video_id = ? AND stage = ? AND status = ?`,
				models.StagePending, c.VideoID, stage, models.StageDone); err != nil {
				return err
			}
		}
		for _, replace := range []func(context.Context, *sql.Tx, store.Commit) error{
			l.replaceCues, l.replaceArtifacts, replacePostings,
		} {
			if err := replace(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *library) replaceCues(ctx context.Context, tx *sql.Tx, c store.Commit) error {
	for _, q := range []string{
		`DELETE FROM cue_terms WHERE rowid IN (SELECT n FROM cues WHERE video_id = ? AND stage = ?)`,
		`DELETE FROM cues WHERE video_id = ? AND stage = ?`,
	} {
		if _, err := tx.ExecContext(ctx, q, c.VideoID, c.Run.Stage); err != nil {
			return err
		}
	}
	rows := make([][]any, 0, len(c.Cues))
	for _, cue := range c.Cues {
		provenance, err := json.Marshal(cue.Provenance)
		if err != nil {
			return err
		}
		rows = append(rows, []any{cue.ID, l.workspace, c.VideoID, c.Run.Stage, cue.Kind, int64(cue.Start), int64(cue.End),
			cue.Text, cue.Confidence, rawJSON(cue.Data), string(provenance)})
	}
	return insert(ctx, tx, `INSERT INTO cues
		(id, workspace, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance) VALUES %VALUES%`, rows)
}

func (l *library) replaceArtifacts(ctx context.Context, tx *sql.Tx, c store.Commit) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM artifacts WHERE video_id = ? AND stage = ?`, c.VideoID, c.Run.Stage); err != nil {
		return err
	}
	rows := make([][]any, 0, len(c.Artifacts))
	for _, a := range c.Artifacts {
		rows = append(rows, []any{l.workspace, c.VideoID, c.Run.Stage, c.Run.ID, a.Path, a.Kind, a.Type, a.Language,
			int64(a.Time), a.Width, a.Height, rawJSON(a.Data)})
	}
	return insert(ctx, tx, `INSERT INTO artifacts
		(workspace, video_id, stage, run, path, kind, type, language, time_ns, width, height, data) VALUES %VALUES%`, rows)
}

func replacePostings(ctx context.Context, tx *sql.Tx, c store.Commit) error {
	if c.Postings == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM cue_terms WHERE rowid IN (SELECT n FROM cues WHERE video_id = ?)`, c.VideoID); err != nil {
		return err
	}
	rows := make([][]any, 0, len(c.Postings))
	for _, p := range c.Postings {
		rows = append(rows, []any{p.CueID, p.Terms})
	}
	return insert(ctx, tx, `INSERT INTO cue_terms (rowid, terms)
		WITH postings (cue, terms) AS (VALUES %VALUES%)
		SELECT cues.n, postings.terms FROM postings JOIN cues ON cues.id = postings.cue WHERE cues.video_id = ?`, rows, c.VideoID)
}
