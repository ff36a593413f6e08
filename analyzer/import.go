package analyzer

import (
	"bytes"
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/transcribe"
)

// Captions are the content of a captions file.
type Captions struct {
	Content  []byte
	Language string // that is spoken, BCP 47; empty: the video's
}

// Import makes captions those of a video, in place of the ones it had or of
// what was heard, and has its transcript and what rests on that found anew. What
// people edited is laid over it. CAPTIONS_INVALID, NOT_FOUND, CONFLICT for another
// revision of the video, STORAGE_FULL.
func (in *Intake) Import(ctx context.Context, workspace, id string, c Captions, ifRevision *int64) error {
	video, err := in.Store.In(workspace).Video(ctx, id)
	if err != nil {
		return err
	}
	duration := time.Duration(0)
	if video.Media != nil {
		duration = video.Media.Duration
	}
	if _, err := transcribe.ParseCaptions(c.Content, c.Language, duration); err != nil {
		return err
	}
	language, err := in.spoken(ctx, workspace, video)
	if err != nil {
		return err
	}
	s := &submission{Intake: in, workspace: workspace, captions: newSidecar("imported."+language+".captions", c.Content)}
	defer s.drop(ctx)
	if err := s.putCaptions(ctx); err != nil {
		return err
	}
	return s.change(ctx, id, func(t *turn) error {
		if err := expect(t.video, ifRevision); err != nil {
			return err
		}
		if c.Language != "" {
			set(&t.video.Language, &t.update.Language, c.Language)
		}
		t.video.Captions, t.update.Captions = &s.captions.Sidecar, &s.captions.Sidecar
		return nil
	})
}

// Keep stores captions for a video that is to come within a time, after which they
// are removed unless one has them. CAPTIONS_INVALID, STORAGE_FULL.
func (in *Intake) Keep(ctx context.Context, workspace, name string, c Captions, within time.Duration) (*models.Sidecar, error) {
	if _, err := transcribe.ParseCaptions(c.Content, c.Language, 0); err != nil {
		return nil, err
	}
	kept := newSidecar(name, c.Content)
	var err error
	kept.Blob, err = in.store(ctx, workspace, bytes.NewReader(c.Content), int64(len(c.Content)), kept.SHA256, within)
	return &kept.Sidecar, err
}

// spoken is the language that a transcript of a video has unless somebody says
// another: the one it has.
func (in *Intake) spoken(ctx context.Context, workspace string, v *models.Video) (string, error) {
	said, err := in.Store.In(workspace).Cues(ctx, store.CueQuery{VideoID: v.ID, Kind: models.CueSpeech})
	if err != nil {
		return "", err
	}
	t, err := models.TranscriptOf(said)
	return t.Language, err
}
