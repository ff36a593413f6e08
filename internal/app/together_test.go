package app

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestPartsEndOneAfterTheOther(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		stop func(end context.CancelFunc, fail chan<- error)
		want error
	}{
		"told to":        {func(end context.CancelFunc, _ chan<- error) { end() }, nil},
		"one of them":    {func(_ context.CancelFunc, fail chan<- error) { fail <- broken }, broken},
		"one, by itself": {func(_ context.CancelFunc, fail chan<- error) { fail <- nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			defer end()
			var order []string // of what ends: each waits for the one before
			fail := make(chan error)
			begun := make(chan struct{}, 3)
			until := func(name string) part {
				return func(ctx context.Context) error {
					begun <- struct{}{}
					<-ctx.Done()
					order = append(order, name)
					return nil
				}
			}
			first := func(ctx context.Context) error {
				begun <- struct{}{}
				select {
				case err := <-fail:
					return err
				case <-ctx.Done():
					order = append(order, "admin")
					return nil
				}
			}
			go func() {
				for range 3 {
					<-begun
				}
				test.stop(end, fail)
			}()
			err := together(ctx, func() { order = append(order, "not ready") }, []part{first, until("api"), until("worker")})
			if !errors.Is(err, test.want) {
				t.Errorf("it ended with %v, want %v", err, test.want)
			}
			want := []string{"not ready", "worker", "api", "admin"}
			if name != "told to" {
				want = want[:3]
			}
			if !slices.Equal(order, want) {
				t.Errorf("they ended as %v, want %v", order, want)
			}
		})
	}
}
