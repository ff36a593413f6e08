package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

const keyColumns = `id, workspace, title, scopes, hash, created, expires, last_used, revoked`

// CreateKey implements [store.Library].
func (l *library) CreateKey(ctx context.Context, k models.Key) error {
	_, err := l.exec(ctx, `INSERT INTO keys (`+keyColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		clean(k.ID), l.workspace, clean(k.Title), clean(sqldb.ScopesColumn(k.Scopes)), clean(k.Hash),
		k.Created, nullTime(k.Expires), nullTime(k.LastUsed), nullTime(k.Revoked))
	return err
}

// Keys implements [store.Library].
func (l *library) Keys(ctx context.Context) ([]models.Key, error) {
	keys, err := query(ctx, l.read(), scanKey, `SELECT `+keyColumns+` FROM keys WHERE workspace = $1 ORDER BY created DESC, id DESC`, l.workspace)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("list keys: %w", err))
	}
	return keys, nil
}

// RevokeKey implements [store.Library].
func (l *library) RevokeKey(ctx context.Context, id string, at time.Time) error {
	tag, err := l.exec(ctx, `UPDATE keys SET revoked = coalesce(revoked, $3) WHERE workspace = $1 AND id = $2`, l.workspace, clean(id), at)
	if err == nil && tag.RowsAffected() == 0 {
		return sqldb.NoKey()
	}
	return err
}

// Key implements [store.Store].
func (s *Store) Key(ctx context.Context, id string) (models.Key, error) {
	keys, err := query(ctx, s.pool, scanKey, `SELECT `+keyColumns+` FROM keys WHERE id = $1`, clean(id))
	if err == nil && len(keys) == 0 {
		err = sqldb.NoKey()
	}
	if err != nil {
		return models.Key{}, coded(ctx, err)
	}
	return keys[0], nil
}

func scanKey(row pgx.CollectableRow) (models.Key, error) {
	var k models.Key
	var scopes string
	var expires, used, revoked *time.Time
	err := row.Scan(&k.ID, &k.Workspace, &k.Title, &scopes, &k.Hash, &k.Created, &expires, &used, &revoked)
	k.Scopes, k.Created = sqldb.ScopesFrom(scopes), k.Created.UTC()
	k.Expires, k.LastUsed, k.Revoked = timeFrom(expires), timeFrom(used), timeFrom(revoked)
	return k, err
}

// TouchKey implements [store.Store].
func (s *Store) TouchKey(ctx context.Context, id string, at time.Time) error {
	_, err := s.pool.Exec(ctx, `UPDATE keys SET last_used = $1 WHERE id = $2 AND (last_used IS NULL OR last_used < $1)`, at, clean(id))
	return coded(ctx, err)
}

// HasKeys implements [store.Store].
func (s *Store) HasKeys(ctx context.Context) (has bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM keys)`).Scan(&has)
	return has, coded(ctx, err)
}

// CreateSession implements [store.Store].
func (s *Store) CreateSession(ctx context.Context, one models.Session) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO sessions (hash, workspace, scopes, key, person, created, expires) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
		clean(one.Hash), clean(one.Workspace), clean(sqldb.ScopesColumn(one.Scopes)), clean(one.Key), clean(one.Person), one.Created, one.Expires)
	return coded(ctx, err)
}

// Session implements [store.Store].
func (s *Store) Session(ctx context.Context, hash string) (models.Session, error) {
	var one models.Session
	var scopes string
	err := s.pool.QueryRow(ctx, `SELECT hash, workspace, scopes, key, person, created, expires FROM sessions
		WHERE hash = $1 AND (key = '' OR EXISTS (SELECT FROM keys WHERE id = key AND revoked IS NULL))`, clean(hash)).
		Scan(&one.Hash, &one.Workspace, &scopes, &one.Key, &one.Person, &one.Created, &one.Expires)
	if errors.Is(err, pgx.ErrNoRows) {
		return models.Session{}, sqldb.NoSession()
	}
	one.Scopes, one.Created, one.Expires = sqldb.ScopesFrom(scopes), one.Created.UTC(), one.Expires.UTC()
	return one, coded(ctx, err)
}

// EndSession implements [store.Store].
func (s *Store) EndSession(ctx context.Context, hash string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sessions WHERE hash = $1`, clean(hash))
	return coded(ctx, err)
}

// DropSessions implements [store.Store].
func (s *Store) DropSessions(ctx context.Context, before time.Time) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sessions WHERE expires < $1`, before)
	return coded(ctx, err)
}
