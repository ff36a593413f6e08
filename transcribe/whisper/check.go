package whisper

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// magic begins ggml's files, Whisper's and Silero's alike.
const magic = 0x67676d6c

// blocks are ggml's types of numbers: so many of them take so many bytes.
var blocks = map[int32]struct{ numbers, bytes int64 }{
	0:  {1, 4},     // F32
	1:  {1, 2},     // F16
	2:  {32, 18},   // Q4_0
	3:  {32, 20},   // Q4_1
	6:  {32, 22},   // Q5_0
	7:  {32, 24},   // Q5_1
	8:  {32, 34},   // Q8_0
	10: {256, 84},  // Q2_K
	11: {256, 110}, // Q3_K
	12: {256, 144}, // Q4_K
	13: {256, 176}, // Q5_K
	14: {256, 210}, // Q6_K
	30: {1, 2},     // BF16
}

// header is what a Whisper file says of its model, in the order of the file.
type header struct {
	Vocab, AudioContext, AudioState, AudioHead, AudioLayer       int32
	TextContext, TextState, TextHead, TextLayer, Mels, NumberFmt int32
}

// checkMagic tells whether r begins like a ggml file.
func checkMagic(r io.Reader) error {
	var got uint32
	if err := binary.Read(r, binary.LittleEndian, &got); err != nil {
		return fmt.Errorf("read magic: %w", err)
	}
	if got != magic {
		return fmt.Errorf("magic is %#x, not %#x", got, magic)
	}
	return nil
}

// check walks through a Whisper file to its end: libwhisper takes what is
// missing from a truncated one for weights, and aborts over a broken header.
func check(file io.Reader) error {
	r := bufio.NewReaderSize(file, 1<<20)
	if err := checkMagic(r); err != nil {
		return err
	}
	var h header
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	if err := h.check(); err != nil {
		return err
	}
	if err := skipFilters(r); err != nil {
		return fmt.Errorf("read mel filters: %w", err)
	}
	if err := skipVocabulary(r, h.Vocab); err != nil {
		return fmt.Errorf("read vocabulary: %w", err)
	}
	for n := 0; ; n++ {
		switch err := skipTensor(r); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read tensor %d: %w", n, err)
		}
	}
}

// check bounds the numbers by a few times those of the largest model there is.
func (h header) check() error {
	for _, v := range []struct {
		name     string
		value    int32
		max      int32
		multiple int32
	}{
		{"vocabulary", h.Vocab, 1 << 18, 1},
		{"audio context", h.AudioContext, 6000, 1},
		{"audio state", h.AudioState, 8192, h.AudioHead},
		{"audio heads", h.AudioHead, 256, 1},
		{"audio layers", h.AudioLayer, 256, 1},
		{"text context", h.TextContext, 4096, 1},
		{"text state", h.TextState, 8192, h.TextHead},
		{"text heads", h.TextHead, 256, 1},
		{"text layers", h.TextLayer, 256, 1},
		{"mel bands", h.Mels, 512, 1},
	} {
		if v.value <= 0 || v.value > v.max || v.multiple <= 0 || v.value%v.multiple != 0 {
			return fmt.Errorf("%s is %d", v.name, v.value)
		}
	}
	return nil
}

func skipFilters(r io.Reader) error {
	var size struct{ Mels, Bins int32 }
	if err := binary.Read(r, binary.LittleEndian, &size); err != nil {
		return err
	}
	if size.Mels <= 0 || size.Mels > 512 || size.Bins <= 0 || size.Bins > 8192 {
		return fmt.Errorf("%d by %d of them", size.Mels, size.Bins)
	}
	return skip(r, 4*int64(size.Mels)*int64(size.Bins))
}

func skipVocabulary(r io.Reader, most int32) error {
	var n int32
	if err := binary.Read(r, binary.LittleEndian, &n); err != nil {
		return err
	}
	if n <= 0 || n > most {
		return fmt.Errorf("%d words of %d", n, most)
	}
	for range n {
		var length uint32
		if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
			return err
		}
		if length > 1<<10 {
			return fmt.Errorf("a word of %d bytes", length)
		}
		if err := skip(r, int64(length)); err != nil {
			return err
		}
	}
	return nil
}

// skipTensor returns io.EOF where the file ends instead of another tensor.
func skipTensor(r io.Reader) error {
	var t struct{ Dims, Name, Type int32 }
	if err := binary.Read(r, binary.LittleEndian, &t); err != nil {
		return err
	}
	if t.Dims < 1 || t.Dims > 4 || t.Name < 1 || t.Name > 256 {
		return fmt.Errorf("%d dimensions, a name of %d bytes", t.Dims, t.Name)
	}
	block, ok := blocks[t.Type]
	if !ok {
		return fmt.Errorf("numbers of type %d", t.Type)
	}
	sizes := make([]int32, t.Dims)
	if err := binary.Read(r, binary.LittleEndian, sizes); err != nil {
		return unexpected(err)
	}
	numbers := int64(1)
	for _, size := range sizes {
		if size <= 0 || size > 1<<24 || numbers > 1<<36 {
			return fmt.Errorf("sizes %v", sizes)
		}
		numbers *= int64(size)
	}
	return skip(r, int64(t.Name)+numbers/block.numbers*block.bytes)
}

// skip reads n bytes, all of which must be there.
func skip(r io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	return unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
