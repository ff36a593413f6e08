package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cuepoint/cuepoint/internal/engine"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// role makes this test's own executable play an engine.
const role = "CUEPOINT_ENGINE_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		goleak.VerifyTestMain(m)
	case "mute":
	case "garbage":
		fmt.Println("this is no JSON")
		select {}
	case "old":
		fmt.Println(`{"hello":{"protocol":99,"engine":"old","version":"9"}}`)
	default:
		engine.Main("test", "1.2.3", methods)
	}
}

var methods = map[string]engine.Method{
	"count": func(_ context.Context, params json.RawMessage, reply engine.Reply) (any, error) {
		var n int
		if err := json.Unmarshal(params, &n); err != nil {
			return nil, err
		}
		fmt.Println("a chatty library prints")
		for i := range n {
			reply.Event(i)
			reply.Progress(float64(i+1) / float64(n))
		}
		return n, nil
	},
	"fail": func(context.Context, json.RawMessage, engine.Reply) (any, error) {
		return nil, models.Errorf(models.CodeModelCorrupt, "pull it again").Because(errors.New("bad magic"))
	},
	"abort": func(context.Context, json.RawMessage, engine.Reply) (any, error) {
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Signal(os.Kill)
		select {}
	},
	"hang": func(ctx context.Context, _ json.RawMessage, reply engine.Reply) (any, error) {
		reply.Progress(0)
		<-ctx.Done()
		return nil, ctx.Err()
	},
}

func client(t *testing.T, as string) engine.Client {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return engine.Client{Name: "test-engine", Path: self, Env: []string{role + "=" + as}}
}

func TestCallHearsEventsProgressAndResult(t *testing.T) {
	t.Parallel()
	var events []string
	var progress []float64
	var result int
	err := client(t, "engine").Call(t.Context(), "count", 3, &result, engine.Handler{
		Event:    func(e json.RawMessage) error { events = append(events, string(e)); return nil },
		Progress: func(f float64) { progress = append(progress, f) },
	})
	if err != nil || result != 3 {
		t.Fatalf("result %d, error %v", result, err)
	}
	if got := strings.Join(events, " "); got != "0 1 2" {
		t.Errorf("events %s", got)
	}
	if len(progress) != 3 || progress[2] != 1 {
		t.Errorf("progress %v", progress)
	}
}

func TestCallErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		as, method string
		code       models.Code
	}{
		"the engine's own":  {"engine", "fail", models.CodeModelCorrupt},
		"a crash":           {"engine", "abort", models.CodeEngineCrashed},
		"an unknown method": {"engine", "none", models.CodeInvalidArgument},
		"no word":           {"mute", "count", models.CodeEngineCrashed},
		"no JSON":           {"garbage", "count", models.CodeEngineCrashed},
		"another protocol":  {"old", "count", models.CodeEngineCrashed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := client(t, test.as).Call(t.Context(), test.method, 1, new(int), engine.Handler{})
			if models.ErrorCode(err) != test.code {
				t.Errorf("error %v, want %s", err, test.code)
			}
		})
	}
	t.Run("not installed", func(t *testing.T) {
		t.Parallel()
		err := engine.Client{Name: "cuepoint-none"}.Call(t.Context(), "count", 1, new(int), engine.Handler{})
		if models.ErrorCode(err) != models.CodeEngineMissing {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a handler's", func(t *testing.T) {
		t.Parallel()
		stop := errors.New("enough")
		err := client(t, "engine").Call(t.Context(), "count", 1000, new(int), engine.Handler{
			Event: func(json.RawMessage) error { return stop },
		})
		if !errors.Is(err, stop) {
			t.Errorf("error %v, want the handler's", err)
		}
	})
	t.Run("a limit", func(t *testing.T) {
		t.Parallel()
		c := client(t, "engine")
		c.Limits = proc.Limits{Progress: 200 * time.Millisecond}
		err := c.Call(t.Context(), "hang", nil, new(int), engine.Handler{})
		if models.ErrorCode(err) != models.CodeStageTimeout {
			t.Errorf("error %v", err)
		}
	})
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	err := client(t, "engine").Call(ctx, "hang", nil, new(int), engine.Handler{Progress: func(float64) { cancel() }})
	if code := models.ErrorCode(err); code != models.CodeCanceled {
		t.Errorf("error %v has code %s", err, code)
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	got, err := client(t, "engine").Identify(t.Context())
	if err != nil || got.Name != "test" || got.Version != "1.2.3" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := client(t, "old").Identify(t.Context()); models.ErrorCode(err) != models.CodeEngineCrashed {
		t.Errorf("another protocol: %v", err)
	}
}
