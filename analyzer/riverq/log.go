package riverq

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// repeat is how often River may say the same thing: of a database that is away
// it speaks several times a second.
const repeat = time.Minute

// quiet is a handler for what River logs. What it calls errors passes by itself,
// so they are warnings here; the rest is of interest to who looks for a fault.
type quiet struct {
	slog.Handler
	last *lastSaid // of all handlers made from one
}

// lastSaid is when River said what. Its messages are constants, so they are few.
type lastSaid struct {
	mu sync.Mutex
	at map[string]time.Time
}

func newQuiet(log *slog.Logger) *slog.Logger {
	return slog.New(&quiet{log.Handler(), &lastSaid{at: map[string]time.Time{}}})
}

func lowered(level slog.Level) slog.Level {
	switch {
	case level >= slog.LevelError:
		return slog.LevelWarn
	case level >= slog.LevelInfo:
		return slog.LevelDebug
	}
	return slog.LevelDebug - 4
}

// Enabled implements [slog.Handler].
func (h *quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, lowered(level))
}

// Handle implements [slog.Handler].
func (h *quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Level = lowered(r.Level); r.Level >= slog.LevelWarn && !h.last.news(r.Message, r.Time) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h *quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &quiet{h.Handler.WithAttrs(attrs), h.last}
}

// WithGroup implements [slog.Handler].
func (h *quiet) WithGroup(name string) slog.Handler {
	return &quiet{h.Handler.WithGroup(name), h.last}
}

// news tells whether a message was not said lately, and takes note that it is now.
func (l *lastSaid) news(message string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, said := l.at[message]; said && now.Sub(last) < repeat {
		return false
	}
	l.at[message] = now
	return true
}
