package transcribe

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// sampleRate is what speech models listen to, in hertz, one channel.
const sampleRate = 16000

// at is when a sample sounds.
func at(sample int64) time.Duration {
	return time.Duration(sample) * time.Second / sampleRate
}

// decode gives the first audio stream of a file to push, some samples at a
// time, mono at 16 kHz. The slice is push's until it returns. It holds no more
// than a block in memory, however slow push is. SOURCE_UNAVAILABLE where there
// is no such file, NO_MEDIA where there is no sound in it.
func decode(ctx context.Context, tools ffmpeg.Tools, path string, push func([]float32) error) error {
	if _, err := os.Stat(path); err != nil {
		return models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check the path and its permissions", path).Because(err)
	}
	running, cancel := context.WithCancel(ctx)
	out, in := io.Pipe()
	ended := make(chan struct{})
	go func() {
		err := tools.Run(running, ffmpeg.Run{Args: decodeArgs(path), Stdout: in})
		in.CloseWithError(err) // nil reads as the end
		close(ended)
	}()
	n, err := read(out, push)
	out.Close()
	cancel()
	<-ended
	if err == nil && n == 0 {
		return models.Errorf(models.CodeNoMedia, "there is no sound in this file")
	}
	return err
}

func decodeArgs(path string) []string {
	return append(ffmpeg.Input(path), "-map", "0:a:0", "-vn", "-sn", "-dn",
		"-ac", "1", "-ar", strconv.Itoa(sampleRate), "-f", "f32le", "pipe:1")
}

// read pushes little-endian floats until r ends, and counts them.
func read(r io.Reader, push func([]float32) error) (n int64, err error) {
	const block = sampleRate / 2
	buffered := bufio.NewReaderSize(r, 4*block)
	raw := make([]byte, 4*block)
	samples := make([]float32, 0, block)
	for {
		got, err := io.ReadFull(buffered, raw)
		samples = samples[:0]
		for i := 0; i+4 <= got; i += 4 {
			samples = append(samples, finite(math.Float32frombits(binary.LittleEndian.Uint32(raw[i:]))))
		}
		n += int64(len(samples))
		if len(samples) > 0 {
			if err := push(samples); err != nil {
				return n, err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

// finite bounds a sample: a broken float stream must not poison what is
// computed from it.
func finite(v float32) float32 {
	if v != v {
		return 0
	}
	return min(max(v, -1), 1)
}
