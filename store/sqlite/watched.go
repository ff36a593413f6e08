package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const watchedColumns = `watch, name, version, sidecar, upload_id, due, attempts, revision`

func scanWatched(row scanner) (store.Watched, error) {
	var w store.Watched
	var name []byte
	var due sql.NullInt64
	err := row.Scan(&w.Watch, &name, &w.Version, &w.Sidecar, &w.UploadID, &due, &w.Attempts, &w.Revision)
	w.Name, w.Due = string(name), timeFrom(due)
	return w, err
}

// Watched implements [store.Library].
func (l *library) Watched(ctx context.Context, watch string, names []string) ([]store.Watched, error) {
	if len(names) == 0 {
		return nil, nil
	}
	args := []any{l.workspace, watch}
	for _, name := range names {
		args = append(args, []byte(name))
	}
	return l.watched(ctx, `name IN (`+marks(len(names))+`)`, args...)
}

// DueWatched implements [store.Library].
func (l *library) DueWatched(ctx context.Context, watch string, now time.Time, limit int) ([]store.Watched, error) {
	return l.watched(ctx, `due <= ? ORDER BY due, name LIMIT ?`, l.workspace, watch, now.UnixMicro(), limit)
}

func (l *library) watched(ctx context.Context, where string, args ...any) ([]store.Watched, error) {
	rows, err := l.read().QueryContext(ctx, `SELECT `+watchedColumns+` FROM watched WHERE workspace = ? AND watch = ? AND `+where, args...)
	if err != nil {
		return nil, coded(fmt.Errorf("list watched files: %w", err))
	}
	all, err := collect(rows, scanWatched)
	return all, coded(err)
}

// SaveWatched implements [store.Library].
func (l *library) SaveWatched(ctx context.Context, w store.Watched) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		statement := `UPDATE watched SET version = ?4, sidecar = ?5, upload_id = ?6, due = ?7, attempts = ?8, revision = ?9 + 1
			WHERE workspace = ?1 AND watch = ?2 AND name = ?3 AND revision = ?9`
		if w.Revision == 0 {
			statement = `INSERT INTO watched (workspace, ` + watchedColumns + `) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 + 1) ON CONFLICT DO NOTHING`
		}
		result, err := tx.ExecContext(ctx, statement,
			l.workspace, w.Watch, []byte(w.Name), w.Version, w.Sidecar, w.UploadID, nullMicros(w.Due), w.Attempts, w.Revision)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return sqldb.SeenTo(w.Name)
	})
}
