package analyzer

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Adoption is a blob that is to become a video.
type Adoption struct {
	Key      string // of the blob, which no video has
	Size     int64  // of it, in bytes
	SHA256   string // of it, in lower-case hex
	Filename string // for people; any bytes at all
	Video    models.UploadVideo
}

// Adopted is what became of a blob.
type Adopted struct {
	VideoID   string
	Duplicate bool // the video was there, made of the same bytes
	Kept      bool // the blob is the video's now; else nobody needs it
}

// Adopt makes a video of a blob that looks like one, without copying it, and has it
// analyzed. Where the same bytes are a video already, that is the one, and nothing
// of it changes but that it gets the blob if it has lost its own; or, if the owner
// allows duplicates, there are two videos of one blob. done is called last in the
// transaction that does it, perhaps more than once; its error undoes all.
// ALREADY_EXISTS where another video has the external id.
func (in *Intake) Adopt(ctx context.Context, workspace string, from Adoption,
	done func(ctx context.Context, tx store.Tx, a Adopted) error,
) error {
	var err error
	for range 3 { // the video of the same bytes may come or go while we look
		var lost string
		if lost, err = in.lostBlob(ctx, workspace, from.SHA256); err != nil {
			return err
		}
		err = in.Store.Tx(ctx, func(tx store.Tx) error {
			a, err := in.adopt(ctx, tx, workspace, from, lost)
			if err != nil {
				return err
			}
			return done(ctx, tx, a)
		})
		if code := models.ErrorCode(err); code != models.CodeAlreadyExists && code != models.CodeNotFound {
			return err
		}
	}
	if models.ErrorCode(err) == models.CodeAlreadyExists && from.Video.ExternalID != "" {
		return externalIDTaken(from.Video.ExternalID, err)
	}
	return err
}

// lostBlob is the key of the blob that the video of these bytes should have and
// has not; empty where all is well.
func (in *Intake) lostBlob(ctx context.Context, workspace, sum string) (string, error) {
	known, err := in.Store.In(workspace).VideoBySHA256(ctx, sum)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		return "", nil
	case err != nil:
		return "", err
	}
	kind, err := blob.CheckBlob(ctx, in.Blobs, known.Blob, known.Size, known.SHA256, false)
	if err != nil || kind == "" {
		return "", err
	}
	return known.Blob, nil
}

// adopt is Adopt within a transaction. NOT_FOUND where the video of the same bytes
// went meanwhile, ALREADY_EXISTS where one came.
func (in *Intake) adopt(ctx context.Context, tx store.Tx, workspace string, from Adoption, lost string) (Adopted, error) {
	lib := tx.In(workspace)
	known, err := in.sameBytes(ctx, lib, from.SHA256)
	if err != nil {
		return Adopted{}, err
	}
	key := from.Key
	switch {
	case known == nil:
	case known.Blob == key: // done before, and the answer got lost
		return Adopted{VideoID: known.ID, Duplicate: known.Duplicate, Kept: true}, nil
	case known.Blob == lost:
		if err := in.restore(ctx, tx, lib, known, key); err != nil {
			return Adopted{}, err
		}
		if !from.Video.AllowDuplicate {
			return Adopted{VideoID: known.ID, Duplicate: true, Kept: true}, nil
		}
	case !from.Video.AllowDuplicate:
		return Adopted{VideoID: known.ID, Duplicate: true}, nil
	default:
		key = known.Blob
	}
	video := from.video(key)
	video.Duplicate = known != nil
	if err := in.admit(ctx, tx, lib, video); err != nil {
		return Adopted{}, err
	}
	return Adopted{VideoID: video.ID, Kept: key == from.Key}, nil
}

// sameBytes locks the video that is made of these bytes; nil where there is none.
func (c *Control) sameBytes(ctx context.Context, lib store.TxLibrary, sum string) (*models.Video, error) {
	known, err := lib.VideoBySHA256(ctx, sum)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	known, err = lib.Lock(ctx, known.ID)
	if err == nil && known.State == models.VideoDeleted {
		return nil, models.Errorf(models.CodeNotFound, "video %s is deleted", known.ID)
	}
	return known, err
}

// restore gives a video its bytes back, which lie under another key now.
func (c *Control) restore(ctx context.Context, tx store.Tx, lib store.TxLibrary, video *models.Video, key string) error {
	t := c.turn(tx, lib, video)
	video.Blob, t.update.Blob = key, &key
	if err := t.refresh(ctx); err != nil {
		return err
	}
	t.advance()
	return t.write(ctx)
}

// video is what the blob is to become.
func (from Adoption) video(key string) *models.Video {
	name := DisplayText(from.Filename)
	given, now := from.Video, time.Now().UTC()
	return &models.Video{
		ID: models.NewID(), Title: cmp.Or(given.Title, titleFrom(name), "Untitled"), Source: name,
		Blob: key, SHA256: from.SHA256, Size: from.Size,
		Language: given.Language, Labels: given.Labels, ExternalID: given.ExternalID, Captions: given.Captions,
		Created: now, Updated: now,
	}
}

// titleFrom makes a title of a file's name, which may be a path of whatever system:
// empty where there is nothing in it that a title could be.
func titleFrom(name string) string {
	title := titleOf(name[strings.LastIndexAny(name, `/\`)+1:])
	if strings.Trim(title, ". ") == "" {
		return ""
	}
	if len(title) > maxTitle {
		title = strings.ToValidUTF8(title[:maxTitle], "")
	}
	return title
}

// maxTitle bounds a title that nobody has chosen, in bytes.
const maxTitle = 1024
