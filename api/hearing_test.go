package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/models"
)

func TestWhatIsSaidIsToldAsItIsHeard(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gRPC", "SSE", "JSON"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.processing(t, "v")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var l listener
			next := listenings(t, b)[name](ctx, t, &l)
			b.begins(t, "r1", 1)
			b.hears(t, 1, 0, "Tides", "come")
			until(t, &l, next, func() bool { return len(l.texts) == 2 })
			b.hears(t, 1, 2, "and go.")
			until(t, &l, next, func() bool { return len(l.texts) == 3 })
			l.want(t, "segment", "? Tides", "? come", "? and go.")

			b.run(t, "v", models.StageRun{Stage: "speech", ID: "r1", Status: models.StagePending, Fence: 2}) // its worker went away
			until(t, &l, next, func() bool { return l.last == "restart" })
			b.begins(t, "r2", 3)
			b.hears(t, 3, 0, "Tides come")
			until(t, &l, next, func() bool { return l.last == "segment" })
			l.want(t, "segment", "? Tides come")

			b.commits(t, "r2", "Tides come.", "And go.")
			until(t, &l, next, func() bool { return l.last == "transcript" })
			l.want(t, "transcript", "Tides come.", "And go.")
			if err := next(); !errors.Is(err, io.EOF) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

// TestAListenerThatBrokeOffMissesAndRepeatsNothing breaks connections again and
// again while segments are heard, attempts are lost and one ends.
func TestAListenerThatBrokeOffMissesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gRPC", "SSE", "JSON"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.processing(t, "v")
			open := listenings(t, b)[name]
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var l listener
			for fence := range int64(3) {
				b.begins(t, fmt.Sprint("r", fence), fence)
				var want []string
				for len(want) < 250 { // more than a page
					var some []string
					for i := range 1 + rand.IntN(60) {
						some = append(some, fmt.Sprint("said ", len(want)+i))
					}
					b.hears(t, fence, len(want), some...)
					for _, text := range some {
						want = append(want, "? "+text)
					}
					connection, snap := context.WithCancel(ctx)
					next := open(connection, t, &l)
					reading := rand.IntN(2 * len(want))
					until(t, &l, next, func() bool { reading--; return reading < 0 || len(l.texts) == len(want) })
					snap()
				}
				connection, snap := context.WithCancel(ctx)
				next := open(connection, t, &l)
				until(t, &l, next, func() bool { return len(l.texts) == len(want) })
				snap()
				l.want(t, "segment", want...)
			}
			var whole []string
			for i := range 300 {
				whole = append(whole, fmt.Sprint("whole ", i))
			}
			b.commits(t, "r2", whole...)
			for l.last != "transcript" {
				connection, snap := context.WithCancel(ctx)
				next := open(connection, t, &l)
				reading := rand.IntN(100)
				until(t, &l, next, func() bool { reading--; return reading < 0 || l.last == "transcript" })
				snap()
			}
			l.want(t, "transcript", whole...)
		})
	}
}

func TestATranscriptThatIsThereIsToldAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	b.commits(t, "r1", "One.", "Two.")
	for name, open := range listenings(t, b) {
		var l listener
		next := open(t.Context(), t, &l)
		until(t, &l, next, func() bool { return len(l.texts) == 1 })
		halfway := l
		until(t, &l, next, func() bool { return l.last == "transcript" })
		l.want(t, "transcript", "One.", "Two.")
		if name != "SSE" { // there it is 204, which makes a browser stop asking
			if err := open(t.Context(), t, &l)(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: from the end on: %v", name, err)
			}
		} else if a := b.ask(t, http.MethodGet, "/v1/videos/v/transcripts/-:stream", nil, func(r *http.Request) {
			r.Header.Set("Accept", "text/event-stream")
			r.Header.Set("Last-Event-ID", l.cursor)
		}); a.Code != http.StatusNoContent {
			t.Errorf("from the end on: %d %s", a.Code, a.Body)
		}
		rest := open(t.Context(), t, &halfway)
		until(t, &halfway, rest, func() bool { return halfway.last == "transcript" })
		halfway.want(t, "transcript", "One.", "Two.")
	}
	// Who has half of it hears the rest while it is made anew, and all of what
	// replaces it.
	open := listenings(t, b)["gRPC"]
	var l listener
	until(t, &l, open(t.Context(), t, &l), func() bool { return len(l.texts) == 1 })
	half, other := l, l
	b.turn(t, "v", models.VideoProcessing)
	b.begins(t, "r2", 2)
	until(t, &half, open(t.Context(), t, &half), func() bool { return half.last == "transcript" })
	half.want(t, "transcript", "One.", "Two.")
	b.commits(t, "r2", "Other words.")
	until(t, &other, open(t.Context(), t, &other), func() bool { return other.last == "transcript" })
	other.want(t, "transcript", "Other words.")
}

func TestAStreamWithoutATranscriptSaysWhy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	b.begins(t, "r1", 1)
	b.hears(t, 1, 0, "Tides")
	for name, open := range listenings(t, b) {
		var l listener
		next := open(t.Context(), t, &l)
		until(t, &l, next, func() bool { return l.last == "segment" })
		defer func() {
			var err error
			for err == nil {
				err = next()
			}
			if s := status.Convert(err); !strings.Contains(err.Error(), "has no transcript: the model is damaged") || name == "gRPC" && s.Code() != codes.NotFound {
				t.Errorf("%s: %v", name, err)
			}
		}()
	}
	b.run(t, "v", models.StageRun{Stage: "speech", ID: "r1", Status: models.StageFailed, Error: models.Errorf(models.CodeModelCorrupt, "the model is damaged")})
	b.turn(t, "v", models.VideoPartial)
	b.add(t, "tides")
	for path, want := range map[string]int{
		"/v1/videos/none/transcripts/-:stream":                     404,
		"/v1/videos/v/transcripts/-:stream":                        404,
		"/v1/videos/tides/transcripts/de:stream":                   404,
		"/v1/videos/tides/transcripts/en:stream":                   200,
		"/v1/videos/tides/transcripts/en:stream?cursor=x":          400,
		"/v1/videos/tides/transcripts/en:stream?cursor=AgE":        200, // of a run that nobody knows
		"/v1/videos/tides/transcripts/en:stream?cursor=AwE":        200,
		"/v1/videos/tides/transcripts/en:stream?cursor=BAE":        400,
		"/v1/videos/tides/transcripts/en:stream?cursor=Av______8B": 400,
	} {
		if a := b.get(t, path); a.Code != want {
			t.Errorf("%s: %d %s, want %d", path, a.Code, a.Body, want)
		}
	}
}

// TestASlowListenerIsWaitedFor lets one stop reading, sees that the server reads
// no further ahead then, and that nothing is missing when it reads on.
func TestASlowListenerIsWaitedFor(t *testing.T) {
	t.Parallel()
	const count = 3000
	b := setup(t)
	b.processing(t, "v")
	b.begins(t, "r1", 1)
	var want []string
	for i := range count {
		want = append(want, fmt.Sprint(i, strings.Repeat(" and so on", 100)))
	}
	b.hears(t, 1, 0, want...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var l listener
	next := listenings(t, b)["gRPC"](ctx, t, &l)
	asked := func() int { return int(b.Library.provisional.Load()) }
	for quiet, last := 0, -1; quiet < 30; <-time.After(10 * time.Millisecond) {
		if now := asked(); now != last || now == 0 {
			quiet, last = 0, now
		} else {
			quiet++
		}
		if ctx.Err() != nil {
			t.Fatal("the server never stops")
		}
	}
	if n := asked(); n == 0 || n > count/100/2 {
		t.Errorf("%d pages were read for nobody", n)
	}
	until(t, &l, next, func() bool { return len(l.texts) == count })
	for i, text := range want {
		if l.texts[i] != "? "+text {
			t.Fatalf("segment %d is %.20q", i, l.texts[i])
		}
	}
}
