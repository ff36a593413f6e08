package bench

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/proc"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
)

// background is the priority that packaging has.
var background = proc.Limits{Nice: 5}

// rungs are the ladder of a 1080p source, as [streaming.Plan] makes it.
var rungs = []struct {
	size, maxrate, bufsize string
}{
	{"1920:1080", "4375000", "3750000"},
	{"1280:720", "2450000", "2100000"},
	{"854:480", "1225000", "1050000"},
	{"640:360", "700000", "600000"},
}

// Packaging is held to the two ways in which people do it by hand: a process
// per rung, one after another (at most 0.80 of their time), and one command
// with the same outputs (at most 1.05). In each of five rounds every way has its
// turn, and the median of the rounds' ratios counts: a machine that slows down
// slows all of them down.
func BenchmarkPackaging(b *testing.B) {
	tools := testenv.FFmpeg(b)
	source := testenv.Clip(b, "bench.mp4",
		"-f", "lavfi", "-i", "mandelbrot=s=1920x1080:r=25:end_scale=0.05:maxiter=600", "-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.1,aformat=channel_layouts=stereo",
		"-t", "8", "-vf", "noise=alls=6:allf=t,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac")
	media, err := tools.Probe(b.Context(), source, ffmpeg.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	ways := []struct {
		name string
		run  func(dir string) error
		took []time.Duration
	}{
		{name: "cuepoint", run: func(dir string) error { return pack(b, tools, source, dir, media) }},
		{name: "process per rung", run: func(dir string) error { return perRung(b, tools, source, dir) }},
		{name: "single command", run: func(dir string) error { return single(b, tools, source, dir) }},
	}
	for b.Loop() {
		const rounds = 5
		for range rounds {
			for i := range ways {
				start := time.Now()
				if err := ways[i].run(b.TempDir()); err != nil {
					b.Fatalf("%s: %v", ways[i].name, err)
				}
				ways[i].took = append(ways[i].took, time.Since(start))
			}
		}
	}
	for _, w := range ways {
		b.Logf("%-16s median %v, from %v to %v", w.name, median(w.took).Round(time.Millisecond),
			slices.Min(w.took).Round(time.Millisecond), slices.Max(w.took).Round(time.Millisecond))
	}
	atMost(b, "of-per-rung", ways[0].took, ways[1].took, 0.80)
	atMost(b, "of-single", ways[0].took, ways[2].took, 1.05)
}

func pack(b *testing.B, tools ffmpeg.Tools, source, dir string, media *models.MediaInfo) error {
	_, err := streaming.Package(b.Context(), tools, source, dir, media, streaming.Options{Limits: ffmpeg.DefaultLimits()})
	return err
}

// x264 encodes as the ladder does.
func x264(i int) []string {
	return []string{
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "23",
		"-maxrate", rungs[i].maxrate, "-bufsize", rungs[i].bufsize, "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
	}
}

var (
	hls  = []string{"-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"}
	aac  = []string{"-map", "0:a", "-c:a", "aac", "-b:a", "128k", "-ar", "48000"}
	flac = []string{"-map", "0:a", "-c:a", "flac", "-ar", "16000", "-ac", "1"}
)

// perRung runs a process for each rung, the first of which makes the sound too.
func perRung(b *testing.B, tools ffmpeg.Tools, source, dir string) error {
	for i, r := range rungs {
		args := slices.Concat(ffmpeg.Input(source), []string{"-map", "0:v", "-vf", "scale=" + r.size + ",format=yuv420p"}, x264(i), hls,
			[]string{filepath.Join(dir, fmt.Sprintf("v%d.m3u8", i))})
		if i == 0 {
			args = slices.Concat(args, aac, hls, []string{filepath.Join(dir, "a.m3u8")}, flac, []string{filepath.Join(dir, "speech.flac")})
		}
		if err := tools.Run(b.Context(), ffmpeg.Run{Args: args, Dir: dir, Limits: background}); err != nil {
			return err
		}
	}
	return nil
}

// single runs one command with FFmpeg's own DASH muxer.
func single(b *testing.B, tools ffmpeg.Tools, source, dir string) error {
	graph := "[0:v]scale=" + rungs[0].size + ",format=yuv420p,setdar=16/9"
	var outputs []string
	for i := range rungs {
		if i > 0 {
			graph += fmt.Sprintf(";[t%d]scale=%s,setdar=16/9", i, rungs[i].size)
		}
		if i < len(rungs)-1 {
			graph += fmt.Sprintf(",split[v%d][t%d]", i, i+1)
		} else {
			graph += fmt.Sprintf("[v%d]", i)
		}
		outputs = append(outputs, "-map", fmt.Sprintf("[v%d]", i))
		for _, arg := range x264(i) {
			if option, ok := strings.CutPrefix(arg, "-"); ok {
				arg = fmt.Sprintf("-%s:v:%d", strings.TrimSuffix(option, ":v"), i)
			}
			outputs = append(outputs, arg)
		}
	}
	args := slices.Concat(ffmpeg.Input(source), []string{"-filter_complex", graph}, outputs, aac,
		[]string{"-f", "dash", "-seg_duration", "6", "-use_template", "1", "-use_timeline", "1", "-hls_playlist", "1",
			"-adaptation_sets", "id=0,streams=v id=1,streams=a", filepath.Join(dir, "manifest.mpd")},
		flac, []string{filepath.Join(dir, "speech.flac")})
	return tools.Run(b.Context(), ffmpeg.Run{Args: args, Dir: dir, Limits: background})
}
