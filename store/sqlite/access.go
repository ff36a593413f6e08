package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const keyColumns = `id, workspace, title, scopes, hash, created, expires, last_used, revoked`

// CreateKey implements [store.Library].
func (l *library) CreateKey(ctx context.Context, k models.Key) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO keys (`+keyColumns+`) VALUES (?,?,?,?,?,?,?,?,?)`,
			k.ID, l.workspace, k.Title, sqldb.ScopesColumn(k.Scopes), k.Hash,
			k.Created.UnixMicro(), nullMicros(k.Expires), nullMicros(k.LastUsed), nullMicros(k.Revoked))
		return err
	})
}

// Keys implements [store.Library].
func (l *library) Keys(ctx context.Context) ([]models.Key, error) {
	rows, err := l.read().QueryContext(ctx, `SELECT `+keyColumns+` FROM keys WHERE workspace = ? ORDER BY created DESC, id DESC`, l.workspace)
	if err != nil {
		return nil, coded(fmt.Errorf("list keys: %w", err))
	}
	keys, err := collect(rows, scanKey)
	return keys, coded(err)
}

// RevokeKey implements [store.Library].
func (l *library) RevokeKey(ctx context.Context, id string, at time.Time) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE keys SET revoked = coalesce(revoked, ?) WHERE workspace = ? AND id = ?`,
			at.UnixMicro(), l.workspace, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return sqldb.NoKey()
	})
}

// Key implements [store.Store].
func (s *Store) Key(ctx context.Context, id string) (models.Key, error) {
	k, err := scanKey(s.read.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM keys WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return models.Key{}, sqldb.NoKey()
	}
	return k, coded(err)
}

func scanKey(row scanner) (models.Key, error) {
	var k models.Key
	var scopes string
	var created int64
	var expires, used, revoked sql.NullInt64
	err := row.Scan(&k.ID, &k.Workspace, &k.Title, &scopes, &k.Hash, &created, &expires, &used, &revoked)
	k.Scopes, k.Created = sqldb.ScopesFrom(scopes), time.UnixMicro(created).UTC()
	k.Expires, k.LastUsed, k.Revoked = timeFrom(expires), timeFrom(used), timeFrom(revoked)
	return k, err
}

// TouchKey implements [store.Store].
func (s *Store) TouchKey(ctx context.Context, id string, at time.Time) error {
	_, err := s.write.ExecContext(ctx, `UPDATE keys SET last_used = ?1 WHERE id = ?2 AND coalesce(last_used < ?1, TRUE)`, at.UnixMicro(), id)
	return coded(err)
}

// HasKeys implements [store.Store].
func (s *Store) HasKeys(ctx context.Context) (has bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM keys)`).Scan(&has)
	return has, coded(err)
}

// CreateSession implements [store.Store].
func (s *Store) CreateSession(ctx context.Context, one models.Session) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO sessions (hash, workspace, scopes, key, person, created, expires) VALUES (?,?,?,?,?,?,?)`,
		one.Hash, one.Workspace, sqldb.ScopesColumn(one.Scopes), one.Key, one.Person, one.Created.UnixMicro(), one.Expires.UnixMicro())
	return coded(err)
}

// Session implements [store.Store].
func (s *Store) Session(ctx context.Context, hash string) (models.Session, error) {
	var one models.Session
	var scopes string
	var created, expires int64
	err := s.read.QueryRowContext(ctx, `SELECT hash, workspace, scopes, key, person, created, expires FROM sessions
		WHERE hash = ? AND (key = '' OR EXISTS (SELECT 1 FROM keys WHERE id = key AND revoked IS NULL))`, hash).
		Scan(&one.Hash, &one.Workspace, &scopes, &one.Key, &one.Person, &created, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return models.Session{}, sqldb.NoSession()
	}
	one.Scopes, one.Created, one.Expires = sqldb.ScopesFrom(scopes), time.UnixMicro(created).UTC(), time.UnixMicro(expires).UTC()
	return one, coded(err)
}

// EndSession implements [store.Store].
func (s *Store) EndSession(ctx context.Context, hash string) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, hash)
	return coded(err)
}

// DropSessions implements [store.Store].
func (s *Store) DropSessions(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM sessions WHERE expires < ?`, before.UnixMicro())
	return coded(err)
}
