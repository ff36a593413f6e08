package sqlite

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/cuepoint/cuepoint/models"
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
			path := filepath.Join(t.TempDir(), "cuepoint.db")
			filled(t, path, int64(version))
			for range 2 { // and nothing happens to one that is up to date
				s, err := Open(t.Context(), path)
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
func filled(t *testing.T, path string, version int64) {
	t.Helper()
	db, err := connect(path, "immediate", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, sub)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", version))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(rows)); err != nil {
		t.Fatal(err)
	}
}

func TestALibraryOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cuepoint.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path)
	if e := models.AsError(err); e == nil || e.Code != models.CodeInvalidArgument || !strings.Contains(e.Message, "newer") {
		t.Errorf("error %v, want INVALID_ARGUMENT that says so", err)
	}
}
