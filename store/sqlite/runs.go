package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// SetRun implements [store.Store].
func (s *Store) SetRun(ctx context.Context, videoID string, run models.StageRun) error {
	return s.tx(ctx, func(tx *sql.Tx) error { return setRun(ctx, tx, videoID, run) })
}

// setRun writes a run and tells the video that something changed.
func setRun(ctx context.Context, tx *sql.Tx, videoID string, run models.StageRun) error {
	result, err := tx.ExecContext(ctx, `UPDATE videos SET updated = ? WHERE id = ?`, micros(time.Now()), videoID)
	if err := found(result, err, videoID); err != nil {
		return err
	}
	code, message := errorColumns(run.Error)
	_, err = tx.ExecContext(ctx, `INSERT INTO stage_runs
		(video_id, stage, run, status, version, params, attempt, error_code, error_message, started, finished)
		VALUES (?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (video_id, stage) DO UPDATE SET run = excluded.run, status = excluded.status, version = excluded.version,
			params = excluded.params, attempt = excluded.attempt, error_code = excluded.error_code,
			error_message = excluded.error_message, started = excluded.started, finished = excluded.finished`,
		videoID, run.Stage, run.ID, run.Status, run.Version, run.Params, run.Attempt, code, message,
		nullMicros(run.Started), nullMicros(run.Finished))
	return err
}

// loadRuns fills in the video's runs, in the order they were first written.
func (s *Store) loadRuns(ctx context.Context, v *models.Video) error {
	rows, err := s.read.QueryContext(ctx, `SELECT run, stage, status, version, params, attempt, error_code, error_message, started, finished
		FROM stage_runs WHERE video_id = ? ORDER BY rowid`, v.ID)
	if err == nil {
		v.Runs, err = collect(rows, scanRun)
	}
	if err != nil {
		return fmt.Errorf("read the stages of video %s: %w", v.ID, err)
	}
	return nil
}

func scanRun(row scanner) (models.StageRun, error) {
	var r models.StageRun
	var code models.Code
	var message string
	var started, finished sql.NullInt64
	err := row.Scan(&r.ID, &r.Stage, &r.Status, &r.Version, &r.Params, &r.Attempt, &code, &message, &started, &finished)
	r.Error = errorFrom(code, message)
	r.Started, r.Finished = timeFrom(started), timeFrom(finished)
	return r, err
}

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, c store.Commit) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if err := setRun(ctx, tx, c.VideoID, c.Run); err != nil {
			return err
		}
		if c.Media != nil {
			media, err := nullJSON(c.Media)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE videos SET media = ? WHERE id = ?`, media, c.VideoID); err != nil {
				return err
			}
		}
		for _, stage := range c.Stale {
			if _, err := tx.ExecContext(ctx, `UPDATE stage_runs SET status = ? WHERE video_id = ? AND stage = ? AND status = ?`,
				models.StagePending, c.VideoID, stage, models.StageDone); err != nil {
				return err
			}
		}
		if err := replaceCues(ctx, tx, c); err != nil {
			return err
		}
		if err := replaceArtifacts(ctx, tx, c); err != nil {
			return err
		}
		return replacePostings(ctx, tx, c)
	})
}

func replaceCues(ctx context.Context, tx *sql.Tx, c store.Commit) error {
	for _, q := range []string{
		`DELETE FROM cue_terms WHERE rowid IN (SELECT n FROM cues WHERE video_id = ? AND stage = ?)`,
		`DELETE FROM cues WHERE video_id = ? AND stage = ?`,
	} {
		if _, err := tx.ExecContext(ctx, q, c.VideoID, c.Run.Stage); err != nil {
			return err
		}
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO cues
		(id, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance) VALUES (?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, cue := range c.Cues {
		provenance, err := json.Marshal(cue.Provenance)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, cue.ID, c.VideoID, c.Run.Stage, cue.Kind, int64(cue.Start), int64(cue.End),
			cue.Text, cue.Confidence, rawJSON(cue.Data), string(provenance)); err != nil {
			return err
		}
	}
	return nil
}

func replaceArtifacts(ctx context.Context, tx *sql.Tx, c store.Commit) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM artifacts WHERE video_id = ? AND stage = ?`, c.VideoID, c.Run.Stage); err != nil {
		return err
	}
	for _, a := range c.Artifacts {
		if _, err := tx.ExecContext(ctx, `INSERT INTO artifacts
			(video_id, stage, run, path, kind, type, language, time_ns, width, height, data) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
			c.VideoID, c.Run.Stage, c.Run.ID, a.Path, a.Kind, a.Type, a.Language, int64(a.Time), a.Width, a.Height, rawJSON(a.Data)); err != nil {
			return err
		}
	}
	return nil
}

func replacePostings(ctx context.Context, tx *sql.Tx, c store.Commit) error {
	if c.Postings == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM cue_terms WHERE rowid IN (SELECT n FROM cues WHERE video_id = ?)`, c.VideoID); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO cue_terms (rowid, terms) SELECT n, ? FROM cues WHERE id = ? AND video_id = ?`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, p := range c.Postings {
		if _, err := insert.ExecContext(ctx, p.Terms, p.CueID, c.VideoID); err != nil {
			return err
		}
	}
	return nil
}
