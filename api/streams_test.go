package api_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/access"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// record records events of a video in one transaction. Their attempts are
// numbered from first on.
func (b *bundle) record(t *testing.T, workspace, video string, first, count int) {
	t.Helper()
	err := b.Store.Tx(t.Context(), func(tx store.Tx) error {
		for i := range count {
			if err := tx.In(workspace).Record(t.Context(), models.Event{
				VideoID: video, Type: models.EventStageStatus, State: models.VideoProcessing,
				Stage: "probe", Status: models.StageRunning, Attempt: first + i, Time: time.Now(),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// processing adds a video that is being worked on.
func (b *bundle) processing(t *testing.T, id string) {
	t.Helper()
	v := &models.Video{ID: id, SHA256: id, State: models.VideoProcessing, Created: created, Updated: created}
	if err := b.Library.CreateVideo(t.Context(), v); err != nil {
		t.Fatal(err)
	}
}

// news is an answer of a stream, as far as these tests look.
type news struct {
	Cursor  string
	Attempt int    // of the event, 0 where there is none
	Kind    string // "video", "event", "progress", "end", "error"; empty for a sign of life
	Text    string // of an error: its JSON
}

// next returns the next answer of a stream.
type next func() (news, error)

// streams are the ways to be told of a video's events.
func streams(t *testing.T, b *bundle, video string) map[string]func(ctx context.Context, cursor string) (next, error) {
	t.Helper()
	conn := b.dial(t)
	return map[string]func(context.Context, string) (next, error){
		"events by gRPC": func(ctx context.Context, cursor string) (next, error) {
			s, err := cuepointv1.NewEventServiceClient(conn).StreamEvents(ctx, &cuepointv1.StreamEventsRequest{Cursor: cursor, Video: "videos/" + video})
			return streamedEvents(s), err
		},
		"watch by gRPC": func(ctx context.Context, cursor string) (next, error) {
			s, err := cuepointv1.NewVideoServiceClient(conn).WatchVideo(ctx, &cuepointv1.WatchVideoRequest{Cursor: cursor, Name: "videos/" + video, Follow: true})
			return watched(s), err
		},
		"events by SSE": func(ctx context.Context, cursor string) (next, error) {
			return b.listen(ctx, "/v1/events:stream?video=videos/"+video, cursor)
		},
		"watch by SSE": func(ctx context.Context, cursor string) (next, error) {
			return b.listen(ctx, "/v1/videos/"+video+":watch?follow=true&cursor=stale", cursor)
		},
		"events as JSON": func(ctx context.Context, cursor string) (next, error) {
			return b.lines(ctx, "/v1/events:stream?video=videos/"+video+"&cursor="+cursor)
		},
	}
}

func streamedEvents(s grpc.ServerStreamingClient[cuepointv1.StreamEventsResponse]) next {
	return func() (news, error) {
		resp, err := s.Recv()
		n := news{Cursor: resp.GetCursor(), Attempt: int(resp.GetEvent().GetAttempt())}
		if resp.GetEvent() != nil {
			n.Kind = "event"
		}
		return n, err
	}
}

func watched(s grpc.ServerStreamingClient[cuepointv1.WatchVideoResponse]) next {
	return func() (news, error) {
		resp, err := s.Recv()
		n := news{Cursor: resp.GetCursor(), Attempt: int(resp.GetEvent().GetAttempt())}
		switch resp.GetUpdate().(type) {
		case *cuepointv1.WatchVideoResponse_Video:
			n.Kind = "video"
		case *cuepointv1.WatchVideoResponse_Event:
			n.Kind = "event"
		case *cuepointv1.WatchVideoResponse_Progress:
			n.Kind = "progress"
		}
		return n, err
	}
}

// open sends a request for a stream.
func (b *bundle) open(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+path, nil)
	if err != nil {
		return nil, err
	}
	maps.Copy(r.Header, header)
	r.Header.Set("Authorization", "Bearer "+b.Key)
	resp, err := b.client.Do(r)
	if err == nil && resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		return nil, fmt.Errorf("%d %s", resp.StatusCode, body)
	}
	return resp, err
}

// listen reads Server-Sent Events as a browser does, and notes ids of signs of
// life too.
func (b *bundle) listen(ctx context.Context, path, last string) (next, error) {
	header := http.Header{"Accept": {"text/event-stream"}}
	if last != "" {
		header.Set("Last-Event-ID", last)
	} else {
		path = strings.TrimSuffix(path, "&cursor=stale")
	}
	resp, err := b.open(ctx, path, header)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		return nil, fmt.Errorf("content type %q", got)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() (n news, err error) {
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "id":
				n.Cursor = value
			case "event":
				n.Kind = value
			case "data":
				var data struct{ Attempt int }
				if err := json.Unmarshal([]byte(value), &data); err != nil {
					return n, err
				}
				n.Attempt, n.Text = data.Attempt, value
			case "":
				if lines.Text() == "" {
					return n, nil
				}
			}
		}
		return n, errors.Join(lines.Err(), io.EOF)
	}, nil
}

// lines reads the answers of StreamEvents as JSON, one per line.
func (b *bundle) lines(ctx context.Context, path string) (next, error) {
	resp, err := b.open(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { resp.Body.Close() })
	decoder := json.NewDecoder(resp.Body)
	return func() (n news, err error) {
		var line struct {
			Result struct {
				Cursor string
				Event  *struct{ Attempt int }
			}
			Error json.RawMessage
		}
		err = decoder.Decode(&line)
		n.Cursor = line.Result.Cursor
		if line.Result.Event != nil {
			n.Kind, n.Attempt = "event", line.Result.Event.Attempt
		}
		if line.Error != nil {
			n.Kind, n.Text = "error", string(line.Error)
		}
		return n, err
	}, nil
}

// TestAStreamThatBrokeGoesOnWithoutAGap breaks connections again and again,
// after events and after signs of life, while events are recorded, and asks anew
// with the last cursor that came.
func TestAStreamThatBrokeGoesOnWithoutAGap(t *testing.T) {
	t.Parallel()
	const total = 60
	b := setup(t)
	for i, name := range []string{"events by gRPC", "watch by gRPC", "events by SSE", "watch by SSE", "events as JSON"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			video := fmt.Sprintf("v%d", i)
			b.processing(t, video)
			ask := streams(t, b, video)[name]
			cursor := b.get(t, "/v1/events").JSON(t)["cursor"].(string)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var seen, want []int
			for breaks := 0; len(seen) < total; breaks++ {
				connection, snap := context.WithCancel(ctx)
				read, err := ask(connection, cursor)
				if err != nil {
					t.Fatalf("after %d breaks: %v", breaks, err)
				}
				more := min(rand.IntN(12), total-len(want))
				b.record(t, models.DefaultWorkspace, video, len(want)+1, more)
				b.record(t, "theirs", video, 1000, rand.IntN(3))
				for range more {
					want = append(want, len(want)+1)
				}
				for range 1 + rand.IntN(20) {
					n, err := read()
					if err != nil {
						t.Fatalf("after %d breaks and %d events: %v", breaks, len(seen), err)
					}
					cursor = n.Cursor
					if n.Kind == "event" {
						seen = append(seen, n.Attempt)
					}
					if n.Kind == "" || len(seen) == total {
						break
					}
				}
				snap()
			}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASilentStreamShowsThatItLives(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	for name, open := range streams(t, b, "v") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read, err := open(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				n, err := read()
				if err != nil || n.Cursor == "" {
					t.Fatalf("%+v, %v", n, err)
				}
				if n.Kind == "event" {
					t.Errorf("event %+v", n)
				}
			}
		})
	}
}

func TestStreamsSayThatTheServerEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.processing(t, "v")
	ways := streams(t, b, "v")
	opened := map[string]next{}
	for name, open := range ways {
		read, err := open(t.Context(), "")
		if err == nil {
			_, err = read()
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opened[name] = read
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Server.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	for name, read := range opened {
		n, err := read()
		for err == nil && n.Kind != "error" {
			n, err = read()
		}
		if s := status.Convert(err); n.Kind != "error" && (s.Code() != codes.Unavailable || reasonOf(s) != "SHUTTING_DOWN") {
			t.Errorf("%s: %v", name, err)
		} else if n.Kind == "error" {
			contains(t, n.Text, `"reason":"SHUTTING_DOWN"`)
		}
	}
}

// plenty is a source of events that are made when they are read.
type plenty struct {
	count int64
	asked atomic.Int64 // the newest that was read
}

func (p *plenty) Events(_ context.Context, after int64, limit int) (all []models.Event, _ error) {
	for c := after + 1; c <= p.count && len(all) < limit; c++ {
		all = append(all, models.Event{Cursor: c, Workspace: models.DefaultWorkspace, VideoID: "v", Type: models.EventVideoState, Time: time.Now()})
		p.asked.Store(c)
	}
	return all, nil
}

func (p *plenty) LastEvent(context.Context) (int64, error) { return p.count, nil }
func (p *plenty) Changes(context.Context) <-chan struct{}  { return nil }

// TestASlowReaderIsWaitedFor lets one stop reading, sees that the server then
// stops too, and that nothing is missing when it reads on.
func TestASlowReaderIsWaitedFor(t *testing.T) {
	t.Parallel()
	source := &plenty{count: 60_000}
	b := setup(t, func(c *api.Config, _ *access.Config) { c.Feed = events.New(source, c.Log) })
	zero := base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(append([]byte{1}, make([]byte, 8)...), uint64(time.Now().UnixMilli())))
	read, err := streams(t, b, "v")["events by SSE"](t.Context(), zero)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for quiet, last := 0, int64(-1); quiet < 30; <-time.After(10 * time.Millisecond) {
		if asked := source.asked.Load(); asked != last {
			quiet, last = 0, asked
		} else {
			quiet++
		}
		if time.Now().After(deadline) {
			t.Fatal("the server never stops")
		}
	}
	if asked := source.asked.Load(); asked == 0 || asked > source.count/2 {
		t.Errorf("%d of %d events were read for nobody", asked, source.count)
	}
	seen := map[string]bool{}
	for int64(len(seen)) < source.count {
		n, err := read()
		if err != nil {
			t.Fatalf("after %d: %v", len(seen), err)
		}
		if n.Kind == "event" && seen[n.Cursor] {
			t.Fatalf("event %d came twice", len(seen))
		}
		if n.Kind == "event" {
			seen[n.Cursor] = true
		}
	}
}
