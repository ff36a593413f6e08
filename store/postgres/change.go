package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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
		update, args := l.update(c.VideoID, c.Video)
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
		switch err := tx.SendBatch(ctx, &batch).Close(); {
		case err != nil:
			return err
		case !found:
			return sqldb.NoVideo(c.VideoID)
		case c.Commit != nil: // of a video that is known to be ours
			return l.insertResults(ctx, tx, *c.Commit)
		}
		return nil
	})
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
	for _, insert := range []func(context.Context, pgx.Tx, store.Commit) error{l.insertCues, l.insertArtifacts, replacePostings} {
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

func (l *library) insertCues(ctx context.Context, tx pgx.Tx, c store.Commit) error {
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
