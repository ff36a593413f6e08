// Package scripted writes Whisper models whose words are known: files that
// libwhisper loads like any other, and that say the same script in every 30 s
// of sound, whatever the sound. With one, tests run the real library and its
// binding, and know what must come out. Only tests import it.
//
// All layers of such a model are zero and pass on what comes in, so what it
// says after position p is what the position's embedding is likest to.
package scripted

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Script is what a model says.
type Script struct {
	Lines []Line
	// Languages makes the model multilingual; it detects the one of this
	// number in Whisper's list (0 is English, 1 Chinese, 2 German).
	Language *int
	// Broken leaves out the token that libwhisper looks up unchecked: it loads
	// the model and aborts as soon as it is to listen.
	Broken bool
}

// Line is one segment, at times within the 30 s, in steps of 20 ms; the first
// begins no later than at 1 s.
type Line struct {
	Start, End time.Duration
	Tokens     []string // any bytes; a space begins a word
}

// Say returns a line of words.
func Say(start, end time.Duration, text string) Line {
	var tokens []string
	for _, word := range strings.Fields(text) {
		tokens = append(tokens, " "+word)
	}
	return Line{Start: start, End: end, Tokens: tokens}
}

// Model writes a model that says the script and returns its path.
func Model(t testing.TB, s Script) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ggml-scripted.bin")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	if err := write(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// The size of the model: the smallest that the library takes.
const (
	state        = 64
	audioContext = 1500
	textContext  = 448
	mels         = 80
	bins         = 201
)

// Whisper's token numbers in an English model. In a multilingual one those
// from end of text on are higher by one.
const (
	vocabulary = 51864
	endOfText  = 50256
	start      = 50257
	firstLang  = 50258 // of a multilingual model, before the shift
	transcribe = 50358
	firstTime  = 50363 // one for each 20 ms
)

// plan is the script in tokens.
type plan struct {
	words  []string // by token number
	shift  int      // 1 for a multilingual model
	saying []int    // the token said after each position
}

func newPlan(s Script) plan {
	p := plan{words: []string{" "}}
	if s.Broken {
		p.words[0] = "_"
	}
	if s.Language != nil {
		p.shift = 1
		// The prompt is start, language, transcribe; the script follows it.
		p.saying = []int{firstLang + p.shift + *s.Language, transcribe + p.shift}
	}
	stamp := func(t time.Duration) int { return firstTime + p.shift + int(t/(20*time.Millisecond)) }
	for _, line := range s.Lines {
		p.saying = append(p.saying, stamp(line.Start))
		for _, text := range line.Tokens {
			id := slices.Index(p.words, text)
			if id < 0 {
				id = len(p.words)
				p.words = append(p.words, text)
			}
			p.saying = append(p.saying, id)
		}
		p.saying = append(p.saying, stamp(line.End))
	}
	return p
}

func write(w *bufio.Writer, s Script) error {
	p := newPlan(s)
	header := []int32{
		0x67676d6c, int32(vocabulary + p.shift),
		audioContext, state, 1, 1,
		textContext, state, 1, 1,
		mels, 1, // numbers are float16
		mels, bins,
	}
	out := [][]byte{encode(header), make([]byte, 4*mels*bins), encode(int32(len(p.words)))}
	for _, word := range p.words {
		out = append(out, encode(int32(len(word))), []byte(word))
	}
	for _, t := range p.tensors() {
		out = append(out, t.encode())
	}
	_, err := w.Write(bytes.Join(out, nil))
	return err
}

// tensor is one of the model's, its dimensions fastest first.
type tensor struct {
	name string
	half bool
	dims []int32
	data []float32 // nil for zeros
}

func (t tensor) encode() []byte {
	format := int32(0)
	size := int32(4)
	if t.half {
		format, size = 1, 2
	}
	head := encode([]int32{int32(len(t.dims)), int32(len(t.name)), format})
	for _, n := range t.dims {
		size *= n
	}
	data := make([]byte, size)
	switch {
	case t.half:
		for i, v := range t.data {
			binary.LittleEndian.PutUint16(data[2*i:], half(v))
		}
	case t.data != nil:
		data = encode(t.data)
	}
	return slices.Concat(head, encode(t.dims), []byte(t.name), data)
}

func (p plan) tensors() []tensor {
	tokens, positions := p.embeddings()
	all := []tensor{
		{"encoder.positional_embedding", false, []int32{state, audioContext}, nil},
		{"encoder.conv1.weight", true, []int32{3, mels, state}, nil},
		{"encoder.conv1.bias", false, []int32{1, state}, nil},
		{"encoder.conv2.weight", true, []int32{3, state, state}, nil},
		{"encoder.conv2.bias", false, []int32{1, state}, nil},
		{"decoder.positional_embedding", false, []int32{state, textContext}, positions},
		{"decoder.token_embedding.weight", true, []int32{state, int32(vocabulary + p.shift)}, tokens},
	}
	all = append(all, norm("encoder.ln_post")...)
	all = append(all, norm("decoder.ln")...)
	all = append(all, block("encoder.blocks.0.", "attn")...)
	all = append(all, block("decoder.blocks.0.", "attn", "cross_attn")...)
	return all
}

func norm(name string) []tensor {
	ones := slices.Repeat([]float32{1}, state)
	return []tensor{{name + ".weight", false, []int32{state}, ones}, {name + ".bias", false, []int32{state}, nil}}
}

func block(prefix string, attentions ...string) []tensor {
	all := norm(prefix + "mlp_ln")
	all = append(all,
		tensor{prefix + "mlp.0.weight", true, []int32{state, 4 * state}, nil},
		tensor{prefix + "mlp.0.bias", false, []int32{4 * state}, nil},
		tensor{prefix + "mlp.2.weight", true, []int32{4 * state, state}, nil},
		tensor{prefix + "mlp.2.bias", false, []int32{state}, nil})
	for _, name := range attentions {
		all = append(all, norm(prefix+name+"_ln")...)
		for _, part := range []string{"query", "key", "value", "out"} {
			all = append(all, tensor{prefix + name + "." + part + ".weight", true, []int32{state, state}, nil})
			if part != "key" {
				all = append(all, tensor{prefix + name + "." + part + ".bias", false, []int32{state}, nil})
			}
		}
	}
	return all
}

// embeddings returns those of the tokens, random where they are used, and
// those of the positions, each ten times that of the token to say.
func (p plan) embeddings() (tokens, positions []float32) {
	rng := rand.New(rand.NewPCG(1, 2))
	tokens = make([]float32, (vocabulary+p.shift)*state)
	end := endOfText + p.shift
	for _, id := range append([]int{end, start + p.shift}, p.saying...) {
		if at := tokens[id*state:][:state]; at[0] == 0 {
			copy(at, direction(rng))
		}
	}
	positions = make([]float32, textContext*state)
	for at := range textContext {
		say := end
		if at < len(p.saying) {
			say = p.saying[at]
		}
		for i := range state {
			positions[at*state+i] = 10 * tokens[say*state+i]
		}
	}
	return tokens, positions
}

// direction returns a random vector of length 4 whose mean is 0.
func direction(rng *rand.Rand) []float32 {
	v := make([]float64, state)
	mean := 0.0
	for i := range v {
		v[i] = rng.NormFloat64()
		mean += v[i] / state
	}
	length := 0.0
	for i := range v {
		v[i] -= mean
		length += v[i] * v[i]
	}
	out := make([]float32, state)
	for i := range v {
		out[i] = float32(v[i] * 4 / math.Sqrt(length))
	}
	return out
}

func encode(v any) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err) // a type of no fixed size: a mistake in this package
	}
	return b
}

// half rounds to float16 (IEEE 754) what is in its normal range or 0.
func half(v float32) uint16 {
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	exponent := int(b>>23&0xff) - 127 + 15
	if exponent <= 0 {
		return sign
	}
	return sign | uint16(exponent)<<10 + uint16((b&0x7fffff+0x1000)>>13)
}
