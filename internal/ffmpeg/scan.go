package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/models"
)

// Scan is what the timestamps of a source say, read without decoding anything,
// relative to the source's start. Headers lie in both directions; these are
// what a decoder will be given.
type Scan struct {
	Duration time.Duration // the latest end of a stream
	Streams  map[int]Span  // by index; a stream without a single packet is missing
}

// Span is the part of the timeline that a stream covers.
type Span struct {
	Start, End time.Duration
	Packets    int
	// Step is the time from one packet to the next that is typical where
	// packets are dense: the frame duration of a video. 0 for a single packet.
	Step time.Duration
	// Steady is true where nearly all packets keep that step.
	Steady bool
	// Regular is true where nearly all come a multiple of that step apart: what
	// is steady, and what was until frames were left out.
	Regular bool
}

// Scan reads the packets of the audio and video streams that can be decoded.
func (t Tools) Scan(ctx context.Context, path string, media *models.MediaInfo, l Limits) (*Scan, error) {
	var args []string
	var indices []int
	args = append(args, InputAs(media.Container, path)...)
	for _, s := range media.Streams {
		if s.Kind == models.StreamVideo || s.Kind == models.StreamAudio {
			args = append(args, "-map", "0:"+strconv.Itoa(s.Index))
			indices = append(indices, s.Index)
		}
	}
	args = append(args, "-c", "copy", "-copyinkf", "-f", "framecrc", "pipe:1")
	packets := packetReader{spans: make([]spanReader, len(indices))}
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		packets.read(out)
	}()
	err := t.Run(ctx, Run{Args: args, Stdout: in, Limits: scanLimits(path, l)})
	in.Close()
	<-done
	if err != nil {
		return nil, err
	}
	scan := &Scan{Streams: map[int]Span{}}
	for i, index := range indices {
		if span, ok := packets.spans[i].span(); ok {
			scan.Streams[index] = span
			scan.Duration = max(scan.Duration, span.End)
		}
	}
	return scan, nil
}

// Decodes tells whether a stream gives at least one picture or sample of sound.
func (t Tools) Decodes(ctx context.Context, path, container string, index int, l Limits) (bool, error) {
	args := InputAs(container, path, "-max_error_rate", "1")
	args = append(args, "-map", "0:"+strconv.Itoa(index), "-frames", "1", "-f", "framecrc", "pipe:1")
	var out bytes.Buffer
	err := t.Run(ctx, Run{Args: args, Stdout: &out, Limits: scanLimits(path, l)})
	if err != nil && models.ErrorCode(err) != models.CodeNoMedia {
		return false, err
	}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") {
			return true, nil
		}
	}
	return false, nil
}

// scanLimits gives a file the time that reading all of it takes on a slow disk.
func scanLimits(path string, l Limits) proc.Limits {
	const slowest = 10 << 20 // bytes per second
	limits := proc.Limits{Wall: l.Probe.Wall, Memory: l.Probe.Memory}
	if info, err := os.Stat(path); err == nil {
		limits.Wall += time.Duration(info.Size()/slowest) * time.Second
	}
	return limits
}

// packetReader reads FFmpeg's framecrc format: "#tb stream: num/den", then per
// packet "stream, dts, pts, duration, size, checksum".
type packetReader struct{ spans []spanReader }

func (p *packetReader) read(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		line := lines.Text()
		if base, ok := strings.CutPrefix(line, "#tb "); ok {
			stream, fraction, _ := strings.Cut(base, ": ")
			if s := p.stream(stream); s != nil {
				s.base = ratio(fraction, "/").Float()
			}
			continue
		}
		if f := strings.Split(line, ","); len(f) >= 6 && !strings.HasPrefix(line, "#") {
			if s := p.stream(f[0]); s != nil {
				s.packet(ticks(f[1]), ticks(f[2]), ticks(f[3]))
			}
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long must not block FFmpeg
}

func (p *packetReader) stream(s string) *spanReader {
	i, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || i < 0 || i >= len(p.spans) {
		return nil
	}
	return &p.spans[i]
}

// ticks is NaN where there is no time.
func ticks(s string) float64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n == math.MinInt64 {
		return math.NaN()
	}
	return float64(n)
}

// spanReader gathers the packets of one stream.
type spanReader struct {
	base       float64 // seconds per tick
	packets    int
	start, end float64 // in seconds
	delay      float64 // in ticks: by how much the last packet is shown after it is decoded
	bare       bool    // whether the packet that ends last has no duration

	window []float64 // the latest times, sorted: pictures are not stored in order
	steps  [1001]int // how often the next picture came n milliseconds later, a second at most
	sums   [1001]float64
}

// reordering is more than any codec delays a picture by.
const reordering = 32

func (s *spanReader) packet(dts, pts, duration float64) {
	// Several small pictures of MPEG-PS share a time, that of the first. Those
	// are as much behind their decoding times as it is.
	if math.IsNaN(pts) {
		pts = dts + s.delay
	} else if !math.IsNaN(dts) {
		s.delay = pts - dts
	}
	at := pts * s.base
	if math.IsNaN(at) {
		return
	}
	duration *= s.base
	bare := math.IsNaN(duration) || duration <= 0
	if bare {
		duration = 0
	}
	if s.packets == 0 || at < s.start {
		s.start = at
	}
	if s.packets == 0 || at+duration > s.end {
		s.end, s.bare = at+duration, bare
	}
	s.packets++
	i, _ := slices.BinarySearch(s.window, at)
	if s.window = slices.Insert(s.window, i, at); len(s.window) > reordering {
		s.shift()
	}
}

// shift takes the earliest time out of the window.
func (s *spanReader) shift() {
	step := s.window[1] - s.window[0]
	s.window = slices.Delete(s.window, 0, 1)
	i := int(math.Round(min(step, 1) * 1000))
	s.steps[i]++
	s.sums[i] += step
}

func (s *spanReader) span() (Span, bool) {
	if s.packets == 0 {
		return Span{}, false
	}
	for len(s.window) > 1 {
		s.shift()
	}
	step, steady := s.step()
	regular := s.regular(step)
	if s.bare {
		s.end += step
	}
	return Span{
		Start: duration(s.start), End: duration(s.end), Packets: s.packets,
		Step: duration(step), Steady: steady, Regular: regular,
	}, true
}

// step is the mean of the shorter steps: a screen recording that idles most of
// the time still moves at this rate where it does.
func (s *spanReader) step() (step float64, steady bool) {
	total, seen := 0, 0
	for _, n := range s.steps {
		total += n
	}
	for ms, n := range s.steps {
		if seen += n; n == 0 || seen*10 < total {
			continue
		}
		step, near := s.around(ms)
		return step, near*20 >= total*19
	}
	return 0, false
}

// regular tells whether the steps shorter than a second are multiples of one.
func (s *spanReader) regular(step float64) bool {
	total, near := 0, 0
	for ms, n := range s.steps[:len(s.steps)-1] {
		total += n
		if off := math.Remainder(float64(ms), step*1000); ms > 0 && math.Abs(off) <= 1.5 {
			near += n
		}
	}
	return step > 0 && near > 0 && near*20 >= total*19
}

// around is the mean of the steps within 1.5 ms, as containers round times to
// milliseconds, and their number.
func (s *spanReader) around(ms int) (mean float64, n int) {
	sum := 0.0
	for i := max(0, ms-1); i <= min(len(s.steps)-1, ms+1); i++ {
		sum += s.sums[i]
		n += s.steps[i]
	}
	return sum / float64(n), n
}

func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(max(-1e9, min(seconds, 1e9)) * float64(time.Second)))
}
