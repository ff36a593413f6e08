package riverq

import (
	"log/slog"
	"strings"
	"testing"
)

func TestWhatRiverSaysIsLoweredAndNotRepeated(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	log := newQuiet(slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	for _, log := range []*slog.Logger{log, log.With("queue", "cpu"), log.WithGroup("producer")} {
		log.Error("cannot fetch", "n", 1)
		log.Warn("may be stuck")
		log.Info("started")
		log.Debug("fetched")
	}
	want := `level=WARN msg="cannot fetch" n=1
level=DEBUG msg="may be stuck"
level=DEBUG msg=started
level=DEBUG msg="may be stuck" queue=cpu
level=DEBUG msg=started queue=cpu
level=DEBUG msg="may be stuck"
level=DEBUG msg=started
`
	if said.String() != want {
		t.Errorf("logged\n%swant\n%s", said.String(), want)
	}
}
