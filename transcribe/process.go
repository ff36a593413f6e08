package transcribe

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/cuepoint/cuepoint/internal/engine"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// EngineName is the executable that [Process] starts unless told otherwise.
const EngineName = "cuepoint-speech"

const methodTranscribe = "transcribe"

// Limits of an engine. There is none on its whole time: a big model on a small
// machine is slow, but it moves.
const (
	engineProgress = 10 * time.Minute
	engineMemory   = 6 << 30  // address space, besides thrice the model
	engineFile     = 64 << 20 // bytes of a file it writes: it should write none
	engineNice     = 5
)

// Process is an [Engine] in a process of its own, one for each call.
type Process struct {
	Path string // of the executable; empty: [EngineName] beside our own or on PATH
}

// event is what a speech engine says while it works.
type event struct {
	Segment *models.Segment `json:"segment,omitempty"`
}

// Transcribe implements [Engine].
func (p Process) Transcribe(ctx context.Context, r Request, on Handler) (*models.Transcript, error) {
	client := engine.Client{Name: EngineName, Path: p.Path, Limits: limits(r.Model)}
	var t models.Transcript
	err := client.Call(ctx, methodTranscribe, r, &t, engine.Handler{
		Progress: on.progress,
		Event: func(raw json.RawMessage) error {
			var e event
			if err := json.Unmarshal(raw, &e); err != nil {
				return fmt.Errorf("decode event of %s: %w", EngineName, err)
			}
			if e.Segment != nil {
				on.segment(*e.Segment)
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return &t, nil
}

func limits(model string) proc.Limits {
	memory := int64(engineMemory)
	if info, err := os.Stat(model); err == nil {
		memory += 3 * info.Size()
	}
	return proc.Limits{Progress: engineProgress, Memory: memory, FileSize: engineFile, Nice: engineNice}
}

// Methods are the protocol methods of an executable whose work e does.
func Methods(e Engine) map[string]engine.Method {
	return map[string]engine.Method{
		methodTranscribe: func(ctx context.Context, params json.RawMessage, reply engine.Reply) (any, error) {
			var r Request
			if err := json.Unmarshal(params, &r); err != nil {
				return nil, models.Errorf(models.CodeInvalidArgument, "parameters of %s cannot be read", methodTranscribe).Because(err)
			}
			return e.Transcribe(ctx, r, Handler{
				Progress: reply.Progress,
				Segment:  func(s models.Segment) { reply.Event(event{Segment: &s}) },
			})
		},
	}
}
