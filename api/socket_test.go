package api_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// listen starts a server on the socket of a directory alone.
func listen(t *testing.T, dir string) (*api.Server, error) {
	t.Helper()
	server, err := api.New(api.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	err = server.ListenSocket(t.Context(), dir)
	go func() { served <- server.Serve() }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(context.Background()), <-served); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return server, err
}

// answers tells whether a server answers on the socket of a directory.
func answers(t *testing.T, dir string) error {
	t.Helper()
	conn := (&bundle{Data: dir}).dialSocket(t)
	_, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	return err
}

// shallow makes a directory with a path that is certainly short.
func shallow(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "api")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// deep makes a directory with a path that no socket's address can hold.
func deep(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 20), strings.Repeat("longer", 10))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSocket(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"a short path": shallow(t), "a long path": deep(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := listen(t, dir)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "cuepoint.sock")
			info, err := os.Lstat(path)
			if err != nil || info.Mode() != fs.ModeSocket|0o600 {
				t.Fatalf("mode %v, error %v", info.Mode(), err)
			}
			if err := answers(t, dir); err != nil {
				t.Error(err)
			}
			if err := server.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after the end: %v", err)
			}
			if err := answers(t, dir); status.Code(err) != codes.Unavailable {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

func TestADeadServersSocketIsReplaced(t *testing.T) {
	t.Parallel()
	dir := shallow(t)
	dead, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(dir, api.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	if err := answers(t, dir); status.Code(err) != codes.Unavailable {
		t.Fatalf("a dead server answers: %v", err)
	}
	if _, err := listen(t, dir); err != nil {
		t.Fatal(err)
	}
	if err := answers(t, dir); err != nil {
		t.Error(err)
	}
}

func TestAClosedServerLeavesItsSuccessorsSocket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := listen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(t, dir); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := answers(t, dir); err != nil {
		t.Error(err)
	}
}

func TestSocketsThatAreRefused(t *testing.T) {
	t.Parallel()
	taken, open, none := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "none")
	file := filepath.Join(taken, api.SocketName)
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(t, taken); models.ErrorCode(err) != models.CodeAlreadyExists {
		t.Errorf("a file in its place: %v", err)
	}
	if text, err := os.ReadFile(file); string(text) != "mine" {
		t.Errorf("the file is %q, error %v", text, err)
	}
	if _, err := listen(t, open); models.ErrorCode(err) != models.CodePermissionDenied {
		t.Errorf("a directory for anyone: %v", err)
	}
	if _, err := api.DialSocket(t.Context(), open); models.ErrorCode(err) != models.CodePermissionDenied {
		t.Errorf("a directory for anyone: %v", err)
	}
	if _, err := listen(t, none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// pending gives a command that does what wait does.
func (b *bundle) pending(t *testing.T, wait func(ctx context.Context) error) (answered chan error) {
	t.Helper()
	entered := make(chan struct{})
	b.Commands.before(func(ctx context.Context) error {
		close(entered)
		return wait(ctx)
	})
	conn := b.dialSocket(t)
	answered = make(chan error, 1)
	go func() {
		_, err := cuepointv1.NewVideoServiceClient(conn).CancelVideo(t.Context(), &cuepointv1.CancelVideoRequest{Name: "videos/tides"})
		answered <- err
	}()
	<-entered
	return answered
}

func TestCloseLetsCommandsFinish(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.add(t, "tides")
	release := make(chan struct{})
	answered := b.pending(t, func(ctx context.Context) error {
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	closed := make(chan error, 1)
	go func() { closed <- b.Server.Close(t.Context()) }()
	for answers(t, b.Data) == nil { // until it takes no more
		if t.Context().Err() != nil {
			t.Fatal("it goes on taking commands")
		}
	}
	close(release)
	if err := errors.Join(<-answered, <-closed); err != nil {
		t.Error(err)
	}
}

func TestCloseCutsCommandsOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	closed := make(chan struct{})
	answered := b.pending(t, func(ctx context.Context) error {
		<-ctx.Done()
		select {
		case <-closed:
			t.Error("the server is closed while a command is under way")
		case <-time.After(50 * time.Millisecond): // more than Close needs if it does not wait
		}
		return ctx.Err()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := b.Server.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v, want that commands were cut off", err)
	}
	close(closed)
	if err := <-answered; status.Code(err) != codes.Unavailable {
		t.Errorf("answered %v", err)
	}
}
