package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/cuepoint/cuepoint/models"
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

func micros(t time.Time) int64 { return t.UnixMicro() }

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

// Only the code and the sentence for people are kept: causes are the log's.

func errorColumns(e *models.Error) (models.Code, string) {
	if e == nil {
		return "", ""
	}
	return e.Code, e.Message
}

func errorFrom(code models.Code, message string) *models.Error {
	if code == "" {
		return nil
	}
	return &models.Error{Code: code, Message: message}
}
