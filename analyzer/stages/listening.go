package stages

import (
	"context"
	"errors"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/transcribe"
)

// pulling is the share of the stage's progress that a download takes.
const pulling = 0.2

// listen lets the engine write down what is said.
func (s *Speech) listen(ctx context.Context, job *analyzer.Job, audio string) (*models.Transcript, error) {
	began := 0.0
	model, err := s.Models.Use(ctx, s.Model)
	if models.ErrorCode(err) == models.CodeModelMissing {
		reason := models.AsError(err)
		if err := s.pull(ctx, job, s.Model); err != nil {
			return nil, skipUnlessCanceled(ctx, reason.Because(err))
		}
		began = pulling
		model, err = s.Models.Use(ctx, s.Model)
	}
	if err != nil {
		return nil, err
	}
	vad, err := s.voices(ctx, job)
	if err != nil {
		return nil, err
	}
	t, err := s.Engine.Transcribe(ctx, transcribe.Request{
		Audio: audio, Model: model.Path, VAD: vad, Language: job.Video.Language, Duration: duration(job),
	}, transcribe.Handler{
		Progress: func(fraction float64) { job.Progress(began + (1-began)*fraction) },
		Segment:  func(segment models.Segment) { job.Provisional(heard(job, model.Name, segment)...) },
	})
	if err != nil {
		return nil, err
	}
	t.Model = model.Name
	return t, nil
}

// heard is a segment as it will be in the transcript, but for the language, which
// is known in the end alone unless it was declared.
func heard(job *analyzer.Job, model string, segment models.Segment) []models.Cue {
	return models.Transcript{
		Language: transcribe.Language(job.Video.Language), Source: models.SourceRecognized, Model: model,
		Segments: transcribe.Fit([]models.Segment{segment}, duration(job)),
	}.Cues()
}

// voices returns the path of the voice activity model, "" to do without.
func (s *Speech) voices(ctx context.Context, job *analyzer.Job) (string, error) {
	vad, err := s.Models.Use(ctx, s.VAD)
	if models.ErrorCode(err) == models.CodeModelMissing {
		if err := s.pull(ctx, job, s.VAD); err != nil {
			job.Log.InfoContext(ctx, "listening without voice detection", "model", s.VAD, "error", err)
			return "", ctx.Err()
		}
		vad, err = s.Models.Use(ctx, s.VAD)
	}
	return vad.Path, err
}

var errPullOff = errors.New("downloading is turned off")

// pull downloads a model where that is wanted, and remembers when it cannot.
func (s *Speech) pull(ctx context.Context, job *analyzer.Job, name string) error {
	if !s.Pull {
		return errPullOff
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.failed[name]; err != nil {
		return err
	}
	job.Log.InfoContext(ctx, "downloading a model", "model", name)
	_, err := s.Models.Pull(ctx, name, func(done, total int64) {
		job.Progress(pulling * float64(done) / float64(total))
	})
	if err != nil && ctx.Err() == nil {
		s.failed[name] = err
	}
	return err
}

// skipUnlessCanceled skips the stage for a reason, unless it was canceled meanwhile.
func skipUnlessCanceled(ctx context.Context, reason *models.Error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return analyzer.Skip(reason)
}
