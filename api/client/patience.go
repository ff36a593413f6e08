package client

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/status"
)

// The time between two attempts.
const (
	shortestRest = 100 * time.Millisecond
	longestRest  = 5 * time.Second
)

// attempts are made until something gets on, or patience ends. The rests between
// them grow until it does.
type attempts struct {
	patience time.Duration
	rest     time.Duration
	since    time.Time // when it last got on
}

func newAttempts(patience time.Duration) *attempts {
	a := &attempts{patience: patience}
	a.gotOn()
	return a
}

// gotOn begins anew: with short rests and all of the patience.
func (a *attempts) gotOn() { a.rest, a.since = shortestRest, time.Now() }

// pause waits before the attempt that follows one that ended with err. It returns
// that where there is to be none, and the error of ctx where that has ended.
func (a *attempts) pause(ctx context.Context, err error) error {
	if time.Since(a.since) >= a.patience {
		return err
	}
	select {
	case <-time.After(a.rest/2 + rand.N(a.rest/2)): // not all at once, when a server comes back
		a.rest = min(2*a.rest, longestRest)
		return nil
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}
