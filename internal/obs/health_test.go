package obs

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

// ask returns the status and the body of an answer.
func ask(t *testing.T, h *Health, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(New("1.2.3"), h).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func well(context.Context) error { return nil }

func TestReadinessNamesEachDependency(t *testing.T) {
	t.Parallel()
	h := new(Health)
	h.Add("database", well)
	if status, body := ask(t, h, "/readyz"); status != http.StatusOK || !strings.Contains(body, `"ready": true`) {
		t.Errorf("well: %d %s", status, body)
	}
	h.Add("blobs", func(context.Context) error {
		return models.Errorf(models.CodeStorageUnavailable, "the bucket cannot be reached").Because(errors.New("key SECRET refused"))
	})
	h.Add("queue", func(context.Context) error { return errors.New("SECRET of the queue") })
	status, body := ask(t, h, "/readyz")
	want := `{
  "ready": false,
  "checks": {
    "blobs": {
      "ok": false,
      "code": "STORAGE_UNAVAILABLE",
      "message": "the bucket cannot be reached"
    },
    "database": {
      "ok": true
    },
    "queue": {
      "ok": false,
      "code": "INTERNAL",
      "message": "internal error"
    }
  }
}
`
	if status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChecksAreAskedTogetherAndNotForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, release, hanging := new(Health), make(chan struct{}), new(atomic.Int64)
		defer close(release)
		h.Add("database", well)
		for _, name := range []string{"blobs", "queue"} {
			h.Add(name, func(context.Context) error {
				hanging.Add(1)
				<-release // does not listen to its context
				return nil
			})
		}
		h.Add("engines", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		began := time.Now()
		got := h.readiness()
		slow := result{Code: models.CodeStageTimeout, Message: "not finished in time"}
		want := readiness{Checks: map[string]result{"database": {OK: true}, "blobs": slow, "queue": slow, "engines": slow}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > patience {
			t.Errorf("it took %v", took)
		}
		<-time.After(time.Minute)
		if got := h.readiness(); got.Ready || hanging.Load() != 2 {
			t.Errorf("ready %t with %d checks that hang", got.Ready, hanging.Load())
		}
	})
}

func TestManyProbesAreOneCheckASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, asked := new(Health), new(atomic.Int64)
		h.Add("database", func(context.Context) error {
			<-time.After(100 * time.Millisecond)
			asked.Add(1)
			return nil
		})
		probe := func() {
			var probes sync.WaitGroup
			for range 50 {
				probes.Go(func() {
					if !h.readiness().Ready {
						t.Error("not ready")
					}
				})
			}
			probes.Wait()
		}
		probe()
		<-time.After(fresh - time.Millisecond)
		probe()
		if got := asked.Load(); got != 1 {
			t.Errorf("asked %d times in a second", got)
		}
		<-time.After(time.Millisecond)
		probe()
		if got := asked.Load(); got != 2 {
			t.Errorf("asked %d times then, want 2", got)
		}
	})
}

func TestAnAnswerThatCameLateIsGivenAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := new(Health)
		h.Add("database", func(context.Context) error {
			<-time.After(patience - fresh/2)
			return nil
		})
		h.readiness()
		<-time.After(fresh * 3 / 4) // past the deadline of the question
		for range 100 {
			if got := h.readiness(); !got.Ready {
				t.Fatalf("%+v", got)
			}
		}
	})
}

func TestDrainingIsNotReadyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, release := new(Health), make(chan struct{})
		h.Add("database", func(context.Context) error { <-release; return nil })
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if got := h.readiness(); got.Ready || !got.Draining {
				t.Errorf("asked before: %+v", got)
			}
		})
		synctest.Wait()
		h.Draining()
		began := time.Now()
		status, body := ask(t, h, "/readyz")
		if status != http.StatusServiceUnavailable || !strings.Contains(body, `"draining": true`) || time.Since(began) > 0 {
			t.Errorf("%d %s after %v", status, body, time.Since(began))
		}
		if status, _ := ask(t, h, "/healthz"); status != http.StatusOK {
			t.Errorf("alive: %d", status)
		}
		close(release)
		waiting.Wait()
	})
}

func TestAProcessIsAliveUntilItIsToldDead(t *testing.T) {
	t.Parallel()
	h := new(Health)
	h.Add("database", func(context.Context) error { return errors.New("away") })
	if status, body := ask(t, h, "/healthz"); status != http.StatusOK || body != "{\n  \"alive\": true\n}\n" {
		t.Errorf("alive: %d %s", status, body)
	}
	h.Dead()
	if status, body := ask(t, h, "/healthz"); status != http.StatusServiceUnavailable || body != "{\n  \"alive\": false\n}\n" {
		t.Errorf("dead: %d %s", status, body)
	}
}
