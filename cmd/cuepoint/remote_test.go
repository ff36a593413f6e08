package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/app"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// holder is a process that holds a library, as far as others see it. It has one
// video, and wait is what its commands do first.
type holder struct {
	store.TxLibrary
	server *api.Server
	wait   func(context.Context) error
	mu     sync.Mutex
	given  []any
	video  models.Video
}

// hold starts one over a data directory.
func hold(t *testing.T, data string) *holder {
	t.Helper()
	h := &holder{wait: func(context.Context) error { return nil }, video: models.Video{
		ID: "v1", Title: "Tides", Source: "/v/caf\uFFFD.mp4", State: models.VideoPartial, Language: "en",
		Error:   models.Errorf(models.CodeTruncatedMedia, "the file ends early"),
		Created: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Updated: time.Date(2026, 11, 20, 13, 0, 0, 0, time.UTC),
	}}
	var err error
	if h.server, err = api.New(api.Config{Libraries: h, Commands: func(string) api.Commands { return orders{h} }, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if err := h.server.ListenSocket(t.Context(), data); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- h.server.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(h.server.Close(ctx), <-served); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

// Version implements [api.Libraries].
func (h *holder) Version(context.Context) (string, error) { return "", nil }

func (h *holder) do(ctx context.Context, command ...any) error {
	h.mu.Lock()
	h.given = append(h.given, command)
	h.mu.Unlock()
	return errors.Join(h.wait(ctx), analyzer.MakeAnswer(ctx, h, "v1"))
}

func (h *holder) Create(ctx context.Context, r api.CreateRequest) error {
	return h.do(ctx, r)
}

func (h *holder) Analyze(ctx context.Context, id string, stages []string, force bool) error {
	return h.do(ctx, id, stages, force)
}

func (h *holder) PutOperation(context.Context, models.Operation) error { return nil }

func (h *holder) Update(ctx context.Context, id string, d analyzer.Details) error {
	return h.do(ctx, id, d)
}

func (h *holder) Cancel(ctx context.Context, id string) error {
	return h.do(ctx, "cancel", id)
}

func (h *holder) Delete(ctx context.Context, id string, d analyzer.Deletion) error {
	return h.do(ctx, "delete", id, d)
}

func (h *holder) Undelete(ctx context.Context, id string) error { return h.do(ctx, "undelete", id) }

// orders are the commands of a holder, of which libraries have some of the names.
type orders struct{ *holder }

func (o orders) Import(ctx context.Context, id string, _ analyzer.Captions, _ *int64) error {
	return o.do(ctx, "import", id)
}

func (o orders) Edit(ctx context.Context, id string, kind models.CueKind, _ analyzer.Editor, _ edits.Plan) error {
	return o.do(ctx, "edit", id, kind)
}

func (o orders) RevertEdit(ctx context.Context, id, edit string, _ analyzer.Editor) error {
	return o.do(ctx, "revert", id, edit)
}

func (h *holder) In(string) store.Library { return h }

func (h *holder) Video(context.Context, string) (*models.Video, error) { return &h.video, nil }

func (h *holder) Artifacts(context.Context, string) ([]models.Artifact, error) { return nil, nil }

// connect dials the holder of a data directory.
func connect(t *testing.T, data string) *library {
	t.Helper()
	l, err := dialHolder(t.Context(), data, func(context.Context, string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// cancelV1 gives one command.
func (l *library) cancelV1(ctx context.Context) error {
	return l.do(func(*library) error {
		_, err := l.Videos.CancelVideo(ctx, &cuepointv1.CancelVideoRequest{Name: "videos/v1"})
		return err
	})
}

func TestCommandsReachTheHolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	h := hold(t, data)
	l := connect(t, data)
	c := analyzeCmd{Language: "en", Captions: "/v/\xff.vtt", Stage: []string{"speech"}, Force: true}
	s := &session{app: new(app.App), party: party{library: l}, log: slog.New(slog.DiscardHandler)}
	id, err := c.give(t.Context(), s, input{path: "/v/caf\xe9.mp4"})
	if err != nil || id != "v1" {
		t.Errorf("the video %q, %v", id, err)
	}
	if err := l.cancelV1(t.Context()); err != nil {
		t.Error(err)
	}
	want := []any{[]any{api.CreateRequest{Path: "/v/caf\xe9.mp4", Options: analyzer.Options{Language: "en", Captions: "/v/\xff.vtt"}}}, []any{"v1", []string{"speech"}, true}, []any{"cancel", "v1"}}
	if diff := cmp.Diff(want, h.given); diff != "" {
		t.Errorf("given (-want +got):\n%s", diff)
	}
}

func TestErrorsOfTheHolderArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	h := hold(t, data)
	l := connect(t, data)
	for _, want := range []*models.Error{
		models.Errorf(models.CodeNotRunning, "nothing of video v1 runs"),
		models.Errorf(models.CodeStorageUnavailable, "the bucket is away"),
		models.Errorf(models.CodeCanceled, "canceled"),
		models.Errorf(models.CodeInternal, "internal error"),
	} {
		h.wait = func(context.Context) error { return want.Because(errors.New("secret")) }
		if got := models.AsError(l.cancelV1(t.Context())); *got != *want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestACommandEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	h := hold(t, data)
	r := connect(t, data)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	h.wait = func(at context.Context) error {
		defer close(ended)
		cancel()
		<-at.Done()
		return at.Err()
	}
	if err := r.cancelV1(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller is told %v", err)
	}
	<-ended
}

func TestTheHolderEnds(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	h := hold(t, data)
	r := connect(t, data)
	entered := make(chan struct{})
	h.wait = func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}
	answered, gone := make(chan error, 1), make(chan error, 1)
	go func() { answered <- r.cancelV1(t.Context()) }()
	go func() { gone <- r.ended(t.Context()) }()
	<-entered
	select {
	case err := <-gone:
		t.Fatalf("while it is there: %v", err)
	case <-time.After(50 * time.Millisecond): // more than a wrong answer needs
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := h.server.Close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v, want that the command was cut off", err)
	}
	if err := <-gone; err != nil {
		t.Errorf("waiting for the end: %v", err)
	}
	err := <-answered
	if !errors.Is(err, errHolderGone) || models.ErrorCode(err) != models.CodeDataInUse {
		t.Errorf("the command under way: %v", err)
	}
	if err := r.cancelV1(t.Context()); !errors.Is(err, errHolderGone) {
		t.Errorf("a command afterwards: %v", err)
	}
	// Whoever holds the library next takes them.
	hold(t, data)
	if next := connect(t, data); next.cancelV1(t.Context()) != nil {
		t.Error("the next holder takes no commands")
	}
}

func TestWaitingForTheEndEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	hold(t, data)
	r := connect(t, data)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.ended(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting: %v", err)
	}
}

func TestAHolderThatTakesNoCommands(t *testing.T) {
	t.Parallel()
	mute := t.TempDir() // somebody listens there and never says a word
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(mute, api.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	for name, data := range map[string]string{"nobody listens": t.TempDir(), "nobody answers": mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := dialHolder(t.Context(), data, nil); models.ErrorCode(err) != models.CodeDataInUse {
				t.Errorf("dial: %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := dialHolder(ctx, data, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("dial of who has been interrupted: %v", err)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	a, err := app.Open(t.Context(), app.Config{Data: data, Log: slog.New(slog.DiscardHandler)}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	cancel := func(args ...string) (status int, stdout, stderr string) {
		var out, says bytes.Buffer
		status = run(t.Context(), append([]string{"cancel", "--data", data}, args...), &out, &says)
		return status, out.String(), says.String()
	}
	if status, _, says := cancel("v1"); status != exitFailed || !strings.Contains(says, "NOT_FOUND: ") {
		t.Errorf("where nobody works: status %d, says %q", status, says)
	}
	if err := a.Dir.Lock(); err != nil {
		t.Fatal(err)
	}
	h := hold(t, data)
	h.video.State = models.VideoCanceled
	if status, out, says := cancel("v1"); status != exitOK || out != "v1 canceled\n" || says != "" {
		t.Errorf("status %d, prints %q, says %q", status, out, says)
	}
	if _, out, _ := cancel("--json", "v1"); out != `{"id":"v1","state":"canceled"}`+"\n" {
		t.Errorf("prints %q", out)
	}
	h.wait = func(context.Context) error { return models.Errorf(models.CodeNotRunning, "nothing of video v1 runs") }
	if status, _, says := cancel("v1"); status != exitFailed || says != "cuepoint: NOT_RUNNING: nothing of video v1 runs\n" {
		t.Errorf("a second time: status %d, says %q", status, says)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
