package access_test

import (
	"errors"

	"fmt"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/models"
)

func TestRates(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *access.Config) {
		c.PerCaller = access.Rate{PerSecond: 1, Burst: 2}
		c.PerAddress = access.Rate{PerSecond: 1, Burst: 1}
	})
	_, token := b.add(t, access.KeyRequest{})
	_, other := b.add(t, access.KeyRequest{})
	admit := func(shown access.Shown) time.Duration {
		t.Helper()
		_, err := b.Admit(t.Context(), shown)
		var limited *access.LimitedError
		if errors.As(err, &limited) {
			if code(err) != models.CodeRateLimited {
				t.Errorf("%v", err)
			}
			return limited.After
		}
		return 0
	}
	shown := access.Shown{Key: token, Address: "192.0.2.1"}
	for range 2 {
		if admit(shown) != 0 {
			t.Error("two at once are too many")
		}
	}
	if wait := admit(shown); wait != time.Second {
		t.Errorf("the third waits %v", wait)
	}
	if admit(access.Shown{Key: other, Address: "192.0.2.1"}) != 0 {
		t.Error("one key pays for another")
	}
	b.pass(time.Second)
	if admit(shown) != 0 || admit(shown) == 0 {
		t.Error("a second later there is one more, and only one")
	}
	stranger := access.Shown{Address: "192.0.2.1"}
	if admit(stranger) != 0 || admit(stranger) == 0 {
		t.Error("a stranger asks once a second")
	}
	for same, address := range map[string]string{"::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::2"} {
		b.pass(time.Minute)
		if admit(access.Shown{Address: same}) != 0 || admit(access.Shown{Address: address}) == 0 {
			t.Errorf("%s and %s are told apart", same, address)
		}
	}
}

func TestStreamsAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	one, other := access.Caller{Key: "one"}, access.Caller{Key: "other"}
	end, err := b.Stream(one, access.Shown{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Stream(one, access.Shown{}); err != nil {
		t.Error(err)
	}
	if _, err := b.Stream(one, access.Shown{}); code(err) != models.CodeRateLimited {
		t.Errorf("a third of two: %v", err)
	}
	if _, err := b.Stream(other, access.Shown{}); err != nil {
		t.Errorf("another's: %v", err)
	}
	end()
	if _, err := b.Stream(one, access.Shown{}); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
}

// However many ask, what is remembered of them is bounded.
func TestManyStrangersFit(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *access.Config) { c.PerAddress = access.Rate{PerSecond: 1, Burst: 1} })
	for i := range 25_000 {
		_, _ = b.Identify(t.Context(), access.Shown{Address: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)})
	}
	if n := b.Remembered(); n > 10_000 {
		t.Errorf("%d are remembered", n)
	}
}
