package analyzer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
)

func TestOptionsGivenWhileAStageRunsCount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun, end := make(chan struct{}, 1), make(chan struct{})
	b.speech.work = hangs(begun, end, func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		return writes("in "+job.Video.Language)(ctx, job)
	})
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{Language: "en"})
	<-begun
	b.add(t, analyzer.Options{Language: "de"})
	close(end)
	b.wait(t, id)
	if got := b.said(t, id); got != "in de" {
		t.Errorf("the transcript is %q", got)
	}
	wantLeft(t, b, "blobs/videos/*/speech@*", 1+1) // the outdated one until it is swept
}

func TestWhatFailedForOptionsThatHaveChangedIsTriedWithTheNew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun, end := make(chan struct{}, 1), make(chan struct{})
	b.speech.work = hangs(begun, end, func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		if job.Video.Language == "xx" {
			return nil, models.Errorf(models.CodeInvalidArgument, "nobody speaks that")
		}
		return writes("in "+job.Video.Language)(ctx, job)
	})
	start(t, b.worker(t, "one"))
	id := b.add(t, analyzer.Options{Language: "xx"})
	<-begun
	b.add(t, analyzer.Options{Language: "de"})
	close(end)
	wantStatus(t, b.wait(t, id), "package done, speech done, index done")
	if got := b.said(t, id); got != "in de" {
		t.Errorf("the transcript is %q", got)
	}
}

func TestWhatCameOfAStage(t *testing.T) {
	t.Parallel()
	noMedia := models.Errorf(models.CodeNoMedia, "nothing in it")
	crash := models.Errorf(models.CodeEngineCrashed, "the engine died")
	for name, test := range map[string]struct {
		change func(*bench)
		state  models.VideoState
		code   models.Code
		status string
		runs   int // of speech
	}{
		"required": {
			func(b *bench) { b.packaging.work = fails(noMedia) },
			models.VideoFailed, models.CodeNoMedia, "package failed, speech canceled, index canceled", 0,
		},
		"permanent": {
			func(b *bench) { b.speech.work = fails(noMedia) },
			models.VideoPartial, models.CodeNoMedia, "package done, speech failed, index done", 1,
		},
		"skipped": {
			func(b *bench) {
				b.speech.work = fails(analyzer.Skip(models.Errorf(models.CodeModelMissing, "get one")))
			},
			models.VideoReady, "", "package done, speech skipped, index done", 1,
		},
		"unknown": {
			func(b *bench) { b.speech.work = fails(errors.New("secret")) },
			models.VideoPartial, models.CodeInternal, "package done, speech failed, index done", 3,
		},
		"crash": {
			func(b *bench) { b.speech.work = fails(crash) },
			models.VideoPartial, models.CodePoisonInput, "package done, speech failed, index done", 2,
		},
		"a crash that passes": {
			func(b *bench) { b.speech.work = inTurn(fails(crash), writes("hello")) },
			models.VideoReady, "", "package done, speech done, index done", 2,
		},
		"a store that comes back": {
			func(b *bench) {
				away := fails(models.Errorf(models.CodeStorageUnavailable, "away"))
				b.speech.work = inTurn(away, away, away, away, writes("hello"))
			},
			models.VideoReady, "", "package done, speech done, index done", 5,
		},
		"panic": {
			func(b *bench) {
				b.speech.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) { panic("oh") }
			},
			models.VideoPartial, models.CodeInternal, "package done, speech failed, index done", 3,
		},
		"warning": {
			func(b *bench) {
				b.packaging.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
					return &analyzer.Result{Warning: models.Errorf(models.CodeTruncatedMedia, "short")}, nil
				}
			},
			models.VideoPartial, models.CodeTruncatedMedia, "package done, speech done, index done", 1,
		},
		"an artifact that is not there": {
			func(b *bench) {
				b.speech.work = func(context.Context, *analyzer.Job) (*analyzer.Result, error) {
					return &analyzer.Result{Artifacts: []models.Artifact{{Path: "none.vtt"}}}, nil
				}
			},
			models.VideoPartial, models.CodeInternal, "package done, speech failed, index done", 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			test.change(b)
			id := b.add(t, analyzer.Options{})
			stop := start(t, b.worker(t, "one"))
			v := b.wait(t, id)
			stop()
			wantStatus(t, v, test.status)
			if v.State != test.state || models.ErrorCode(asError(v.Error)) != test.code {
				t.Errorf("video is %s, %v; want %s, %s", v.State, v.Error, test.state, test.code)
			}
			if v.Error != nil && strings.Contains(v.Error.Message, "secret") {
				t.Errorf("the cause is shown: %s", v.Error.Message)
			}
			b.speech.wantRuns(t, test.runs)
			if got := v.Run("speech").Attempt; got != test.runs {
				t.Errorf("attempt %d, want %d", got, test.runs)
			}
			wantLeft(t, b, "one/scratch/*", 0)
		})
	}
}

// asError keeps a nil *models.Error from becoming a non-nil error.
func asError(e *models.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// inTurn is a different work each time, and the last from then on.
func inTurn(works ...work) work {
	var mu sync.Mutex
	return func(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
		mu.Lock()
		now := works[0]
		if len(works) > 1 {
			works = works[1:]
		}
		mu.Unlock()
		return now(ctx, job)
	}
}
