package bench

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/analyzertest"
	"github.com/cuepoint/cuepoint/analyzer/stages"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
	"github.com/cuepoint/cuepoint/vision"
)

// BenchmarkShots measures finding the shots of a minute of 1080p as a share of
// packaging it, both in the same run: at most a twentieth.
func BenchmarkShots(b *testing.B) {
	path := minute(b)
	tools := testenv.FFmpeg(b)
	engine := vision.Process{Path: testenv.Program(b, vision.EngineName)}
	media, err := tools.Probe(b.Context(), path, ffmpeg.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	var packaging, shots, thumbs time.Duration
	for b.Loop() {
		dir := b.TempDir()
		start := time.Now()
		made, err := streaming.Package(b.Context(), tools, path, dir, media, streaming.Options{Limits: ffmpeg.DefaultLimits()})
		if err != nil {
			b.Fatal(err)
		}
		packaging += time.Since(start)

		data, err := json.Marshal(made.Packaging)
		if err != nil {
			b.Fatal(err)
		}
		inputs := &analyzertest.Inputs{Published: map[string]analyzertest.Published{
			"package": {Dir: dir, Artifacts: []models.Artifact{{Kind: models.ArtifactHLS, Path: streaming.MasterName, Data: data}}},
		}}
		found, took := timed(b, stages.NewShots(engine), inputs)
		shots += took
		inputs.Moments = found.Cues
		_, took = timed(b, stages.NewThumbs(engine), inputs)
		thumbs += took
	}
	b.ReportMetric(packaging.Seconds()/float64(b.N), "s/packaging")
	b.ReportMetric(shots.Seconds()/float64(b.N), "s/shots")
	b.ReportMetric(thumbs.Seconds()/float64(b.N), "s/thumbs")
	b.ReportMetric(100*shots.Seconds()/packaging.Seconds(), "%shots")
	if share := shots.Seconds() / packaging.Seconds(); share > 0.05 {
		b.Errorf("finding shots took %.1f %% of packaging, want at most 5 %%", 100*share)
	}
}

// timed runs a stage and says how long it took.
func timed(b *testing.B, stage analyzer.Stage, inputs *analyzertest.Inputs) (*analyzer.Result, time.Duration) {
	b.Helper()
	job := &analyzer.Job{
		Video: &models.Video{}, Inputs: inputs, Scratch: b.TempDir(),
		Log: slog.New(slog.DiscardHandler), Progress: func(float64) {},
	}
	start := time.Now()
	result, err := stage.Run(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	return result, time.Since(start)
}

// minute is a clip of 1080p that moves, with a cut every three seconds.
func minute(b *testing.B) string {
	b.Helper()
	return testenv.Clip(b, "minute.mp4",
		"-f", "lavfi", "-i", "mandelbrot=s=1920x1080:r=30:maxiter=200",
		"-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30",
		"-f", "lavfi", "-i", "sine",
		"-filter_complex", "[0]noise=alls=12:allf=t[m];[1]hue=h=40*t[s];[m][s]overlay=enable='lt(mod(t,6),3)'[v]",
		"-map", "[v]", "-map", "2", "-t", "60", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-shortest")
}
