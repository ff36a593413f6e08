package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
)

// scanner is a row of a result: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// nullMicros is NULL for the zero time.
func nullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func timeFrom(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64).UTC()
}

// nullJSON is NULL for a nil pointer.
func nullJSON[T any](v *T) (sql.NullString, error) {
	if v == nil {
		return sql.NullString{}, nil
	}
	b, err := json.Marshal(v)
	return sql.NullString{String: string(b), Valid: true}, err
}

// rawJSON is NULL for no bytes.
func rawJSON(b json.RawMessage) sql.NullString {
	return sql.NullString{String: string(b), Valid: len(b) > 0}
}

func rawFrom(s sql.NullString) json.RawMessage {
	if !s.Valid {
		return nil
	}
	return json.RawMessage(s.String)
}

// marks is n question marks for an IN list.
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}

// excluded names columns as an upsert's new values.
func excluded(columns string) string {
	return "excluded." + strings.Join(strings.FieldsFunc(columns, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }), ", excluded.")
}

func anys[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// chunk is how many rows one statement writes: far from SQLite's limit of
// variables, and enough that the cost of a statement no longer counts. FTS5
// writes its index out after every one.
const chunk = 500

// insert runs statement for all rows, with %VALUES% standing for as many lists
// of question marks as there are rows, and the arguments of last after theirs.
func insert(ctx context.Context, tx *sql.Tx, statement string, rows [][]any, last ...any) error {
	for some := range slices.Chunk(rows, chunk) {
		lists := strings.TrimSuffix(strings.Repeat("("+marks(len(some[0]))+"),", len(some)), ",")
		args := append(slices.Concat(some...), last...)
		if _, err := tx.ExecContext(ctx, strings.Replace(statement, "%VALUES%", lists, 1), args...); err != nil {
			return err
		}
	}
	return nil
}
