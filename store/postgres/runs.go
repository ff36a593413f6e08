package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// SetRun implements [store.Library].
func (l *library) SetRun(ctx context.Context, videoID string, run models.StageRun) error {
	return l.write(ctx, func(tx pgx.Tx) error { return l.setRun(ctx, tx, videoID, run) })
}

// setRun writes a run and tells the video that something changed, which holds
// up whoever else changes the video until the transaction ends.
func (l *library) setRun(ctx context.Context, tx pgx.Tx, videoID string, run models.StageRun) error {
	if err := change(ctx, tx, videoID, `UPDATE videos SET updated = $3`+live, l.workspace, clean(videoID), time.Now()); err != nil {
		return err
	}
	code, message := sqldb.ErrorColumns(run.Error)
	_, err := tx.Exec(ctx, `INSERT INTO stage_runs
		(workspace, video_id, stage, run, status, version, params, attempt, error_code, error_message, started, finished)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)
		ON CONFLICT (video_id, stage) DO UPDATE SET run = excluded.run, status = excluded.status, version = excluded.version,
			params = excluded.params, attempt = excluded.attempt, error_code = excluded.error_code,
			error_message = excluded.error_message, started = excluded.started, finished = excluded.finished`,
		l.workspace, clean(videoID), clean(run.Stage), clean(run.ID), run.Status, run.Version, clean(run.Params), run.Attempt,
		code, clean(message), nullTime(run.Started), nullTime(run.Finished))
	return err
}

// loadRuns fills in the runs of videos, in the order they were first written.
func (l *library) loadRuns(ctx context.Context, videos []*models.Video) error {
	byID, ids := make(map[string]*models.Video, len(videos)), make([]string, 0, len(videos))
	for _, v := range videos {
		byID[v.ID] = v
		ids = append(ids, v.ID)
	}
	_, err := query(ctx, l.read(), func(row pgx.CollectableRow) (struct{}, error) {
		var id, code, message string
		var r models.StageRun
		var started, finished *time.Time
		err := row.Scan(&id, &r.ID, &r.Stage, &r.Status, &r.Version, &r.Params, &r.Attempt, &code, &message, &started, &finished)
		if err == nil {
			r.Error = sqldb.ErrorFrom(code, message)
			r.Started, r.Finished = timeFrom(started), timeFrom(finished)
			byID[id].Runs = append(byID[id].Runs, r)
		}
		return struct{}{}, err
	}, `SELECT video_id, run, stage, status, version, params, attempt, error_code, error_message, started, finished
		FROM stage_runs WHERE workspace = $1 AND video_id = ANY ($2) ORDER BY n`, l.workspace, ids)
	return err
}

// Commit implements [store.Library].
func (l *library) Commit(ctx context.Context, c store.Commit) error {
	return l.write(ctx, func(tx pgx.Tx) error {
		if err := l.setRun(ctx, tx, c.VideoID, c.Run); err != nil { // from here on the video is known to be ours
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
		if _, err := tx.Exec(ctx, `UPDATE stage_runs SET status = $3 WHERE video_id = $1 AND stage = ANY ($2) AND status = $4`,
			c.VideoID, c.Stale, models.StagePending, models.StageDone); err != nil {
			return err
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
