package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// putEdits adds edits, or writes what has become of them.
func (l *library) putEdits(ctx context.Context, tx pgx.Tx, videoID string, edits ...models.Edit) error {
	if len(edits) == 0 {
		return nil
	}
	var batch pgx.Batch
	for _, e := range edits {
		change, covers, err := sqldb.EditColumns(e)
		if err != nil {
			return err
		}
		batch.Queue(`INSERT INTO edits (id, workspace, video_id, kind, author, created, state, change, covers) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, covers = excluded.covers WHERE edits.video_id = excluded.video_id`,
			clean(e.ID), l.workspace, videoID, clean(e.Kind), clean(e.Author), e.Created, clean(e.State), change, covers)
	}
	return tx.SendBatch(ctx, &batch).Close()
}

// Edit implements [store.Library].
func (l *library) Edit(ctx context.Context, id string) (models.Edit, error) {
	found, err := l.edits(ctx, `edits.id = $2`, clean(id))
	if err == nil && len(found) == 0 {
		err = sqldb.NoEdit(id)
	}
	if err != nil {
		return models.Edit{}, err
	}
	return found[0].Edit, nil
}

// Edits implements [store.Library].
func (l *library) Edits(ctx context.Context, q store.EditQuery) (store.EditPage, error) {
	list, err := sqldb.ListEdits(q)
	if err != nil {
		return store.EditPage{}, err
	}
	where, args := "video_id = $2 AND edits.n < $3", []any{clean(q.VideoID), list.Before, list.Limit}
	if len(q.States) > 0 {
		where, args = where+" AND edits.state = ANY ($5)", append(args, cleaned(q.States))
	}
	found, err := l.edits(ctx, where+` ORDER BY edits.n DESC LIMIT $4`, args...)
	return list.Page(found), err
}

// StandingEdits implements [store.TxLibrary].
func (l *txLibrary) StandingEdits(ctx context.Context, videoID string, kind models.CueKind) ([]models.Edit, error) {
	found, err := l.edits(ctx, `video_id = $2 AND kind = $3 AND edits.state <> $4 ORDER BY edits.n`,
		clean(videoID), clean(kind), models.EditReverted)
	return sqldb.EditsOf(found), err
}

// edits reads edits of videos that are not deleted; the workspace is $1.
func (l *library) edits(ctx context.Context, where string, args ...any) ([]sqldb.NumberedEdit, error) {
	found, err := query(ctx, l.read(), func(row pgx.CollectableRow) (sqldb.NumberedEdit, error) {
		var n sqldb.NumberedEdit
		var change, covers []byte
		e := &n.Edit
		if err := row.Scan(&n.N, &e.ID, &e.VideoID, &e.Kind, &e.Author, &e.Created, &e.State, &change, &covers); err != nil {
			return n, err
		}
		e.Created = e.Created.UTC()
		return n, sqldb.EditFrom(e, change, covers)
	}, `SELECT edits.n, edits.id, video_id, kind, author, edits.created, edits.state, change, covers
		FROM edits`+ofLive+`WHERE `+where, append([]any{l.workspace}, args...)...)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("read edits: %w", err))
	}
	return found, nil
}
