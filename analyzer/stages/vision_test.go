package stages_test

import (
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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

var x264 = []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"}

// colored makes a clip of a size that shows red, green and blue for two seconds
// each; sound goes on for longer where asked for.
func colored(t *testing.T, name, size string, extra ...string) string {
	t.Helper()
	args := []string{}
	for _, c := range []string{"red", "green", "blue"} {
		args = append(args, "-f", "lavfi", "-t", "2", "-i", "color="+c+":s="+size+":r=25")
	}
	args = append(args, extra...)
	args = append(args, "-filter_complex", "[0][1][2]concat=n=3[v]", "-map", "[v]")
	if len(extra) > 0 {
		args = append(args, "-map", "3:a")
	}
	return testenv.Clip(t, name, append(args, x264...)...)
}

// packagedJob is a job over a video that was packaged.
func packagedJob(t *testing.T, path string) (analyzer.Job, *models.Packaging) {
	t.Helper()
	tools := testenv.FFmpeg(t)
	media, err := tools.Probe(t.Context(), path, ffmpeg.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	made, err := streaming.Package(t.Context(), tools, path, dir, media, streaming.Options{Limits: ffmpeg.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(made.Packaging)
	if err != nil {
		t.Fatal(err)
	}
	return analyzer.Job{
		Video: &models.Video{ID: "v", Media: made.Media},
		Inputs: &analyzertest.Inputs{SourceFile: path, Published: map[string]analyzertest.Published{
			"package": {Dir: dir, Artifacts: []models.Artifact{{Kind: models.ArtifactHLS, Path: streaming.MasterName, Data: data}}},
		}},
	}, &made.Packaging
}

func engine(t *testing.T) vision.Process {
	return vision.Process{Path: testenv.Program(t, vision.EngineName)}
}

// withShots adds the cues of the shots stage to a job.
func withShots(t *testing.T, job analyzer.Job) []models.Cue {
	t.Helper()
	found, _ := analyzertest.Run(t, stages.NewShots(engine(t)), job)
	job.Inputs.(*analyzertest.Inputs).Moments = found.Cues
	return found.Cues
}

func TestShotsStage(t *testing.T) {
	t.Parallel()
	job, packaging := packagedJob(t, colored(t, "colored.mp4", "160x90"))
	analyzertest.StageContract(t, stages.NewShots(engine(t)), job)
	cues := withShots(t, job)
	want := []time.Duration{0, 2 * time.Second, 4 * time.Second}
	if len(cues) != len(want) || cues[len(cues)-1].End != packaging.Duration {
		t.Fatalf("cues %+v, want three to %v", cues, packaging.Duration)
	}
	for i, c := range cues {
		var data models.ShotData
		if err := json.Unmarshal(c.Data, &data); err != nil || data.Transition != models.TransitionCut || c.Start != want[i] || c.Kind != models.CueShot {
			t.Errorf("cue %d is %+v with %s: %v", i, c, c.Data, err)
		}
	}
}

func TestThumbsStage(t *testing.T) {
	t.Parallel()
	job, _ := packagedJob(t, colored(t, "colored.mp4", "160x90"))
	withShots(t, job)
	analyzertest.StageContract(t, stages.NewThumbs(engine(t)), job)
}

func TestPicturesShowTheirTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ clip string }{
		"landscape":                     {colored(t, "colored.mp4", "160x90")},
		"portrait":                      {colored(t, "portrait.mp4", "90x160")},
		"odd sizes":                     {colored(t, "odd.mkv", "121x81")},
		"sound that outlasts pictures":  {colored(t, "long-sound.mp4", "160x90", "-f", "lavfi", "-t", "8", "-i", "sine")},
		"a rate that does not fit time": {testenv.Clip(t, "ntsc.mp4", append([]string{"-i", colored(t, "colored.mp4", "160x90"), "-r", "30000/1001"}, x264...)...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, packaging := packagedJob(t, test.clip)
			withShots(t, job)
			result, dir := analyzertest.Run(t, stages.NewThumbs(engine(t)), job)
			kinds := map[models.ArtifactKind]int{}
			for _, a := range result.Artifacts {
				kinds[a.Kind]++
				if a.Type != "image/jpeg" {
					continue
				}
				img := decode(t, filepath.Join(dir, a.Path))
				if img.Bounds().Dx() != a.Width || img.Bounds().Dy() != a.Height {
					t.Errorf("%s is %v, said to be %dx%d", a.Path, img.Bounds(), a.Width, a.Height)
				}
				if a.Kind == models.ArtifactThumbnail || a.Kind == models.ArtifactPoster {
					checkColor(t, a.Path, img, img.Bounds(), a.Time)
				}
			}
			if kinds[models.ArtifactPoster] != 1 || kinds[models.ArtifactThumbnail] != 3 || kinds[models.ArtifactStoryboard] != 1 || kinds[models.ArtifactSprite] != 1 {
				t.Errorf("artifacts %v", kinds)
			}
			checkTiles(t, dir, packaging.Duration)
		})
	}
}

var tile = regexp.MustCompile(`00:00:(\d\d)\.(\d{3}) --> 00:00:(\d\d)\.(\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)`)

// checkTiles reads a storyboard of less than a minute back.
func checkTiles(t *testing.T, dir string, duration time.Duration) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "storyboard.vtt"))
	if err != nil {
		t.Fatal(err)
	}
	var end time.Duration
	for _, m := range tile.FindAllStringSubmatch(string(raw), -1) {
		n := make([]int, len(m))
		for i := range m {
			n[i], _ = strconv.Atoi(m[i]) // the name is none
		}
		start := time.Duration(n[1])*time.Second + time.Duration(n[2])*time.Millisecond
		if start != end {
			t.Errorf("a cue begins at %v, the one before ends at %v", start, end)
		}
		end = time.Duration(n[3])*time.Second + time.Duration(n[4])*time.Millisecond
		where := image.Rect(n[6], n[7], n[6]+n[8], n[7]+n[9])
		checkColor(t, m[0], decode(t, filepath.Join(dir, m[5])), where, start)
	}
	if want := duration.Round(time.Millisecond); end != want {
		t.Errorf("the storyboard ends at %v, the video at %v", end, want)
	}
}

func decode(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return img
}

// checkColor tells whether the middle of a picture has the colour of its time.
func checkColor(t *testing.T, name string, img image.Image, where image.Rectangle, at time.Duration) {
	t.Helper()
	if !where.In(img.Bounds()) {
		t.Errorf("%s: %v is not in %v", name, where, img.Bounds())
		return
	}
	c := color.RGBAModel.Convert(img.At((where.Min.X+where.Max.X)/2, (where.Min.Y+where.Max.Y)/2)).(color.RGBA)
	strong := []uint8{c.R, c.G, c.B}
	want := min(int(at/(2*time.Second)), 2)
	for i, v := range strong {
		if i != want && v >= strong[want] || strong[want] < 90 {
			t.Errorf("%s: %v at %v, want the one of red, green, blue with number %d", name, c, at, want)
			return
		}
	}
}

func TestOneFrameHasItsPictures(t *testing.T) {
	t.Parallel()
	path := testenv.Clip(t, "one.mp4", append([]string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25", "-frames:v", "1"}, x264...)...)
	job, packaging := packagedJob(t, path)
	if cues := withShots(t, job); len(cues) != 1 || cues[0].End != packaging.Duration {
		t.Errorf("shots %+v, want one to %v", cues, packaging.Duration)
	}
	result, dir := analyzertest.Run(t, stages.NewThumbs(engine(t)), job)
	if len(result.Artifacts) != 4 {
		t.Errorf("%d artifacts, want poster, storyboard, sheet and one picture", len(result.Artifacts))
	}
	decode(t, filepath.Join(dir, "poster.jpg"))
}

func TestSoundAloneHasNoPictures(t *testing.T) {
	t.Parallel()
	path := testenv.Clip(t, "sound.wav", "-f", "lavfi", "-t", "1", "-i", "sine")
	job, _ := packagedJob(t, path)
	job.Scratch = t.TempDir()
	for _, stage := range []analyzer.Stage{stages.NewShots(engine(t)), stages.NewThumbs(engine(t))} {
		_, err := stage.Run(t.Context(), &job)
		if reason := analyzer.Skipped(err); reason == nil || reason.Code != models.CodeNotApplicable {
			t.Errorf("%s: %v, want a skip with NOT_APPLICABLE", stage.Spec().Name, err)
		}
	}
}

func TestVisionEngineMissing(t *testing.T) {
	t.Parallel()
	job, _ := packagedJob(t, colored(t, "colored.mp4", "160x90"))
	job.Scratch, job.Progress = t.TempDir(), func(float64) {}
	_, err := stages.NewShots(vision.Process{Path: filepath.Join(t.TempDir(), "none")}).Run(t.Context(), &job)
	if models.ErrorCode(err) != models.CodeEngineMissing {
		t.Errorf("error %v, want ENGINE_MISSING", err)
	}
	left, err := os.ReadDir(job.Scratch)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
