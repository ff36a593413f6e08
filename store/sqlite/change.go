package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// Commit implements [store.Library].
func (l *library) Commit(ctx context.Context, c store.Commit) error {
	return l.change(ctx, store.Change{VideoID: c.VideoID, Commit: &c})
}

// Change implements [store.TxLibrary].
func (l *txLibrary) Change(ctx context.Context, c store.Change) error { return l.change(ctx, c) }

func (l *library) change(ctx context.Context, c store.Change) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		if err := l.expect(ctx, tx, c.VideoID, c.Video.IfRevision); err != nil {
			return err
		}
		if err := l.update(ctx, tx, c); err != nil { // from here on the video is known to be ours
			return err
		}
		if err := l.setRuns(ctx, tx, c.VideoID, c.Runs...); err != nil {
			return err
		}
		if c.Commit != nil {
			if err := l.commit(ctx, tx, *c.Commit); err != nil {
				return err
			}
		}
		if err := l.putEdits(ctx, tx, c.VideoID, c.Edits...); err != nil {
			return err
		}
		if c.Cues != nil {
			if err := l.changeCues(ctx, tx, c.VideoID, *c.Cues); err != nil {
				return err
			}
		}
		return l.record(ctx, tx, c.Events...)
	})
}

func (l *library) commit(ctx context.Context, tx *sql.Tx, c store.Commit) error {
	if err := l.setRuns(ctx, tx, c.VideoID, c.Run); err != nil {
		return err
	}
	if c.Media != nil {
		media, err := nullJSON(c.Media)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE videos SET media = ?, duration_ns = ?`+live,
			media, sqldb.Duration(c.Media), l.workspace, c.VideoID); err != nil {
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
	return l.insertCues(ctx, tx, c.VideoID, c.Run.Stage, c.Cues)
}

// insertCues adds cues of a stage, each of its own where that is empty.
func (l *library) insertCues(ctx context.Context, tx *sql.Tx, videoID, stage string, cues []models.Cue) error {
	rows := make([][]any, 0, len(cues))
	for _, cue := range cues {
		provenance, err := json.Marshal(cue.Provenance)
		if err != nil {
			return err
		}
		rows = append(rows, []any{cue.ID, l.workspace, videoID, cmp.Or(stage, cue.Stage), cue.Kind, int64(cue.Start), int64(cue.End),
			cue.Text, cue.Confidence, rawJSON(cue.Data), string(provenance), cue.Edit})
	}
	return insert(ctx, tx, `INSERT INTO cues
		(id, workspace, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance, edit) VALUES %VALUES%`, rows)
}

func (l *library) changeCues(ctx context.Context, tx *sql.Tx, videoID string, c store.CueChange) error {
	for some := range slices.Chunk(c.Remove, chunk) {
		which := `video_id = ? AND id IN (` + marks(len(some)) + `)`
		args := append([]any{videoID}, anys(some)...)
		if _, err := tx.ExecContext(ctx, `DELETE FROM cue_terms WHERE rowid IN (SELECT n FROM cues WHERE `+which+`)`, args...); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM cues WHERE `+which, args...); err != nil {
			return err
		}
	}
	if err := l.insertCues(ctx, tx, videoID, "", c.Add); err != nil {
		return err
	}
	return insertPostings(ctx, tx, videoID, c.Postings)
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
	return insertPostings(ctx, tx, c.VideoID, c.Postings)
}

func insertPostings(ctx context.Context, tx *sql.Tx, videoID string, postings []models.Posting) error {
	rows := make([][]any, 0, len(postings))
	for _, p := range postings {
		rows = append(rows, []any{p.CueID, p.Terms})
	}
	return insert(ctx, tx, `INSERT INTO cue_terms (rowid, terms)
		WITH postings (cue, terms) AS (VALUES %VALUES%)
		SELECT cues.n, postings.terms FROM postings JOIN cues ON cues.id = postings.cue WHERE cues.video_id = ?`, rows, videoID)
}
