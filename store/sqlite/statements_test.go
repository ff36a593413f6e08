package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

// Statements are kept compiled and used again: none may tell what it was used
// for before, or be used for two things at once.
func TestStatementsUsedAgain(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "cuepoint.db"))
	one, err := s.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	exec(t, one, `CREATE TABLE numbers (n)`)
	for n := range 5 {
		exec(t, one, `INSERT INTO numbers VALUES (?)`, n)
	}
	const higher = `SELECT n FROM numbers WHERE n > ? ORDER BY n`

	t.Run("within themselves", func(t *testing.T) {
		pairs := 0
		each(t, one, higher, 0, func(n int) {
			each(t, one, higher, n, func(int) {
				if pairs++; pairs > 6 {
					t.Fatal("more than 6 pairs of 1 to 4")
				}
			})
		})
		if pairs != 6 {
			t.Errorf("%d pairs of 1 to 4, want 6", pairs)
		}
	})
	t.Run("after a reader went away early", func(t *testing.T) {
		for range 3 {
			var first int
			if err := one.QueryRowContext(t.Context(), higher, 2).Scan(&first); err != nil || first != 3 {
				t.Errorf("%d, %v; want 3", first, err)
			}
		}
		exec(t, one, `DROP TABLE IF EXISTS others`) // which nobody who reads may hold up
	})
	t.Run("after they failed", func(t *testing.T) {
		exec(t, one, `CREATE TABLE others (n UNIQUE)`)
		const insert = `INSERT INTO others VALUES (?)`
		exec(t, one, insert, 1)
		if _, err := one.ExecContext(t.Context(), insert, 1); err == nil {
			t.Error("1 went in twice")
		}
		exec(t, one, insert, 2)
		wantNumber(t, one, `SELECT count(*) FROM others`, 2)
	})
	t.Run("after their context ended", func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := one.ExecContext(ended, `DELETE FROM numbers`); !errors.Is(err, context.Canceled) {
			t.Errorf("delete: %v", err)
		}
		wantNumber(t, one, `SELECT count(*) FROM numbers`, 5)
	})
	t.Run("over another schema", func(t *testing.T) {
		const whole = `SELECT * FROM numbers WHERE n = 4`
		wantNumber(t, one, whole, 4)
		exec(t, one, `ALTER TABLE numbers ADD COLUMN m DEFAULT 7`)
		var n, m int
		if err := one.QueryRowContext(t.Context(), whole).Scan(&n, &m); err != nil || m != 7 {
			t.Errorf("%d and %d, %v; want 4 and 7", n, m, err)
		}
	})
	t.Run("more of them than are kept", func(t *testing.T) {
		for round := range 2 {
			for n := range 600 {
				wantNumber(t, one, fmt.Sprintf(`SELECT %d + ?`, n), n+round, round)
			}
		}
	})
}

func exec(t *testing.T, c *sql.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := c.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, c *sql.Conn, query string, arg int, f func(n int)) {
	t.Helper()
	rows, err := c.QueryContext(t.Context(), query, arg)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		f(n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func wantNumber(t *testing.T, c *sql.Conn, query string, want int, args ...any) {
	t.Helper()
	var n int
	if err := c.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil || n != want {
		t.Errorf("%s: %d, %v; want %d", query, n, err, want)
	}
}
