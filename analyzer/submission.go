package analyzer

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// submission is a file on its way into a library.
type submission struct {
	*Intake
	workspace string
	file      io.Reader
	captions  *sidecar // nil for none
	opt       Options
	video     models.Video

	unused []string // keys of what was put and no video has; of what may be in use, none
}

// submit returns the id of the video of these bytes, which may have been there.
// Of several submissions of the same bytes at once, one makes the video.
func (s *submission) submit(ctx context.Context) (id string, err error) {
	defer s.drop(ctx)
	lib := s.Store.In(s.workspace)
	for range 3 { // the video may come or go while we look
		known, missing := lib.VideoBySHA256(ctx, s.video.SHA256)
		switch {
		case missing == nil:
			id, err = known.ID, s.join(ctx, known)
		case models.ErrorCode(missing) == models.CodeNotFound:
			id, err = s.video.ID, s.make(ctx)
		default:
			return "", missing
		}
		if code := models.ErrorCode(err); code != models.CodeAlreadyExists && code != models.CodeNotFound {
			break
		}
	}
	return id, err
}

// make makes the submission a video. ALREADY_EXISTS.
func (s *submission) make(ctx context.Context) error {
	if err := s.putSource(ctx); err != nil {
		return err
	}
	if err := s.putCaptions(ctx); err != nil {
		return err
	}
	if s.captions != nil {
		s.video.Captions = &s.captions.Sidecar
	}
	now := time.Now().UTC()
	s.video.Created, s.video.Updated = now, now
	err := s.create(ctx, s.workspace, &s.video)
	if models.ErrorCode(err) != models.CodeAlreadyExists {
		s.unused = nil // even after an error it may be there: the sweeper finds out
	}
	return err
}

// join makes the submission part of a video that is there. NOT_FOUND if it is
// gone by now.
func (s *submission) join(ctx context.Context, known *models.Video) error {
	_, here := s.Blobs.(blob.Local) // a bucket looks after its own bytes, and reading them takes long
	source, err := s.lost(ctx, known.Blob, known.Size, known.SHA256, here)
	if err == nil && source {
		err = s.putSource(ctx)
	}
	captions := s.captions != nil
	if err == nil && captions && known.Captions != nil && known.Captions.SHA256 == s.captions.SHA256 {
		captions, err = s.lost(ctx, known.Captions.Blob, -1, known.Captions.SHA256, true)
	}
	if err == nil && captions {
		err = s.putCaptions(ctx)
	}
	if err == nil {
		err = s.share(ctx, known, source)
	}
	if err != nil {
		return err
	}
	return s.change(ctx, known.ID, func(t *turn) error {
		s.edit(t, source, captions)
		return nil
	})
}

// share gives the bytes to the duplicates of a video that have lost theirs too.
func (s *submission) share(ctx context.Context, known *models.Video, source bool) error {
	duplicates, err := s.Store.In(s.workspace).Duplicates(ctx, known.SHA256)
	if err != nil {
		return err
	}
	_, here := s.Blobs.(blob.Local)
	nobodys := WithAnswer(ctx, func(context.Context, store.TxLibrary, string) error { return nil })
	for _, one := range duplicates {
		lost := source // what was true of the blob that they share
		if one.Blob != known.Blob {
			lost, err = s.lost(ctx, one.Blob, one.Size, one.SHA256, here)
		}
		if err == nil && lost && one.ID != known.ID {
			err = s.replaceSource(nobodys, one.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replaceSource gives a video the source anew, unless it is gone by now.
func (s *submission) replaceSource(ctx context.Context, id string) error {
	if err := s.putSource(ctx); err != nil {
		return err
	}
	err := s.change(ctx, id, func(t *turn) error {
		t.video.Blob, t.update.Blob = s.video.Blob, &s.video.Blob
		return nil
	})
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	return err
}

// change lets f change what a video came with, gives up the files that it does
// not have any more, and has what rests on them found anew.
func (s *submission) change(ctx context.Context, id string, f func(t *turn) error) error {
	var used []string
	err := s.Control.change(ctx, s.workspace, id, func(t *turn) error {
		had := blobsOf(t.video)
		if err := f(t); err != nil {
			return err
		}
		used = blobsOf(t.video)
		if replaced := without(had, used); len(replaced) > 0 {
			if err := t.lib.Discard(ctx, t.now.Add(zombieGrace), replaced...); err != nil {
				return err
			}
		}
		return t.refresh(ctx)
	})
	if models.ErrorCode(err) != models.CodeNotFound {
		s.unused = without(s.unused, used) // even after an error they may be the video's
	}
	return err
}

// edit gives a video what is new in the submission, and its bytes where they were
// put.
func (s *submission) edit(t *turn, source, captions bool) {
	v := t.video
	if v.Source != s.video.Source {
		v.Source, t.update.Source = s.video.Source, &s.video.Source
	}
	for _, given := range []struct {
		field  *string
		update **string
		value  string
	}{
		{&v.Title, &t.update.Title, s.opt.Title}, {&v.Language, &t.update.Language, s.opt.Language},
		{&v.ExternalID, &t.update.ExternalID, s.opt.ExternalID},
	} {
		if given.value != "" {
			set(given.field, given.update, given.value)
		}
	}
	if len(s.opt.Labels) > 0 && !maps.Equal(s.opt.Labels, v.Labels) {
		v.Labels, t.update.Labels = s.opt.Labels, &s.opt.Labels
	}
	if source {
		v.Blob, t.update.Blob = s.video.Blob, &s.video.Blob
	}
	if captions {
		v.Captions, t.update.Captions = &s.captions.Sidecar, &s.captions.Sidecar
	}
}

// blobsOf are the keys of the files that came with a video.
func blobsOf(v *models.Video) []string {
	var keys []string
	if v.Blob != "" {
		keys = append(keys, v.Blob)
	}
	if v.Captions != nil {
		keys = append(keys, v.Captions.Blob)
	}
	return keys
}

func without(keys, others []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(others, key) })
}

// lost says whether bytes that a video was made of are not what they should be
// any more, and reads them for it if the look is to be deep.
func (s *submission) lost(ctx context.Context, key string, size int64, sum string, deep bool) (bool, error) {
	kind, err := blob.CheckBlob(ctx, s.Blobs, key, size, sum, deep)
	return kind != "", err
}

// putSource stores the source, unless it was.
func (s *submission) putSource(ctx context.Context) error {
	if s.video.Blob != "" {
		return nil
	}
	key, err := s.put(ctx, s.file, s.video.Size, s.video.SHA256)
	if err == nil {
		s.video.Blob = key
	}
	return err
}

// putCaptions stores the captions, where there are any, unless they were.
func (s *submission) putCaptions(ctx context.Context) error {
	if s.captions == nil || s.captions.Blob != "" {
		return nil
	}
	key, err := s.put(ctx, bytes.NewReader(s.captions.content), int64(len(s.captions.content)), s.captions.SHA256)
	if err == nil {
		s.captions.Blob = key
	}
	return err
}

// unclaimed is how long bytes are kept that no video has: no file takes as long
// to be stored.
const unclaimed = 24 * time.Hour

// put stores bytes under a key of their own. Should this process end before a
// video has them, the sweeper removes them.
func (s *submission) put(ctx context.Context, r io.Reader, size int64, sum string) (key string, err error) {
	key, err = s.store(ctx, s.workspace, r, size, sum, unclaimed)
	if err == nil {
		s.unused = append(s.unused, key)
	}
	return key, err
}

// store stores bytes under a key of their own. Unless a video has them after a
// time, the sweeper removes them.
func (in *Intake) store(ctx context.Context, workspace string, r io.Reader, size int64, sum string, keep time.Duration) (key string, err error) {
	key = "sources/" + models.NewID()
	err = in.Store.Tx(ctx, func(tx store.Tx) error {
		return tx.In(workspace).Discard(ctx, time.Now().Add(keep), key)
	})
	if err != nil {
		return "", err
	}
	_, err = in.Blobs.Put(ctx, key, r, size, blob.PutOptions{SHA256: sum})
	return key, err
}

// drop removes what was put in vain.
func (s *submission) drop(ctx context.Context) {
	for _, key := range s.unused {
		if err := s.Blobs.Delete(context.WithoutCancel(ctx), key); err != nil {
			s.Log.Warn("a file that nobody needs is left to the sweeper", "key", key, "error", err)
		}
	}
}
