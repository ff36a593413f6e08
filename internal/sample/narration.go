package sample

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
)

// sampleRate is that of the narration, in hertz, one channel.
const sampleRate = 48000

// speak says each sentence in a file of its own below dir and returns the
// samples of each, without the silence around it.
func speak(ctx context.Context, tools ffmpeg.Tools, dir string, topics []topic) ([][][]int16, error) {
	var inputs, outputs []string
	eachSentence(topics, func(n int, t topic, sentence string) {
		text := fmt.Sprintf("%03d.txt", n)
		inputs = append(inputs, "-f", "lavfi", "-i", filter("flite", "textfile", text, "voice", t.voice))
		outputs = append(outputs, "-map", fmt.Sprintf("%d:a", n), "-ar", fmt.Sprint(sampleRate), "-ac", "1",
			"-f", "s16le", fmt.Sprintf("%03d.pcm", n))
	})
	var failed error
	eachSentence(topics, func(n int, _ topic, sentence string) {
		err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.txt", n)), []byte(sentence), 0o600)
		if err != nil && failed == nil {
			failed = fmt.Errorf("write sentence: %w", err)
		}
	})
	if failed != nil {
		return nil, failed
	}
	if err := tools.Run(ctx, ffmpeg.Run{Args: append(inputs, outputs...), Dir: dir}); err != nil {
		return nil, fmt.Errorf("speak: %w", err)
	}
	spoken := make([][][]int16, len(topics))
	n := 0
	for i, t := range topics {
		for range t.sentences {
			samples, err := readSamples(filepath.Join(dir, fmt.Sprintf("%03d.pcm", n)))
			if err != nil {
				return nil, err
			}
			spoken[i] = append(spoken[i], samples)
			n++
		}
	}
	return spoken, nil
}

func eachSentence(topics []topic, visit func(n int, t topic, sentence string)) {
	n := 0
	for _, t := range topics {
		for _, s := range t.sentences {
			visit(n, t, s)
			n++
		}
	}
}

// readSamples reads 16-bit samples and cuts the silence off both ends.
func readSamples(path string) ([]int16, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read narration: %w", err)
	}
	samples := make([]int16, len(raw)/2)
	first, last := -1, -1
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		if audible := samples[i] > 200 || samples[i] < -200; audible {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return nil, fmt.Errorf("narration %s is silent", filepath.Base(path))
	}
	return samples[first : last+1], nil
}

// lasts is how long some samples take.
func lasts(samples []int16) time.Duration {
	return time.Duration(len(samples)) * time.Second / sampleRate
}

// track lays the sentences on one line of time and writes it as raw samples.
func (s *show) track(path string) error {
	all := make([]byte, 2*(int64(s.Duration)*sampleRate/int64(time.Second)))
	for i, t := range s.Topics {
		for j, said := range t.Sentences {
			at := int64(said.Start) * sampleRate / int64(time.Second)
			for k, v := range s.spoken[i][j] {
				binary.LittleEndian.PutUint16(all[2*(at+int64(k)):], uint16(v))
			}
		}
	}
	return os.WriteFile(path, all, 0o600)
}
