package bench

import (
	"cmp"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// The server keeps what it is told through a crash, as one in earnest does.
func TestMain(m *testing.M) {
	os.Exit(testenv.WithPostgres(m, "fsync=on", "full_page_writes=on", "synchronous_commit=on").Run())
}

// atMost reports the median ratio of times in the same round, and fails the
// benchmark where it is above a limit.
func atMost(b *testing.B, name string, ours, theirs []time.Duration, limit float64) {
	b.Helper()
	if ratio := compare(b, name, ours, theirs); ratio > limit {
		b.Errorf("%s is %.3f, want at most %.2f", name, ratio, limit)
	}
}

// compare reports and returns the median ratio of times in the same round.
func compare(b *testing.B, name string, ours, theirs []time.Duration) float64 {
	b.Helper()
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, ours[i].Seconds()/theirs[i].Seconds())
	}
	ratio := median(ratios)
	b.ReportMetric(ratio, name)
	b.Logf("%-16s median %.3f, from %.3f to %.3f", name, ratio, slices.Min(ratios), slices.Max(ratios))
	return ratio
}

func median[T cmp.Ordered](values []T) T { return percentile(values, 50) }

// percentile is the value below which p of a hundred are.
func percentile[T cmp.Ordered](values []T, p int) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// database is a way to make a new one with a queue in it. plain is River's own
// workflow over the same database.
type database struct {
	name string
	open func(b *testing.B) (store.Store, analyzer.Queue, plain)
}

// databases are SQLite, PostgreSQL, and the same without waiting for its disk:
// what remains is our own and the server's work.
var databases = []database{
	{"SQLite", openSQLite},
	{"PostgreSQL", func(b *testing.B) (store.Store, analyzer.Queue, plain) { return openPostgres(b, "on") }},
	{"PostgreSQL-async", func(b *testing.B) (store.Store, analyzer.Queue, plain) { return openPostgres(b, "off") }},
}

func openSQLite(b *testing.B) (store.Store, analyzer.Queue, plain) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "cuepoint.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	queue, err := riverq.OpenSQLite(b.Context(), db.Writer(), quiet())
	if err != nil {
		b.Fatal(err)
	}
	return db, queue, plainSQLite(b)
}

// openPostgres gives the store as many connections as it has use for.
func openPostgres(b *testing.B, wait string) (store.Store, analyzer.Queue, plain) {
	b.Helper()
	db, err := postgres.Open(b.Context(), testenv.Postgres(b)+"&pool_max_conns=32&synchronous_commit="+wait)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	queue, err := riverq.OpenPostgres(b.Context(), db.Pool(), quiet())
	if err != nil {
		b.Fatal(err)
	}
	return db, queue, plainPostgres(b, db.Pool())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
