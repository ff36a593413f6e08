package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const watchedColumns = `watch, name, version, sidecar, upload_id, due, attempts, revision`

func scanWatched(row pgx.CollectableRow) (store.Watched, error) {
	var w store.Watched
	var name []byte
	var due *time.Time
	err := row.Scan(&w.Watch, &name, &w.Version, &w.Sidecar, &w.UploadID, &due, &w.Attempts, &w.Revision)
	w.Name, w.Due = string(name), timeFrom(due)
	return w, err
}

// Watched implements [store.Library].
func (l *library) Watched(ctx context.Context, watch string, names []string) ([]store.Watched, error) {
	if len(names) == 0 {
		return nil, nil
	}
	all := make([][]byte, len(names))
	for i, name := range names {
		all[i] = []byte(name)
	}
	return l.watched(ctx, `name = ANY ($3)`, clean(watch), all)
}

// DueWatched implements [store.Library].
func (l *library) DueWatched(ctx context.Context, watch string, now time.Time, limit int) ([]store.Watched, error) {
	return l.watched(ctx, `due <= $3 ORDER BY due, name LIMIT $4`, clean(watch), now, limit)
}

func (l *library) watched(ctx context.Context, where string, args ...any) ([]store.Watched, error) {
	all, err := query(ctx, l.read(), scanWatched, `SELECT `+watchedColumns+` FROM watched WHERE workspace = $1 AND watch = $2 AND `+where,
		append([]any{l.workspace}, args...)...)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list watched files: %w", err))
	}
	return all, nil
}

// SaveWatched implements [store.Library].
func (l *library) SaveWatched(ctx context.Context, w store.Watched) error {
	statement := `UPDATE watched SET version = $4, sidecar = $5, upload_id = $6, due = $7, attempts = $8, revision = $9 + 1
		WHERE workspace = $1 AND watch = $2 AND name = $3 AND revision = $9`
	if w.Revision == 0 {
		statement = `INSERT INTO watched (workspace, ` + watchedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9 + 1) ON CONFLICT DO NOTHING`
	}
	return l.write(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, statement,
			l.workspace, clean(w.Watch), []byte(w.Name), clean(w.Version), clean(w.Sidecar), clean(w.UploadID), nullTime(w.Due), w.Attempts, w.Revision)
		if err == nil && tag.RowsAffected() == 0 {
			err = sqldb.SeenTo(w.Name)
		}
		return err
	})
}
