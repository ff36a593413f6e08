package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
)

// Clean makes a text fit for every database: valid UTF-8 without NUL.
func Clean[T ~string](s T) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD")
}

// Folded is the column beside a text's own in which parts of it are looked for,
// so that the databases' own ideas of case have no say.
func Folded(s string) string { return text.Fold(Clean(s)) }

// foldAtOnce is how many videos one transaction folds.
const foldAtOnce = 500

// foldAll folds the texts of the videos that came from an earlier schema.
// update takes a video's title, source and language, all folded, and its id.
func foldAll(ctx context.Context, db *sql.DB, update string) error {
	for n := foldAtOnce; n == foldAtOnce; {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if n, err = foldSome(ctx, tx, update); err != nil {
			return errors.Join(fmt.Errorf("fold the texts of videos: %w", err), tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func foldSome(ctx context.Context, tx *sql.Tx, update string) (int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT title, source, language, id FROM videos WHERE title_folded IS NULL LIMIT `+strconv.Itoa(foldAtOnce))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var all [][4]string
	for rows.Next() {
		var one [4]string
		if err := rows.Scan(&one[0], &one[1], &one[2], &one[3]); err != nil {
			return 0, err
		}
		all = append(all, one)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, v := range all {
		if _, err := tx.ExecContext(ctx, update, Folded(v[0]), Folded(v[1]), Folded(v[2]), v[3]); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// LabelColumns are a video's labels as JSON, as they are and folded.
func LabelColumns(labels map[string]string) (plain, folded string) {
	clean, fold := make(map[string]string, len(labels)), make(map[string]string, len(labels))
	for key, value := range labels {
		clean[Clean(key)], fold[Clean(key)] = Clean(value), Folded(value)
	}
	return encode(clean), encode(fold)
}

// LabelsFrom is the reverse of [LabelColumns].
func LabelsFrom(id string, plain []byte) (labels map[string]string, err error) {
	if err := json.Unmarshal(plain, &labels); err != nil {
		return nil, fmt.Errorf("labels of video %s: %w", id, err)
	}
	if len(labels) == 0 {
		return nil, nil
	}
	return labels, nil
}

// encode is for maps of texts, which always have a JSON form.
func encode(m map[string]string) string {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Duration is the column of a video's length.
func Duration(m *models.MediaInfo) int64 {
	if m == nil {
		return 0
	}
	return int64(m.Duration)
}

// Scopes are kept as words.

// ScopesColumn is scopes as one text.
func ScopesColumn(scopes []models.Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}

// ScopesFrom is the reverse of [ScopesColumn].
func ScopesFrom(words string) (scopes []models.Scope) {
	for _, word := range strings.Fields(words) {
		scopes = append(scopes, models.Scope(word))
	}
	return scopes
}
