package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// clean makes a text fit for the database, which takes valid UTF-8 without NUL.
func clean[T ~string](s T) string { return sqldb.Clean(s) }

// cleaned is clean for each of some texts.
func cleaned[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = clean(s)
	}
	return texts
}

// nullTime is NULL for the zero time.
func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func timeFrom(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// nullJSON is NULL for a nil pointer.
func nullJSON[T any](v *T) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// rawJSON is NULL for no bytes.
func rawJSON(b json.RawMessage) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// conditions gathers the conditions of a statement and their arguments.
type conditions struct {
	text []string
	args []any
}

// add takes a condition in which %d, or %[1]d, stands for the number of its argument.
func (c *conditions) add(condition string, arg any) {
	c.args = append(c.args, arg)
	c.text = append(c.text, fmt.Sprintf(condition, len(c.args)))
}

// String is all of them.
func (c *conditions) String() string { return strings.Join(c.text, " AND ") }
