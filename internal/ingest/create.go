package ingest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Create begins an upload. INVALID_ARGUMENT, EMPTY_FILE, SOURCE_TOO_LARGE,
// QUOTA_EXCEEDED; SOURCE_BLOCKED for an address that nobody is asked at;
// UNIMPLEMENTED for a method that this server, or its store, does not have.
func (u *Uploads) Create(ctx context.Context, workspace string, n New) (Created, error) {
	if err := u.check(&n); err != nil {
		return Created{}, err
	}
	return u.create(ctx, workspace, n)
}

// create is Create of what has been checked.
func (u *Uploads) create(ctx context.Context, workspace string, n New) (Created, error) {
	c := Created{Upload: u.begin(workspace, n)}
	if n.Delegated {
		c.Secret = newSecret()
		c.TokenHash = hashOf(c.Secret.Reveal())
	}
	if err := u.presign(ctx, &c); err != nil {
		return Created{}, err
	}
	err := u.Store.Tx(ctx, func(tx store.Tx) error {
		lib := tx.In(workspace)
		if err := lib.CreateUpload(ctx, c.Upload, u.Limits.Quota); err != nil {
			return err
		}
		if err := record(ctx, lib, c.Upload, models.EventUploadCreated); err != nil {
			return err
		}
		if landing(c.Upload) != c.Key { // whatever becomes of the upload
			if err := lib.Discard(ctx, unneeded(c.Upload), landing(c.Upload)); err != nil {
				return err
			}
		}
		if n.Answer != nil {
			return n.Answer(ctx, lib, c)
		}
		return nil
	})
	if err != nil {
		if c.Growth != nil {
			err = errors.Join(err, u.abandon(ctx, c.Upload))
		}
		return Created{}, err
	}
	u.hurry()
	return c, nil
}

// begin is the upload that is asked for.
func (u *Uploads) begin(workspace string, n New) models.Upload {
	began := now()
	up := models.Upload{
		ID: models.NewID(), Workspace: workspace, Method: n.Method, State: models.UploadReceiving,
		Filename: analyzer.DisplayText(n.Filename), ContentType: analyzer.DisplayText(n.ContentType),
		Length: n.Length, SHA256: n.SHA256, Metadata: n.Metadata, Source: n.Source, Origin: n.Origin,
		Video: n.Video, Key: "sources/" + models.NewID(), Created: began, Updated: began,
	}
	up.Expires = began.Add(u.Limits.Lifetime)
	if n.Lifetime > 0 {
		up.Expires = began.Add(n.Lifetime)
	}
	if up.Method == models.UploadImport {
		up.Due, up.Source, up.Download = began, fetch.Show(n.Source), download{URL: n.Source}.column()
	}
	return up
}

// slides says whether every byte gives an upload more time: who was given a secret
// or a presigned request has it until a fixed time.
func slides(up models.Upload) bool {
	return up.TokenHash == "" && !up.Method.Presigned()
}

// presign adds the requests by which a client puts the bytes into the store itself.
func (u *Uploads) presign(ctx context.Context, c *Created) (err error) {
	ttl := time.Until(c.Expires)
	switch c.Method {
	case models.UploadPut:
		put, err := u.Blobs.PresignPut(ctx, landing(c.Upload), ttl, blob.PutWant{Size: c.Length, ContentType: c.ContentType, SHA256: c.SHA256})
		c.Put = &put
		return err
	case models.UploadMultipart:
		var g blob.Growth
		if g, c.Parts, err = u.Blobs.PresignParts(ctx, c.Key, c.Length, ttl); err != nil {
			return err
		}
		c.Growth, err = json.Marshal(g)
		return err
	default:
		return nil
	}
}

// landing is where the bytes of the method put arrive. A request that is not bound
// to a hash can be used again, with other bytes, until its end: what such a one
// has put is copied before anything is made of it.
func landing(up models.Upload) string {
	if up.Method == models.UploadPut && up.SHA256 == "" {
		return "sources/" + up.ID
	}
	return up.Key
}

// growth is how far the blob of an upload is.
func growth(up models.Upload) (blob.Growth, error) {
	g := blob.Growth{Key: up.Key}
	if up.Growth == nil {
		return g, nil
	}
	err := json.Unmarshal(up.Growth, &g)
	return g, err
}

// newSecret makes what a delegated upload is sent with: 238 bits.
func newSecret() config.Secret { return config.NewSecret("us_" + models.RandomText(40)) }

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Permits tells whether a secret is that of an upload.
func Permits(up models.Upload, secret string) bool {
	return up.TokenHash != "" && subtle.ConstantTimeCompare([]byte(up.TokenHash), []byte(hashOf(secret))) == 1
}

// record tells of an upload what happened to it, in the transaction of that.
func record(ctx context.Context, lib store.TxLibrary, up models.Upload, what models.EventType) error {
	return lib.Record(ctx, models.Event{
		Type: what, UploadID: up.ID, VideoID: up.VideoID, Error: up.Error, Time: now(),
	})
}

// now is the time as databases keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
