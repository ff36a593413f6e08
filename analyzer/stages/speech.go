package stages

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/models/weights"
	"github.com/cuepoint/cuepoint/transcribe"
)

// SpeechConfig is what the speech stage works with.
type SpeechConfig struct {
	Engine transcribe.Engine
	FFmpeg ffmpeg.Tools
	Models *weights.Store
	Model  string // a name of the catalogue or a path; empty for the default
	VAD    string // likewise
	// Pull lets the stage download a model that is missing. It tries once for
	// each: without a connection every video would wait for it again.
	Pull bool
}

// Speech writes down what is said in a video: from captions beside it or in
// it, or else by listening. It leaves speech cues and captions files.
type Speech struct {
	SpeechConfig

	mu     sync.Mutex // over downloads
	failed map[string]error
}

// NewSpeech makes the stage.
func NewSpeech(c SpeechConfig) *Speech {
	c.Model = cmp.Or(c.Model, weights.DefaultSpeech)
	c.VAD = cmp.Or(c.VAD, weights.VAD)
	return &Speech{SpeechConfig: c, failed: map[string]error{}}
}

// Spec implements [analyzer.Stage].
func (*Speech) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "speech", Version: 1, Needs: []string{"package"}, Optional: true, Class: analyzer.Heavy, Pace: 40}
}

// Params implements [analyzer.Stage]. Whether a model is there does not count:
// what was heard with it stays when its file goes.
func (s *Speech) Params(job *analyzer.Job) string {
	v := job.Video
	if v.Captions != nil {
		return fmt.Sprintf("captions %.12s language %s", v.Captions.SHA256, sidecarLanguage(v))
	}
	return fmt.Sprintf("model %s vad %s language %s", s.Models.Fingerprint(s.Model), s.Models.Fingerprint(s.VAD), v.Language)
}

// Run implements [analyzer.Stage]. CAPTIONS_INVALID for captions that cannot be
// imported, MODEL_CORRUPT, and the errors of [transcribe.Engine]. It skips a
// video without sound and captions, and one to listen to without a model.
func (s *Speech) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t, err := s.transcript(ctx, job)
	if err != nil {
		return nil, err
	}
	t.Segments = transcribe.Fit(t.Segments, duration(job))
	result := &analyzer.Result{Cues: t.Cues()}
	if len(t.Segments) == 0 {
		return result, nil // no captions rather than empty ones
	}
	if result.Artifacts, err = writeCaptions(job, t); err != nil {
		return nil, err
	}
	job.Progress(1)
	return result, nil
}

// transcript finds the best source of words there is.
func (s *Speech) transcript(ctx context.Context, job *analyzer.Job) (*models.Transcript, error) {
	if job.Video.Captions != nil {
		return sidecar(ctx, job)
	}
	if t, err := s.embedded(ctx, job); t != nil || err != nil {
		return t, err
	}
	audio, _, err := job.Inputs.File(ctx, "package", models.ArtifactSpeech)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil, analyzer.Skip(models.Errorf(models.CodeNotApplicable, "the video has neither sound nor captions"))
	}
	if err != nil {
		return nil, err
	}
	return s.listen(ctx, job, audio)
}

func sidecar(ctx context.Context, job *analyzer.Job) (*models.Transcript, error) {
	path, err := job.Inputs.Captions(ctx)
	if err != nil {
		return nil, err
	}
	language := sidecarLanguage(job.Video)
	segments, err := transcribe.ReadCaptions(path, language, duration(job))
	if err != nil {
		return nil, err
	}
	return imported(language, segments), nil
}

// sidecarLanguage is the declared language, else the one its name tells.
func sidecarLanguage(v *models.Video) string {
	if v.Language != "" {
		return transcribe.Language(v.Language)
	}
	return transcribe.LanguageOf(v.Captions.Name)
}

func imported(language string, segments []models.Segment) *models.Transcript {
	return &models.Transcript{Language: language, Source: models.SourceImported, Segments: segments}
}

// embedded reads the best subtitle track of the source, nil where none has
// captions of what is said.
func (s *Speech) embedded(ctx context.Context, job *analyzer.Job) (*models.Transcript, error) {
	media := job.Video.Media
	if media == nil {
		return nil, nil
	}
	for _, stream := range captionTracks(media, job.Video.Language) {
		source, err := job.Inputs.Source(ctx)
		if err != nil {
			return nil, err
		}
		segments, err := transcribe.ReadTrack(ctx, s.FFmpeg, media.Container, source, stream.Index, media.Duration)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil: // there may be another, and there is the sound
			job.Log.WarnContext(ctx, "a subtitle track cannot be read", "stream", stream.Index, "error", err)
		case !sparse(segments, media.Duration):
			language := transcribe.Language(stream.Language)
			if language == transcribe.Undetermined {
				language = transcribe.Language(job.Video.Language)
			}
			return imported(language, segments), nil
		}
	}
	return nil, nil
}

// partial matches titles of tracks that leave out most of what is said.
var partial = regexp.MustCompile(`(?i)\b(forced|signs|songs|commentary)\b`)

// captionTracks returns the subtitle streams that may be captions, the best
// first: those in the language that is spoken, then the default one. Where that
// language was declared, tracks known to be in another are none: they translate.
func captionTracks(media *models.MediaInfo, declared string) []models.Stream {
	spoken := declared
	if audio := media.First(models.StreamAudio); spoken == "" && audio != nil {
		spoken = audio.Language
	}
	rank := func(s models.Stream) int {
		switch {
		case transcribe.SameLanguage(s.Language, spoken):
			return 2
		case s.Default:
			return 1
		}
		return 0
	}
	var tracks []models.Stream
	for _, s := range media.Streams {
		other := transcribe.Language(s.Language) != transcribe.Undetermined && !transcribe.SameLanguage(s.Language, declared)
		if transcribe.IsText(s) && !s.Forced && !partial.MatchString(s.Title) && (declared == "" || !other) {
			tracks = append(tracks, s)
		}
	}
	slices.SortStableFunc(tracks, func(a, b models.Stream) int { return cmp.Compare(rank(b), rank(a)) })
	return tracks
}

// sparse tells captions of what is said from a few titles: these are shown for
// less than a fiftieth of the time.
func sparse(segments []models.Segment, duration time.Duration) bool {
	shown := time.Duration(0)
	for _, s := range segments {
		shown += s.End - s.Start
	}
	return len(segments) == 0 || shown < duration/50
}

// writeCaptions writes the transcript in every format that is kept.
func writeCaptions(job *analyzer.Job, t *models.Transcript) ([]models.Artifact, error) {
	var artifacts []models.Artifact
	for _, format := range transcribe.Formats() {
		if !format.Beside {
			continue
		}
		var b strings.Builder
		if err := format.Write(&b, t); err != nil {
			return nil, fmt.Errorf("write captions as %s: %w", format.Name, err)
		}
		name := "captions." + t.Language + "." + format.Name
		if err := os.WriteFile(job.Path(name), []byte(b.String()), 0o644); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		artifacts = append(artifacts, models.Artifact{
			Kind: models.ArtifactCaptions, Path: name, Type: format.Type, Language: t.Language,
		})
	}
	return artifacts, nil
}

func duration(job *analyzer.Job) time.Duration {
	if job.Video.Media == nil {
		return 0
	}
	return job.Video.Media.Duration
}
