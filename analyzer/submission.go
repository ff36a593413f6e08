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
		return s.video.ID, err // even after an error it may be there: the sweeper finds out
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
	replaced, err := s.bring(ctx, known, &update)
	if err != nil {
		return err
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

// bring stores what a video does not have, or not any more, of what it is made
// of, and returns the keys of what that replaces.
func (s *submission) bring(ctx context.Context, known *models.Video, update *store.VideoUpdate) (replaced []string, err error) {
	_, here := s.Blobs.(blob.Local) // a bucket looks after its own bytes, and reading them takes long
	lost, err := s.lost(ctx, known.Blob, known.Size, known.SHA256, here)
	if err != nil {
		return nil, err
	}
	if lost {
		key, err := s.put(ctx, s.file, s.video.Size, s.video.SHA256)
		if err != nil {
			return nil, err
		}
		update.Blob, replaced = &key, append(replaced, known.Blob)
	}
	if s.captions == nil {
		return replaced, nil
	}
	if had := known.Captions; had != nil {
		lost, err := s.lost(ctx, had.Blob, -1, had.SHA256, true)
		if err != nil || !lost && had.SHA256 == s.captions.SHA256 {
			return replaced, err
		}
		replaced = append(replaced, had.Blob)
	}
	update.Captions = &s.captions.Sidecar
	return replaced, s.putCaptions(ctx)
}

// lost says whether bytes that a video was made of are not what they should be
// any more, and reads them for it if the look is to be deep.
func (s *submission) lost(ctx context.Context, key string, size int64, sum string, deep bool) (bool, error) {
	kind, err := blob.CheckBlob(ctx, s.Blobs, key, size, sum, deep)
	return kind != "", err
}

// unclaimed is how long bytes are kept that no video has: no file takes as long
// to be stored.
const unclaimed = 24 * time.Hour

// put stores bytes under a key of their own. Should this process end before a
// video has them, the sweeper removes them.
func (s *submission) put(ctx context.Context, r io.Reader, size int64, sum string) (key string, err error) {
	key = "sources/" + models.NewID()
	err = s.Store.Tx(ctx, func(tx store.Tx) error {
		return tx.In(s.workspace).Discard(ctx, time.Now().Add(unclaimed), key)
	})
	if err != nil {
		return "", err
	}
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
