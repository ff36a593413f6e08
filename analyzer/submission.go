package analyzer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// submission is a file on its way into a library.
type submission struct {
	*Intake
	workspace string
	file      *os.File
	captions  *sidecar // nil for none
	video     models.Video
	title     string // that was given; empty for none
}

// submit returns the id of the video of these bytes, which may have been there.
// Of several submissions of the same bytes at once, one makes the video.
func (s *submission) submit(ctx context.Context) (id string, err error) {
	lib := s.Store.In(s.workspace)
	known, err := lib.VideoBySHA256(ctx, s.video.SHA256)
	if err == nil {
		return known.ID, s.join(ctx, known)
	}
	if models.ErrorCode(err) != models.CodeNotFound {
		return "", err
	}
	if s.video.Blob, err = s.put(ctx, s.file, s.video.Size, s.video.SHA256); err != nil {
		return "", err
	}
	if s.captions != nil {
		if err := s.putCaptions(ctx); err != nil {
			return "", errors.Join(err, s.drop(ctx, s.video.Blob))
		}
		s.video.Captions = &s.captions.Sidecar
	}
	now := time.Now().UTC()
	s.video.Created, s.video.Updated = now, now
	err = s.create(ctx, s.workspace, &s.video)
	if models.ErrorCode(err) != models.CodeAlreadyExists {
		return s.video.ID, err // even after an error it may be there: its blobs are left to fsck
	}
	if known, err = lib.VideoBySHA256(ctx, s.video.SHA256); err != nil {
		return "", err
	}
	drop := []string{s.video.Blob}
	if s.captions != nil {
		drop, s.captions.Blob = append(drop, s.captions.Blob), ""
	}
	return known.ID, errors.Join(s.drop(ctx, drop...), s.join(ctx, known))
}

// join makes the submission part of a video that is there.
func (s *submission) join(ctx context.Context, known *models.Video) error {
	update := store.VideoUpdate{}
	if known.Source != s.video.Source {
		update.Source = &s.video.Source
	}
	if s.title != "" && s.title != known.Title {
		update.Title = &s.title
	}
	if s.video.Language != "" && s.video.Language != known.Language {
		update.Language = &s.video.Language
	}
	var replaced []string
	lost, err := s.lost(ctx, known)
	if err != nil {
		return err
	}
	if lost {
		key, err := s.put(ctx, s.file, s.video.Size, s.video.SHA256)
		if err != nil {
			return err
		}
		update.Blob, replaced = &key, append(replaced, known.Blob)
	}
	if s.captions != nil && (known.Captions == nil || known.Captions.SHA256 != s.captions.SHA256) {
		if err := s.putCaptions(ctx); err != nil {
			return err
		}
		update.Captions = &s.captions.Sidecar
		if known.Captions != nil {
			replaced = append(replaced, known.Captions.Blob)
		}
	}
	return s.change(ctx, s.workspace, known.ID, func(t *turn) error {
		if update != (store.VideoUpdate{}) {
			if err := t.lib.UpdateVideo(ctx, known.ID, update); err != nil {
				return err
			}
			if err := t.lib.Discard(ctx, t.now.Add(zombieGrace), replaced...); err != nil {
				return err
			}
			if err := t.reload(ctx); err != nil {
				return err
			}
		}
		return t.refresh(ctx)
	})
}

// lost says whether a video's source is not what it should be any more.
func (s *submission) lost(ctx context.Context, known *models.Video) (bool, error) {
	info, err := s.Blobs.Stat(ctx, known.Blob)
	if models.ErrorCode(err) == models.CodeNotFound {
		return true, nil
	}
	return err == nil && info.Size != known.Size, err
}

// put stores bytes under a key of their own.
func (s *submission) put(ctx context.Context, r io.Reader, size int64, sum string) (key string, err error) {
	key = "sources/" + models.NewID()
	_, err = s.Blobs.Put(ctx, key, r, size, blob.PutOptions{SHA256: sum})
	return key, err
}

func (s *submission) putCaptions(ctx context.Context) (err error) {
	s.captions.Blob, err = s.put(ctx, bytes.NewReader(s.captions.content), int64(len(s.captions.content)), s.captions.SHA256)
	return err
}

// drop removes what was put in vain.
func (s *submission) drop(ctx context.Context, keys ...string) error {
	var errs []error
	for _, key := range keys {
		errs = append(errs, s.Blobs.Delete(context.WithoutCancel(ctx), key))
	}
	return errors.Join(errs...)
}
