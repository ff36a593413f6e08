package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	cuepointv1 "github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// listener is who is told what is said in a video: how far it has come, and what
// it knows.
type listener struct {
	cursor string
	texts  []string // of the segments that count
	last   string   // the kind of the last answer
}

// hear takes an answer of a stream.
func (l *listener) hear(t *testing.T, kind, cursor, data string) {
	t.Helper()
	l.cursor = cursor
	if kind == "" {
		return
	}
	l.last = kind
	switch kind {
	case "segment":
		var s struct {
			Text        string
			Provisional bool
		}
		if err := json.Unmarshal([]byte(data), &s); err != nil {
			t.Fatal(err)
		}
		if s.Provisional {
			s.Text = "? " + s.Text
		}
		l.texts = append(l.texts, s.Text)
	case "restart":
		l.texts = nil
	}
}

// want compares what the listener knows.
func (l *listener) want(t *testing.T, last string, texts ...string) {
	t.Helper()
	if diff := cmp.Diff(texts, l.texts); diff != "" || l.last != last {
		t.Errorf("the last is %q, want %q; segments (-want +got):\n%s", l.last, last, diff)
	}
}

// listening opens a stream of the transcript of "v" from where a listener has
// come to, and returns what takes the next answer.
type listening func(ctx context.Context, t *testing.T, l *listener) (next func() error)

func listenings(t *testing.T, b *bundle) map[string]listening {
	t.Helper()
	client := cuepointv1.NewTranscriptServiceClient(b.dial(t))
	const path = "/v1/videos/v/transcripts/-:stream"
	return map[string]listening{
		"gRPC": func(ctx context.Context, t *testing.T, l *listener) func() error {
			stream, err := client.StreamTranscript(ctx, &cuepointv1.StreamTranscriptRequest{Name: "videos/v/transcripts/-", Cursor: l.cursor})
			if err != nil {
				t.Fatal(err)
			}
			return func() error {
				resp, err := stream.Recv()
				if err != nil {
					return err
				}
				written, err := protojson.Marshal(resp)
				l.line(t, written)
				return err
			}
		},
		"SSE": func(ctx context.Context, t *testing.T, l *listener) func() error {
			read, err := b.listen(ctx, path+"?cursor=stale", l.cursor)
			if l.cursor == "" {
				read, err = b.listen(ctx, path, "")
			}
			if err != nil {
				t.Fatal(err)
			}
			return func() error {
				n, err := read()
				switch {
				case err != nil:
					return err
				case n.Kind == "end":
					return io.EOF
				case n.Kind == "error":
					return errors.New(n.Text)
				}
				l.hear(t, n.Kind, n.Cursor, n.Text)
				return nil
			}
		},
		"JSON": func(ctx context.Context, t *testing.T, l *listener) func() error {
			resp, err := b.open(ctx, path+"?cursor="+l.cursor, nil)
			if err != nil {
				t.Fatal(err)
			}
			context.AfterFunc(ctx, func() { resp.Body.Close() })
			decoder := json.NewDecoder(resp.Body)
			return func() error {
				var line struct{ Result, Error json.RawMessage }
				if err := decoder.Decode(&line); err != nil {
					return err
				}
				if line.Error != nil {
					return errors.New(string(line.Error))
				}
				l.line(t, line.Result)
				return nil
			}
		},
	}
}

// line hears an answer that is written as JSON.
func (l *listener) line(t *testing.T, written []byte) {
	t.Helper()
	var answer map[string]json.RawMessage
	var cursor string
	if err := json.Unmarshal(written, &answer); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answer["cursor"], &cursor); err != nil {
		t.Fatal(err)
	}
	kind := ""
	for _, k := range []string{"segment", "restart", "transcript"} {
		if _, ok := answer[k]; ok {
			kind = k
		}
	}
	l.hear(t, kind, cursor, string(answer[kind]))
}

// until listens until something is true of what is known.
func until(t *testing.T, l *listener, next func() error, is func() bool) {
	t.Helper()
	for !is() {
		if err := next(); err != nil {
			t.Fatalf("%v, knowing %q", err, l.texts)
		}
	}
}

// begins has an attempt at the speech of "v" begin.
func (b *bundle) begins(t *testing.T, run string, fence int64) {
	t.Helper()
	b.run(t, "v", models.StageRun{Stage: "speech", ID: run, Status: models.StageRunning, Fence: fence})
}

// hears has the attempt hear segments, after some that it heard before.
func (b *bundle) hears(t *testing.T, fence int64, before int, texts ...string) {
	t.Helper()
	alive, err := b.Library.Beat(t.Context(), store.Beat{
		VideoID: "v", Stage: "speech", Fence: fence, At: time.Now(), Before: before, Cues: spoken(texts...),
	})
	if err != nil || !alive {
		t.Fatal(alive, err)
	}
}

func spoken(texts ...string) []models.Cue {
	t := models.Transcript{Language: "en", Source: models.SourceRecognized}
	for i, text := range texts {
		t.Segments = append(t.Segments, models.Segment{Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second, Text: text})
	}
	return t.Cues()
}

// commits has the attempt end with a transcript, and the video with it.
func (b *bundle) commits(t *testing.T, run string, texts ...string) {
	t.Helper()
	cues := spoken(texts...)
	for i := range cues {
		cues[i].ID = fmt.Sprintf("%s-cue-%d", run, i)
	}
	if err := b.Library.Commit(t.Context(), store.Commit{
		VideoID: "v", Run: models.StageRun{Stage: "speech", ID: run, Status: models.StageDone}, Cues: cues,
	}); err != nil {
		t.Fatal(err)
	}
	b.turn(t, "v", models.VideoReady)
}
