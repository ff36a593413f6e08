package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// outage is how long a server that cannot be reached is waited for: longer than
// it takes to restart one.
const outage = 5 * time.Minute

// away are the codes of what may work again by itself.
var away = []models.Code{
	models.CodeDatabaseUnavailable, models.CodeStorageUnavailable, models.CodeServerUnavailable, models.CodeShuttingDown, models.CodeRateLimited,
}

// outlast calls f again as long as a server that it needs cannot be reached, for
// some minutes: who waits for hours of work does not give up because a server is
// restarted. f may be called twice.
func outlast(ctx context.Context, log *slog.Logger, f func() error) error {
	since := time.Now()
	for told := false; ; told = true {
		err := f()
		if !slices.Contains(away, models.ErrorCode(err)) || time.Since(since) >= outage {
			return err
		}
		if !told {
			log.Warn("waiting for a server to come back", "error", err)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
