//go:build cgo

package whisper

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	binding "github.com/ggerganov/whisper.cpp/bindings/go"
	"golang.org/x/text/language"

	"github.com/cuepoint/cuepoint/models"
)

// running keeps calls into the library apart: the binding keeps its callbacks
// in maps that have no lock.
var running sync.Mutex

// Options say which model to load, and how to use it.
type Options struct {
	Model   string // path of a ggml file
	VAD     string // path of a Silero ggml file; empty for none
	Threads int    // 0: one per core
}

// Model is a loaded model. It implements transcribe.Recognizer.
type Model struct {
	ctx    *binding.Context
	name   string
	params binding.Params
	voice  *detector // nil for none
}

// Load loads a model. MODEL_MISSING where there is no such file, MODEL_CORRUPT
// where the file is damaged or something else, ENGINE_MISSING where libwhisper
// is incomplete.
func Load(o Options) (*Model, error) {
	if err := checkFile(o.Model, check); err != nil {
		return nil, err
	}
	if o.VAD != "" {
		if err := checkFile(o.VAD, checkMagic); err != nil {
			return nil, err
		}
	}
	if err := loadBackends(); err != nil {
		return nil, models.Errorf(models.CodeEngineMissing,
			"libwhisper has no code for this processor; run `cuepoint doctor` to see how to install it").Because(err)
	}
	running.Lock()
	defer running.Unlock()
	ctx := binding.Whisper_init(o.Model)
	if ctx == nil {
		return nil, corrupt(o.Model, errors.New("libwhisper cannot load it"))
	}
	m := &Model{ctx: ctx, name: filepath.Base(o.Model), params: parameters(ctx, o.Threads)}
	if o.VAD != "" {
		if m.voice = loadDetector(o.VAD); m.voice == nil {
			ctx.Whisper_free()
			return nil, corrupt(o.VAD, errors.New("libwhisper cannot load it"))
		}
	}
	return m, nil
}

func parameters(ctx *binding.Context, threads int) binding.Params {
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	p := ctx.Whisper_full_default_params(binding.SAMPLING_GREEDY)
	p.SetThreads(threads)
	p.SetPrintProgress(false)
	p.SetPrintRealtime(false)
	p.SetPrintSpecial(false)
	p.SetPrintTimestamps(false)
	p.SetTokenTimestamps(true)
	// What was said before is no help once the model has begun to repeat itself.
	p.SetNoContext(true)
	p.SetMaxContext(0)
	return p
}

// checkFile looks at a file before the library does, which may not survive it.
func checkFile(path string, check func(io.Reader) error) error {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return models.Errorf(models.CodeModelMissing, "the model file %s does not exist; "+
			"`cuepoint models list` shows the models there are, `cuepoint models pull NAME` fetches one", path).Because(err)
	case err != nil:
		return models.Errorf(models.CodeModelMissing, "the model file %s cannot be opened; check its permissions", path).Because(err)
	}
	defer f.Close()
	if err := check(f); err != nil {
		return corrupt(path, err)
	}
	return nil
}

func corrupt(path string, err error) error {
	return models.Errorf(models.CodeModelCorrupt, "the model file %s is damaged or no Whisper model; "+
		"`cuepoint models pull NAME` fetches a good one", path).Because(err)
}

// Close frees the model's memory. The model cannot be used afterwards.
func (m *Model) Close() error {
	running.Lock()
	defer running.Unlock()
	if m.ctx != nil {
		m.ctx.Whisper_free()
		m.ctx = nil
	}
	if m.voice != nil {
		m.voice.close()
		m.voice = nil
	}
	return nil
}

// Recognize implements transcribe.Recognizer. INVALID_ARGUMENT for a language
// that the model does not know.
func (m *Model) Recognize(ctx context.Context, samples []float32, language string, progress func(float64)) ([]models.Segment, string, error) {
	id, err := m.language(language)
	if err != nil || len(samples) == 0 {
		return nil, language, err
	}
	running.Lock()
	defer running.Unlock()
	if err := m.params.SetLanguage(id); err != nil {
		return nil, "", err
	}
	spans := []span{{from: 0, to: len(samples)}}
	if m.voice != nil {
		if spans, err = m.voice.voices(samples); err != nil {
			return nil, "", m.failed(err)
		}
	}
	packed := pack(samples, spans)
	if len(packed) == 0 {
		return nil, language, nil
	}
	length := duration(len(packed))
	if missing := shortest - len(packed); missing > 0 {
		packed = append(packed, make([]float32, missing)...)
	}
	err = m.ctx.Whisper_full(m.params, packed,
		func() bool { return ctx.Err() == nil },
		nil,
		func(percent int) { progress(float64(percent) / 100) })
	if ctx.Err() != nil {
		return nil, "", ctx.Err() // the library calls it a success
	}
	if err != nil {
		return nil, "", m.failed(err)
	}
	code := binding.Whisper_lang_str(m.ctx.Whisper_full_lang_id())
	heard := m.segments(length, spaced(code))
	unpack(heard, spans)
	return heard, bcp47(code), nil
}

func (m *Model) failed(err error) error {
	return models.Errorf(models.CodeEngineCrashed, "Whisper could not work on this sound with the model %s", m.name).Because(err)
}

// segments reads what was heard in sound of a length.
func (m *Model) segments(length time.Duration, spaced bool) []models.Segment {
	var heard []models.Segment
	for i := range m.ctx.Whisper_full_n_segments() {
		start := min(max(centiseconds(m.ctx.Whisper_full_get_segment_t0(i)), 0), length)
		end := min(max(centiseconds(m.ctx.Whisper_full_get_segment_t1(i)), start), length)
		if s := segment(m.tokens(i), start, end, spaced); s.Text != "" && start < length {
			heard = append(heard, s)
		}
	}
	return heard
}

// tokens reads a segment's tokens of text: those above the end of text are special.
func (m *Model) tokens(segment int) []token {
	var tokens []token
	for i := range m.ctx.Whisper_full_n_tokens(segment) {
		if m.ctx.Whisper_full_get_token_id(segment, i) >= m.ctx.Whisper_token_eot() {
			continue
		}
		data := m.ctx.Whisper_full_get_token_data(segment, i)
		tokens = append(tokens, token{
			text:  m.ctx.Whisper_full_get_token_text(segment, i),
			start: centiseconds(data.T0()),
			end:   centiseconds(data.T1()),
			p:     float64(m.ctx.Whisper_full_get_token_p(segment, i)),
		})
	}
	return tokens
}

// Codes that Whisper knows languages by, where they are not those of BCP 47.
var whisperCodes = map[string]string{"nb": "no", "jv": "jw", "fil": "tl"}

// language returns Whisper's number of a language, -1 for one to detect.
func (m *Model) language(tag string) (int, error) {
	multilingual := m.ctx.Whisper_is_multilingual() != 0
	code := "en"
	if tag != "" {
		t, err := language.Parse(tag)
		base, _ := t.Base()
		code = base.String()
		if other, ok := whisperCodes[code]; ok {
			code = other
		}
		if err != nil || t.IsRoot() {
			return 0, models.Errorf(models.CodeInvalidArgument,
				"%q is no language; give a code such as en or de, or none to have it detected", tag)
		}
	}
	id := m.ctx.Whisper_lang_id(code)
	switch {
	case !multilingual && code != "en":
		return 0, models.Errorf(models.CodeInvalidArgument, "the model %s knows English only, not %s; "+
			"choose one without .en in its name (`cuepoint models list`)", m.name, tag)
	case multilingual && tag == "":
		return -1, nil
	case id < 0 || multilingual && id >= m.languages():
		return 0, models.Errorf(models.CodeInvalidArgument,
			"the model %s does not know the language %s; leave it out to have the nearest one detected", m.name, tag)
	}
	return id, nil
}

// languages is how many the model knows: Whisper has a token for each, and
// newer models have more of them.
func (m *Model) languages() int {
	const besides = 51766 // tokens of a multilingual model that are no languages
	return m.ctx.Whisper_n_vocab() - besides
}

// bcp47 is the code of a language outside of Whisper.
func bcp47(whisper string) string {
	for code, other := range whisperCodes {
		if other == whisper {
			return code
		}
	}
	return whisper
}
