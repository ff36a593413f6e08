package postgres

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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

// change makes a change to a video, which holds up whoever else changes it
// until the transaction ends. Statements that need no answer go together.
func (l *library) change(ctx context.Context, c store.Change) error {
	return l.write(ctx, func(tx pgx.Tx) error {
		if err := l.expect(ctx, tx, c.VideoID, c.Video.IfRevision); err != nil {
			return err
		}
		var batch pgx.Batch
		found := false
		update, args := l.update(c)
		batch.Queue(update, args...).Exec(func(tag pgconn.CommandTag) error {
			found = tag.RowsAffected() > 0
			return nil
		})
		l.queueRuns(&batch, c.VideoID, c.Runs...)
		if c.Commit != nil {
			if err := l.queueCommit(&batch, *c.Commit); err != nil {
				return err
			}
		}
		l.queueEvents(&batch, c.Events...)
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		if !found {
			return sqldb.NoVideo(c.VideoID)
		}
		return l.insertRest(ctx, tx, c)
	})
}

// insertRest writes what needs statements of its own, of a video that is known
// to be ours.
func (l *library) insertRest(ctx context.Context, tx pgx.Tx, c store.Change) error {
	if c.Commit != nil {
		if err := l.insertResults(ctx, tx, *c.Commit); err != nil {
			return err
		}
	}
	if err := l.putEdits(ctx, tx, c.VideoID, c.Edits...); err != nil {
		return err
	}
	if c.Cues != nil {
		return l.changeCues(ctx, tx, c.VideoID, *c.Cues)
	}
	return nil
}

// forget removes what a stage had found.
const forget = ` USING videos WHERE videos.workspace = $1 AND videos.id = $2 AND deleted IS NULL AND video_id = $2 AND stage = $3`

// queueCommit writes the run and the media, and makes room for the results.
func (l *library) queueCommit(batch *pgx.Batch, c store.Commit) error {
	l.queueRuns(batch, c.VideoID, c.Run)
	if c.Media != nil {
		media, err := nullJSON(c.Media)
		if err != nil {
			return err
		}
		batch.Queue(`UPDATE videos SET media = $3, duration_ns = $4`+live, l.workspace, clean(c.VideoID), media, sqldb.Duration(c.Media))
	}
	for _, table := range []string{"cues", "artifacts"} {
		batch.Queue(`DELETE FROM `+table+forget, l.workspace, clean(c.VideoID), clean(c.Run.Stage))
	}
	return nil
}

// insertResults adds what a stage has found.
func (l *library) insertResults(ctx context.Context, tx pgx.Tx, c store.Commit) error {
	if err := l.insertCues(ctx, tx, c.VideoID, c.Run.Stage, c.Cues); err != nil {
		return err
	}
	if err := l.insertArtifacts(ctx, tx, c); err != nil {
		return err
	}
	return replacePostings(ctx, tx, c)
}

// insertCues adds cues of a stage, each of its own where that is empty.
func (l *library) insertCues(ctx context.Context, tx pgx.Tx, videoID, stage string, cues []models.Cue) error {
	if len(cues) == 0 {
		return nil
	}
	columns := []string{"id", "workspace", "video_id", "stage", "kind", "start_ns", "end_ns", "text", "confidence", "data", "provenance", "edit"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"cues"}, columns, pgx.CopyFromSlice(len(cues), func(i int) ([]any, error) {
		cue := cues[i]
		provenance, err := json.Marshal(cue.Provenance)
		return []any{clean(cue.ID), l.workspace, videoID, clean(cmp.Or(stage, cue.Stage)), clean(cue.Kind), int64(cue.Start), int64(cue.End),
			clean(cue.Text), cue.Confidence, rawJSON(cue.Data), provenance, clean(cue.Edit)}, err
	}))
	return err
}

func (l *library) changeCues(ctx context.Context, tx pgx.Tx, videoID string, c store.CueChange) error {
	if len(c.Remove) > 0 {
		if _, err := tx.Exec(ctx, `DELETE FROM cues WHERE video_id = $1 AND id = ANY ($2)`, videoID, cleaned(c.Remove)); err != nil {
			return err
		}
	}
	if err := l.insertCues(ctx, tx, videoID, "", c.Add); err != nil {
		return err
	}
	return insertPostings(ctx, tx, videoID, c.Postings)
}

func (l *library) insertArtifacts(ctx context.Context, tx pgx.Tx, c store.Commit) error {
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
	return insertPostings(ctx, tx, c.VideoID, c.Postings)
}

func insertPostings(ctx context.Context, tx pgx.Tx, videoID string, postings []models.Posting) error {
	if len(postings) == 0 {
		return nil
	}
	var ids, terms, words []string
	for _, p := range postings {
		fields := split(p.Terms)
		ids, terms, words = append(ids, clean(p.CueID)), append(terms, joined(fields)), append(words, lexemes(fields))
	}
	_, err := tx.Exec(ctx, `INSERT INTO cue_terms (cue, terms, words)
		SELECT cues.n, p.terms, p.words::tsvector
		FROM unnest($2::text[], $3::text[], $4::text[]) AS p (cue, terms, words)
		JOIN cues ON cues.id = p.cue WHERE cues.video_id = $1`, videoID, ids, terms, words)
	return err
}
