package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/store/storetest"
)

// TestEveryEarlierSchemaIsBroughtUpToDate fills a database of each earlier
// schema from testdata/schema-N.sql: a new migration comes with that file for
// the schema before it.
func TestEveryEarlierSchemaIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for version := 1; version < len(files); version++ {
		t.Run(fmt.Sprint("schema ", version), func(t *testing.T) {
			t.Parallel()
			url := testenv.Postgres(t)
			if err := filled(t, url, int64(version)); err != nil {
				t.Fatal(err)
			}
			for range 2 { // and nothing happens to one that is up to date
				s, err := Open(t.Context(), url)
				if err != nil {
					t.Fatal(err)
				}
				storetest.Migrated(t, s)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// filled makes a database of an earlier schema with its rows.
func filled(t *testing.T, url string, version int64) (err error) {
	t.Helper()
	config, err := parse(url)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, sub)
	if err != nil {
		return err
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		return err
	}
	rows, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", version))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(t.Context(), string(rows))
	return err
}
