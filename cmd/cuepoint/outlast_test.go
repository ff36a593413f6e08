package main

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

func TestOutlastWaitsForServersAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code  models.Code
		away  time.Duration // after which f works
		given time.Duration // to the context
		want  models.Code
		waits time.Duration
	}{
		"a database that comes back":       {models.CodeDatabaseUnavailable, 30 * time.Second, time.Hour, "", 30 * time.Second},
		"a store of files that comes back": {models.CodeStorageUnavailable, 30 * time.Second, time.Hour, "", 30 * time.Second},
		"one that never does":              {models.CodeDatabaseUnavailable, 2 * time.Hour, time.Hour, models.CodeDatabaseUnavailable, 5 * time.Minute},
		"another fault":                    {models.CodeStorageFull, 2 * time.Hour, time.Hour, models.CodeStorageFull, 0},
		"the end of patience":              {models.CodeStorageUnavailable, time.Hour, 10 * time.Second, models.CodeStageTimeout, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.given)
				defer cancel()
				began := time.Now()
				err := outlast(ctx, slog.New(slog.DiscardHandler), func() error {
					if time.Since(began) >= test.away {
						return nil
					}
					return models.Errorf(test.code, "it cannot be had")
				})
				if code := models.ErrorCode(err); code != test.want || time.Since(began) != test.waits {
					t.Errorf("%v after %v, want %s after %v", err, time.Since(began), test.want, test.waits)
				}
			})
		})
	}
}
