package transcribe

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Engine turns speech into text. Its methods may be called from many goroutines.
type Engine interface {
	// Transcribe listens to the first audio stream of a file. Where nothing is
	// said the transcript has no segments, which is no error. Errors are
	// MODEL_MISSING and MODEL_CORRUPT; INVALID_ARGUMENT for a language that the
	// model does not know; SOURCE_UNAVAILABLE and NO_MEDIA for a file that is
	// not there or has no sound; ENGINE_MISSING, ENGINE_CRASHED, RESOURCE_LIMIT
	// and STAGE_TIMEOUT; and the context's.
	Transcribe(ctx context.Context, r Request, on Handler) (*models.Transcript, error)
}

// Request says what to listen to, and how.
type Request struct {
	Audio string `json:"audio"` // path of a file of an accepted container
	Model string `json:"model"` // path of the model's file
	// VAD is the path of a voice activity model: where it hears no voice, no
	// words are looked for. Without one, only silence is passed over.
	VAD      string        `json:"vad,omitempty"`
	Language string        `json:"language,omitempty"` // BCP 47; empty: to be detected
	Duration time.Duration `json:"duration,omitempty"` // of the audio where known; progress is counted against it
	Threads  int           `json:"threads,omitempty"`  // 0: one per core
}

// Handler hears what an engine says while it works, from one goroutine at a
// time. Nil functions are skipped.
type Handler struct {
	Progress func(fraction float64) // 0 to 1; only where the request has a duration
	Segment  func(models.Segment)   // in order
}

func (h Handler) progress(fraction float64) {
	if h.Progress != nil {
		h.Progress(min(max(fraction, 0), 1))
	}
}

func (h Handler) segment(s models.Segment) {
	if h.Segment != nil {
		h.Segment(s)
	}
}
