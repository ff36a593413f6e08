package stages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/analyzertest"
	"github.com/cuepoint/cuepoint/analyzer/stages"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
)

// packageJob is a job on a source that was probed.
func packageJob(t *testing.T, source string) analyzer.Job {
	t.Helper()
	probed, _ := analyzertest.Run(t, stages.NewProbe(testenv.FFmpeg(t), ffmpeg.DefaultLimits()), analyzer.Job{Inputs: &analyzertest.Inputs{SourceFile: source}})
	return analyzer.Job{Inputs: &analyzertest.Inputs{SourceFile: source}, Video: &models.Video{ID: "v", Media: probed.Media}}
}

func sample(t *testing.T) string {
	return testenv.Clip(t, "stages.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=7", "-f", "lavfi", "-i", "sine=d=7",
		"-c:v", "libx264", "-preset", "ultrafast")
}

func TestProbeKeepsTheContract(t *testing.T) {
	t.Parallel()
	stage := stages.NewProbe(testenv.FFmpeg(t), ffmpeg.DefaultLimits())
	analyzertest.StageContract(t, stage, analyzer.Job{Inputs: &analyzertest.Inputs{SourceFile: sample(t)}})
}

func TestProbeRefusesText(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "video.mp4")
	if err := os.WriteFile(path, []byte("#EXTM3U\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := stages.NewProbe(testenv.FFmpeg(t), ffmpeg.DefaultLimits()).Run(t.Context(), &analyzer.Job{Inputs: &analyzertest.Inputs{SourceFile: path}})
	if models.ErrorCode(err) != models.CodeContainerNotAllowed {
		t.Errorf("error %v", err)
	}
}

func TestPackageKeepsTheContract(t *testing.T) {
	t.Parallel()
	stage := stages.NewPackage(testenv.FFmpeg(t), ffmpeg.DefaultLimits())
	// x264 spends bits on a frame by how far its threads are with those before:
	// with a buffer to keep to, only a single thread would do the same twice.
	encoded := func(path string) bool {
		return strings.HasSuffix(path, ".m4s") && !strings.HasPrefix(path, "audio") ||
			path == streaming.MasterName || path == streaming.ManifestName
	}
	analyzertest.StageContract(t, stage, packageJob(t, sample(t)), analyzertest.Varies(encoded, func(r *analyzer.Result) {
		for i := range r.Artifacts {
			if r.Artifacts[i].Kind == models.ArtifactHLS {
				r.Artifacts[i].Data = withoutRates(t, r.Artifacts[i].Data)
			}
		}
	}))
}

// withoutRates returns a packaging without what is measured on its files.
func withoutRates(t *testing.T, data json.RawMessage) json.RawMessage {
	t.Helper()
	var p models.Packaging
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	for i := range p.Renditions {
		p.Renditions[i].Bitrate, p.Renditions[i].Average = 0, 0
	}
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPackageLeavesWhatOtherStagesNeed(t *testing.T) {
	t.Parallel()
	stage := stages.NewPackage(testenv.FFmpeg(t), ffmpeg.DefaultLimits())
	result, dir := analyzertest.Run(t, stage, packageJob(t, sample(t)))
	kinds := map[models.ArtifactKind]models.Artifact{}
	for _, a := range result.Artifacts {
		kinds[a.Kind] = a
	}
	for kind, path := range map[models.ArtifactKind]string{
		models.ArtifactHLS: streaming.MasterName, models.ArtifactDASH: streaming.ManifestName, models.ArtifactSpeech: streaming.SpeechName,
	} {
		if kinds[kind].Path != path {
			t.Errorf("artifact %s at %q, want %q", kind, kinds[kind].Path, path)
		}
	}
	var p models.Packaging
	if err := json.Unmarshal(kinds[models.ArtifactHLS].Data, &p); err != nil {
		t.Fatal(err)
	}
	if result.Media == nil || result.Media.Duration != p.Duration || (p.Duration-7*time.Second).Abs() > 50*time.Millisecond {
		t.Errorf("media %+v, packaging %+v", result.Media, p)
	}
	if result.Warning != nil {
		t.Error(result.Warning)
	}
	r, err := streaming.OpenRendition(filepath.Join(dir, p.Renditions[0].Name))
	if err != nil {
		t.Fatal(err)
	}
	span := filepath.Join(t.TempDir(), "span.mp4")
	start, err := r.JoinSpan(span, 6500*time.Millisecond, 6600*time.Millisecond)
	if err != nil || start != 6*time.Second || len(r.Segments) != 2 {
		t.Errorf("the span begins at %v of %+v: %v", start, r.Segments, err)
	}
	if media, err := testenv.FFmpeg(t).Probe(t.Context(), span, ffmpeg.DefaultLimits()); err != nil || media.First(models.StreamVideo) == nil {
		t.Errorf("FFmpeg finds %+v in it: %v", media, err)
	}
}

func TestPackageOfAPictureAloneHasNoSpeech(t *testing.T) {
	t.Parallel()
	silent := testenv.Clip(t, "silent.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "libx264", "-preset", "ultrafast")
	result, _ := analyzertest.Run(t, stages.NewPackage(testenv.FFmpeg(t), ffmpeg.DefaultLimits()), packageJob(t, silent))
	for _, a := range result.Artifacts {
		if a.Kind == models.ArtifactSpeech {
			t.Errorf("artifact %+v", a)
		}
	}
}

func TestPackageWarnsOfASourceThatEndsEarly(t *testing.T) {
	t.Parallel()
	whole := testenv.Clip(t, "faststart.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8", "-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart")
	half := testenv.Patch(t, whole, func(b []byte) []byte { return b[:len(b)/2] })
	result, _ := analyzertest.Run(t, stages.NewPackage(testenv.FFmpeg(t), ffmpeg.DefaultLimits()), packageJob(t, half))
	if result.Warning == nil || result.Warning.Code != models.CodeTruncatedMedia || result.Media.Duration > 6*time.Second {
		t.Errorf("warning %v, %v long", result.Warning, result.Media.Duration)
	}
	// What the stage leaves is what it is given when it runs again.
	job := analyzer.Job{Inputs: &analyzertest.Inputs{SourceFile: half}, Video: &models.Video{ID: "v", Media: result.Media}}
	if again, _ := analyzertest.Run(t, stages.NewPackage(testenv.FFmpeg(t), ffmpeg.DefaultLimits()), job); again.Warning == nil {
		t.Error("no warning the second time")
	}
}
