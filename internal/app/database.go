package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/riverq"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/postgres"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// database is an open database with the way to River in it.
type database struct {
	store.Store
	openQueue func(ctx context.Context, log *slog.Logger) (analyzer.Queue, error)
}

// openDatabase opens the PostgreSQL database at a URL, or without one the
// SQLite file.
func openDatabase(ctx context.Context, url config.Secret, file string) (*database, error) {
	if url.Reveal() == "" {
		db, err := sqlite.Open(ctx, file)
		if err != nil {
			return nil, err
		}
		return &database{db, func(ctx context.Context, log *slog.Logger) (analyzer.Queue, error) {
			queue, err := riverq.OpenSQLite(ctx, db.Writer(), log)
			return explained{queue, db.Explain}, db.Explain(ctx, err)
		}}, nil
	}
	db, err := postgres.Open(ctx, url.Reveal())
	if err != nil {
		return nil, err
	}
	return &database{db, func(ctx context.Context, log *slog.Logger) (analyzer.Queue, error) {
		queue, err := riverq.OpenPostgres(ctx, db.Pool(), log)
		return explained{queue, db.Explain}, db.Explain(ctx, err)
	}}, nil
}

// explained is a queue whose errors have the codes that its database's have.
type explained struct {
	analyzer.Queue
	explain func(ctx context.Context, err error) error
}

// Taken implements [analyzer.Queue].
func (q explained) Taken(ctx context.Context) ([]analyzer.Taken, error) {
	taken, err := q.Queue.Taken(ctx)
	return taken, q.explain(ctx, err)
}

// Waiting implements [analyzer.Queue].
func (q explained) Waiting(ctx context.Context) (map[analyzer.Class]analyzer.Backlog, error) {
	waiting, err := q.Queue.Waiting(ctx)
	return waiting, q.explain(ctx, err)
}

// Work implements [analyzer.Queue].
func (q explained) Work(ctx context.Context, worker string, slots map[analyzer.Class]int, do func(context.Context, analyzer.Task) error) error {
	return q.explain(ctx, q.Queue.Work(ctx, worker, slots, do))
}

// databasePatience is how long the doctor waits for a database.
const databasePatience = 10 * time.Second

// databaseParts asks the database that is configured, where one is.
func databaseParts(ctx context.Context, url config.Secret) []Part {
	if url.Reveal() == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	p := Part{Name: "postgresql", Purpose: "keeps what is known of the videos", Required: true}
	version, err := postgres.Version(ctx, url.Reveal())
	if err != nil {
		p.Problem, p.Install = models.AsError(err).Message, "apt-get install -y postgresql, and give its URL as CUEPOINT_DATABASE_URL"
		return []Part{p}
	}
	p.Found, p.Version, p.Path = true, version, "the server of --database"
	return []Part{p}
}
