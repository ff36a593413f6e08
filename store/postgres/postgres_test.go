package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.WithPostgres(m)) }

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return open(t, testenv.Postgres(t))
	})
}

func TestProcessesThatStartTogetherShareTheDatabase(t *testing.T) {
	t.Parallel()
	address := testenv.Postgres(t)
	stores := make([]*postgres.Store, 4)
	var starting sync.WaitGroup
	for i := range stores {
		starting.Go(func() {
			var err error
			if stores[i], err = postgres.Open(t.Context(), address); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	if t.Failed() {
		return
	}
	defer func() {
		for _, s := range stores {
			s.Close()
		}
	}()
	storetest.Shared(t, stores[0].In("ours"), stores[3].In("ours"))
}

func TestWhatIsWrongWithADatabaseIsNamedWithoutThePassword(t *testing.T) {
	t.Parallel()
	right := testenv.Postgres(t)
	replaced := func(old, with string) string { return strings.Replace(right, old, with, 1) }
	nowhere, err := url.Parse(right)
	if err != nil {
		t.Fatal(err)
	}
	nowhere.RawQuery = "host=" + filepath.Join(t.TempDir(), "none")
	for name, test := range map[string]struct {
		url  string
		code models.Code
	}{
		"no server":       {nowhere.String(), models.CodeDatabaseUnavailable},
		"a closed port":   {"postgres://cuepoint:" + testenv.PostgresPassword + "@127.0.0.1:1/x", models.CodeDatabaseUnavailable},
		"a wrong user":    {replaced("://cuepoint:", "://nobody:"), models.CodeInvalidArgument},
		"a wrong secret":  {replaced(testenv.PostgresPassword, testenv.PostgresPassword+"-not"), models.CodeInvalidArgument},
		"no such name":    {replaced("/test", "/none"), models.CodeInvalidArgument},
		"no URL":          {"postgres://cuepoint:" + testenv.PostgresPassword + "@host:port/%zz", models.CodeInvalidArgument},
		"a wrong setting": {right + "&pool_max_conns=" + testenv.PostgresPassword, models.CodeInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := postgres.Open(t.Context(), test.url)
			if models.ErrorCode(err) != test.code {
				t.Fatalf("error %v, want %s", err, test.code)
			}
			if strings.Contains(err.Error(), testenv.PostgresPassword) {
				t.Errorf("the error shows the password: %v", err)
			}
			if _, err := postgres.Version(t.Context(), test.url); models.ErrorCode(err) != test.code {
				t.Errorf("version: error %v, want %s", err, test.code)
			}
		})
	}
	if version, err := postgres.Version(t.Context(), right); err != nil || version == "" {
		t.Errorf("version %q, %v", version, err)
	}
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Postgres(t))
	l := s.In("ours")
	for _, id := range []string{"a", "b"} {
		if err := l.CreateVideo(t.Context(), &models.Video{ID: id, SHA256: id, State: models.VideoQueued}); err != nil {
			t.Fatal(err)
		}
	}
	// Each takes one video, waits until the other has taken the other, and wants
	// both: one of them has to give way.
	var both sync.WaitGroup
	taken := map[string]chan struct{}{"a": make(chan struct{}), "b": make(chan struct{})}
	tries := make(chan string, 100)
	for mine, others := range map[string]string{"a": "b", "b": "a"} {
		both.Go(func() {
			var once sync.Once
			err := s.Tx(t.Context(), func(tx store.Tx) error {
				tries <- mine
				if err := tx.In("ours").UpdateVideo(t.Context(), mine, store.VideoUpdate{Title: &mine}); err != nil {
					return err
				}
				once.Do(func() { close(taken[mine]) })
				<-taken[others]
				return tx.In("ours").UpdateVideo(t.Context(), others, store.VideoUpdate{Title: &mine})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if len(tries) < 3 {
		t.Errorf("%d tries, want one more than two: there was no deadlock", len(tries))
	}
}

func TestStatementsHaveAnEnd(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Postgres(t)+"&statement_timeout=50ms")
	sleep := func(ctx context.Context) error {
		return s.Tx(ctx, func(tx store.Tx) error {
			_, err := tx.Handle().(pgx.Tx).Exec(ctx, `SELECT pg_sleep(600)`)
			return err
		})
	}
	if err := sleep(t.Context()); models.ErrorCode(err) != models.CodeDataInUse {
		t.Errorf("a slow statement: %v, want DATA_IN_USE", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx); models.ErrorCode(err) != models.CodeCanceled {
		t.Errorf("a canceled statement: %v, want CANCELED", err)
	}
}

func TestAServerThatGoesAwayIsNamed(t *testing.T) {
	t.Parallel()
	s := open(t, testenv.Postgres(t))
	err := s.Tx(t.Context(), func(tx store.Tx) error {
		_, err := tx.Handle().(pgx.Tx).Exec(t.Context(), `SELECT pg_terminate_backend(pg_backend_pid())`)
		return err
	})
	if models.ErrorCode(err) != models.CodeDatabaseUnavailable {
		t.Errorf("error %v, want DATABASE_UNAVAILABLE", err)
	}
	if _, err := s.In("ours").Videos(t.Context(), store.VideoQuery{}); err != nil {
		t.Errorf("the store does not come back: %v", err)
	}
	full := s.Tx(t.Context(), func(store.Tx) error { return &pgconn.PgError{Code: "53100"} })
	if models.ErrorCode(full) != models.CodeStorageFull {
		t.Errorf("a full disk: %v, want STORAGE_FULL", full)
	}
}
