package access

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cuepoint/cuepoint/models"
)

// Rate is how often somebody may ask.
type Rate struct {
	PerSecond float64 // 0 for as often as they like
	Burst     int     // how many at once
}

// LimitedError says when to come again.
type LimitedError struct{ After time.Duration }

// Error implements [error].
func (e *LimitedError) Error() string { return "too many requests" }

// Unwrap returns what people are told: RATE_LIMITED.
func (e *LimitedError) Unwrap() error {
	return models.Errorf(models.CodeRateLimited, "too many requests; wait %v and try again", e.After.Round(time.Millisecond))
}

// maxBuckets bounds how many askers a limiter tells apart.
const maxBuckets = 10_000

// limiter counts the requests of many, each by a token bucket of its own.
type limiter struct {
	rate    Rate
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimiter(r Rate) *limiter { return &limiter{rate: r, buckets: map[string]*rate.Limiter{}} }

// take counts a request, or returns a [LimitedError]. give takes it back.
func (l *limiter) take(who string, now time.Time) (give func(), err error) {
	if l.rate.PerSecond <= 0 {
		return func() {}, nil
	}
	reservation := l.bucket(who, now).ReserveN(now, 1)
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return nil, &LimitedError{After: wait}
	}
	return func() { reservation.CancelAt(now) }, nil
}

func (l *limiter) bucket(who string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[who]
	if !ok {
		if len(l.buckets) >= maxBuckets {
			l.shrink(now)
		}
		b = rate.NewLimiter(rate.Limit(l.rate.PerSecond), max(1, l.rate.Burst))
		l.buckets[who] = b
	}
	return b
}

// shrink forgets those who have not asked for so long that it makes no
// difference, and some others where that is not enough.
func (l *limiter) shrink(now time.Time) {
	for who, b := range l.buckets {
		if b.TokensAt(now) >= float64(b.Burst()) {
			delete(l.buckets, who)
		}
	}
	for who := range l.buckets {
		if len(l.buckets) < maxBuckets*3/4 {
			return
		}
		delete(l.buckets, who)
	}
}

// neighborhood is what an address counts as: one that has IPv6 has as many
// addresses as it likes below its prefix.
func neighborhood(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "elsewhere"
	}
	if ip = ip.Unmap(); ip.Is6() {
		prefix, _ := ip.WithZone("").Prefix(64) // it has as many bits
		return prefix.String()
	}
	return ip.String()
}

// counter counts what goes on at the same time.
type counter struct {
	most int
	mu   sync.Mutex
	now  map[string]int
}

// begin counts one more of somebody's, unless there are as many as may be. The
// caller calls end once.
func (c *counter) begin(who string) (end func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now[who] >= c.most {
		return nil, models.Errorf(models.CodeRateLimited, "at most %d streams at a time; end one of the others first", c.most)
	}
	c.now[who]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.now[who]--; c.now[who] == 0 {
			delete(c.now, who)
		}
	}, nil
}
