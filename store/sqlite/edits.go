package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// putEdits adds edits, or writes what has become of them.
func (l *library) putEdits(ctx context.Context, tx *sql.Tx, videoID string, edits ...models.Edit) error {
	rows := make([][]any, 0, len(edits))
	for _, e := range edits {
		change, covers, err := sqldb.EditColumns(e)
		if err != nil {
			return err
		}
		rows = append(rows, []any{e.ID, l.workspace, videoID, e.Kind, e.Author, e.Created.UnixMicro(), e.State, change, covers})
	}
	return insert(ctx, tx, `INSERT INTO edits (id, workspace, video_id, kind, author, created, state, change, covers) VALUES %VALUES%
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, covers = excluded.covers WHERE edits.video_id = excluded.video_id`, rows)
}

// Edit implements [store.Library].
func (l *library) Edit(ctx context.Context, id string) (models.Edit, error) {
	found, err := l.edits(ctx, `edits.id = ?`, id)
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
	where, args := "video_id = ? AND n < ?", []any{q.VideoID, list.Before}
	if len(q.States) > 0 {
		where, args = where+" AND edits.state IN ("+marks(len(q.States))+")", append(args, anys(q.States)...)
	}
	found, err := l.edits(ctx, where+` ORDER BY n DESC LIMIT ?`, append(args, list.Limit)...)
	return list.Page(found), err
}

// StandingEdits implements [store.TxLibrary].
func (l *txLibrary) StandingEdits(ctx context.Context, videoID string, kind models.CueKind) ([]models.Edit, error) {
	found, err := l.edits(ctx, `video_id = ? AND kind = ? AND edits.state <> ? ORDER BY n`, videoID, kind, models.EditReverted)
	return sqldb.EditsOf(found), err
}

func (l *library) edits(ctx context.Context, where string, args ...any) ([]sqldb.NumberedEdit, error) {
	rows, err := l.read().QueryContext(ctx, `SELECT n, edits.id, video_id, kind, author, edits.created, edits.state, change, covers
		FROM edits`+ofLive+`WHERE `+where, append([]any{l.workspace}, args...)...)
	if err != nil {
		return nil, coded(fmt.Errorf("read edits: %w", err))
	}
	found, err := collect(rows, func(row scanner) (sqldb.NumberedEdit, error) {
		var n sqldb.NumberedEdit
		var created int64
		var change, covers []byte
		e := &n.Edit
		if err := row.Scan(&n.N, &e.ID, &e.VideoID, &e.Kind, &e.Author, &created, &e.State, &change, &covers); err != nil {
			return n, err
		}
		e.Created = time.UnixMicro(created).UTC()
		return n, sqldb.EditFrom(e, change, covers)
	})
	return found, coded(err)
}
