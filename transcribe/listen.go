package transcribe

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// Recognizer hears words in a stretch of sound. It is used by one goroutine.
type Recognizer interface {
	// Recognize returns what is said in samples, 16 kHz mono, never empty: its
	// segments in order, with times from the first sample, and the language, a
	// code of ISO 639. language is empty where it is to be detected. progress
	// takes 0 to 1. The samples must not be kept.
	Recognize(ctx context.Context, samples []float32, language string, progress func(float64)) ([]models.Segment, string, error)

	Close() error
}

// Listener is an [Engine] in this process. Its memory does not grow with the
// length of the audio.
type Listener struct {
	FFmpeg ffmpeg.Tools
	// Load makes the recognizer that a request names.
	Load func(Request) (Recognizer, error)
}

// Transcribe implements [Engine].
func (l Listener) Transcribe(ctx context.Context, r Request, on Handler) (*models.Transcript, error) {
	recognizer, err := l.Load(r)
	if err != nil {
		return nil, err
	}
	defer recognizer.Close()
	h := &hearing{recognizer: recognizer, request: r, on: on, languages: languages{declared: r.Language}}
	s := newSplitter(defaultSplitting(), func(w window) error { return h.hear(ctx, w) })
	if err := decode(ctx, l.FFmpeg, r.Audio, s.push); err != nil {
		return nil, err
	}
	if err := s.flush(); err != nil {
		return nil, err
	}
	on.progress(1)
	return &models.Transcript{
		Language: Language(h.languages.main()),
		Source:   models.SourceRecognized,
		Model:    strings.TrimSuffix(filepath.Base(r.Model), filepath.Ext(r.Model)),
		Segments: h.segments,
	}, nil
}

// hearing is the state of one request.
type hearing struct {
	recognizer Recognizer
	request    Request
	on         Handler
	stitcher   stitcher
	cleaner    cleaner
	languages  languages
	segments   []models.Segment
}

func (h *hearing) hear(ctx context.Context, w window) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	start := at(w.start)
	progress := func(fraction float64) {
		if h.request.Duration > 0 {
			done := start + time.Duration(fraction*float64(w.duration()))
			h.on.progress(float64(done) / float64(h.request.Duration))
		}
	}
	heard, language, err := h.recognizer.Recognize(ctx, w.samples, h.languages.ask(w.duration()), progress)
	if err == nil {
		err = ctx.Err() // a recognizer may stop early and call it a success
	}
	if err != nil {
		return err
	}
	progress(1)
	own := h.cleaner.clean(h.stitcher.add(w, heard))
	h.languages.heard(language, own)
	for _, s := range own {
		h.on.segment(s)
	}
	h.segments = append(h.segments, own...)
	return nil
}

// languages finds out what is spoken: each window may be in a language of its
// own, but a short one says too little to tell.
type languages struct {
	declared string
	spoken   map[string]time.Duration
}

// telling is how much sound it takes to tell a language.
const telling = 30 * time.Second

// ask returns the language to listen for in a window, "" to detect it.
func (l *languages) ask(length time.Duration) string {
	if l.declared != "" || length >= telling {
		return l.declared
	}
	return l.main()
}

func (l *languages) heard(language string, segments []models.Segment) {
	if l.spoken == nil {
		l.spoken = map[string]time.Duration{}
	}
	for _, s := range segments {
		l.spoken[language] += s.End - s.Start
	}
}

// main is the declared language, else the one spoken longest, "" where nothing was said.
func (l *languages) main() string {
	if l.declared != "" {
		return l.declared
	}
	longest := ""
	for language, d := range l.spoken {
		if best := l.spoken[longest]; d > best || d == best && language < longest {
			longest = language
		}
	}
	return longest
}
