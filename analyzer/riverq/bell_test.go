package riverq

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/testenv"
)

// What River says to its workers is no part of its promise: should it change,
// this shows it.
func TestNotificationsAreRivers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pool, err := pgxpool.New(ctx, testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := OpenPostgres(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	driver := riverpgxv5.New(pool)
	listener := driver.GetListener(&riverdriver.GetListenenerParams{})
	if err := listener.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer listener.Close(ctx)
	want := notification(analyzer.CPU)
	if err := listener.Listen(ctx, want.Topic); err != nil {
		t.Fatal(err)
	}
	hear := func() {
		t.Helper()
		got, err := listener.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("notification (-want +got):\n%s", diff)
		}
	}
	client, err := river.NewClient[pgx.Tx](driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Insert(ctx, job{}, &river.InsertOpts{Queue: string(analyzer.CPU)}); err != nil {
		t.Fatal(err)
	}
	hear()
	ringServer(driver)([]riverdriver.Notification{want})
	hear()
}

func TestABellTellsOnceOfAllThatComesSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rung []riverdriver.Notification
		b := newBell(func(all []riverdriver.Notification) { rung = append(rung, all...) })
		for round := range 3 {
			for range 100 {
				b.tell([]analyzer.Due{{Class: analyzer.Heavy}, {Class: analyzer.Heavy}})
			}
			<-time.After(2 * pause)
			synctest.Wait()
			if len(rung) != round+1 {
				t.Fatalf("after %d rounds: %v", round+1, rung)
			}
		}
	})
}

func TestAListenerHearsWhileItIsConnected(t *testing.T) {
	t.Parallel()
	d := &local{listeners: map[*listener]bool{}}
	l := d.GetListener(nil)
	said := []riverdriver.Notification{notification(analyzer.CPU), notification(analyzer.Light)}
	d.ring(said)
	for range 2 {
		if err := l.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.ring(said)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.ring(said)
		for _, want := range said {
			if got, err := l.WaitForNotification(t.Context()); err != nil || *got != want {
				t.Errorf("heard %v, %v; want %v", got, err, want)
			}
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := l.WaitForNotification(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("heard %v, %v, which nobody said to it", got, err)
	}
}
