// Package ingest is how bytes come in: it keeps uploads, lets one writer at a
// time add to each, and makes videos of those that are whole. It speaks no
// protocol: api/tus and the services of package api ask it, and say who may.
package ingest

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Config is what [Uploads] are made of.
type Config struct {
	Store    store.Store
	Blobs    blob.Store
	Intake   *analyzer.Intake
	Scratch  string // an existing directory for what is checked before it counts
	Limits   Limits
	Importer *fetch.Client // nil where nothing is downloaded; Limits bound its files too
	// Alone says that no other process works on the same store and blobs: what one
	// before has left under way is nobody's then.
	Alone bool
	Log   *slog.Logger
}

// Limits bound uploads. A zero is the usual one, but for Quota.
type Limits struct {
	MaxSize     int64         // of a file, in bytes
	Quota       int64         // bytes that a workspace may use; 0 for as many as there is room for
	Lifetime    time.Duration // an upload ends so long after its last byte came
	MaxLifetime time.Duration // and so long after it began, whatever came
}

// The usual limits.
const (
	UsualMaxSize     = 20 << 30
	UsualLifetime    = 24 * time.Hour
	UsualMaxLifetime = 7 * 24 * time.Hour
	MinLifetime      = time.Minute // the shortest that may be asked for
)

// Uploads keeps the uploads of all workspaces. Its methods may be called from many
// goroutines, and by processes that share a database and a store of blobs. Made by
// [Open]; Close ends it.
type Uploads struct {
	Config
	turns turns
	pace  pace
	wake  chan struct{} // holds one where something may be due

	life context.Context //nolint:containedctx // it is that of the uploads, not of a call
	end  context.CancelCauseFunc

	mu      sync.Mutex
	closed  bool
	working sync.WaitGroup
}

// pace is how fast things go, which tests do not wait for.
type pace struct {
	look  time.Duration // for what is due
	watch time.Duration // whether an upload has another writer
	lease time.Duration // without a sign of life of who finishes an upload, another does
	retry time.Duration // after a first failure

	imports []time.Duration // after failures of an import since bytes last came; one more is the last
	room    time.Duration   // for an import that this server has no room for
}

// Open returns the uploads of a store.
func Open(c Config) *Uploads {
	c.Limits.MaxSize = cmp.Or(c.Limits.MaxSize, UsualMaxSize)
	c.Limits.Lifetime = cmp.Or(c.Limits.Lifetime, UsualLifetime)
	c.Limits.MaxLifetime = cmp.Or(c.Limits.MaxLifetime, UsualMaxLifetime)
	u := &Uploads{
		Config: c, turns: turns{patience: 10 * time.Second}, wake: make(chan struct{}, 1),
		pace: pace{look: 2 * time.Second, watch: time.Second, lease: 20 * time.Second, retry: 5 * time.Second, imports: importWaits[:], room: 5 * time.Minute},
	}
	u.life, u.end = context.WithCancelCause(context.Background())
	return u
}

// Close tells those who write to stop, which keeps what they have read, and waits
// for them. What is being finished is left to be gone on with. It may be called twice.
func (u *Uploads) Close() {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	u.end(errClosing())
	u.working.Wait()
}

func errClosing() error {
	return models.Errorf(models.CodeShuttingDown, "the server ends; go on with the upload when it is back")
}

// enter begins something that Close ends and waits for. SHUTTING_DOWN.
func (u *Uploads) enter(ctx context.Context) (context.Context, func(), error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return nil, nil, errClosing()
	}
	u.working.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(u.life, func() { cancel(context.Cause(u.life)) })
	return ctx, func() {
		stop()
		cancel(nil)
		u.working.Done()
	}, nil
}

// Methods are those that Create takes.
func (u *Uploads) Methods() []models.UploadMethod {
	methods := []models.UploadMethod{models.UploadTus}
	if u.Blobs.Features().Presign {
		methods = append(methods, models.UploadPut, models.UploadMultipart)
	}
	if u.Importer != nil {
		methods = append(methods, models.UploadImport)
	}
	return methods
}

// Find returns an upload of any workspace. Who may know of it is the caller's to
// say, by its Workspace or by [Permits]. NOT_FOUND.
func (u *Uploads) Find(ctx context.Context, id string) (models.Upload, error) {
	return u.Store.AnyUpload(ctx, id)
}

// Get returns an upload of a workspace. NOT_FOUND.
func (u *Uploads) Get(ctx context.Context, workspace, id string) (models.Upload, error) {
	return u.Store.In(workspace).Upload(ctx, id)
}

// List lists the uploads of a workspace, newest first. See [store.Uploads].
func (u *Uploads) List(ctx context.Context, workspace string, q store.UploadQuery) (store.UploadPage, error) {
	return u.Store.In(workspace).Uploads(ctx, q)
}

// New is what an upload begins with.
type New struct {
	Method      models.UploadMethod // UploadWatch is for [Uploads.Found] alone
	Filename    string              // for people; any bytes at all
	ContentType string              // as announced
	Length      int64               // in bytes; -1 where nobody knows, which put and multipart do not allow
	SHA256      string              // in hex, of what is to come; empty for anything
	Metadata    string              // the Upload-Metadata of tus, as it was sent
	Source      string              // the address that an import is downloaded from

	// Delegated has a secret made that lets who has no key send the bytes.
	Delegated bool
	Origin    string // the web origin that may send it; empty for this server's own alone
	// Lifetime is when the upload ends, from now, whatever comes; 0 for the usual
	// one, which begins anew with every byte.
	Lifetime time.Duration

	Video models.UploadVideo

	// Answer is called last in the transaction, with what Create is to return; nil
	// for none. It may be called more than once.
	Answer func(ctx context.Context, lib store.TxLibrary, c Created) error
}

// Created is an upload that begins, and what its bytes are sent with.
type Created struct {
	models.Upload
	Secret config.Secret   // where it is delegated; shown once, here
	Put    *blob.Presigned // for the method put
	Parts  []blob.Part     // for the method multipart, in order
}

// Chunk says more of bytes that are to be written.
type Chunk struct {
	// Size is how many there are, 0 where nobody knows: more than the upload has
	// room for are refused before one of them counts.
	Size int64

	Length   *int64    // of the upload, of which it was not known before; nil for nothing new
	Checksum *Checksum // of these bytes; nil for none

	// Interrupt makes a Read of the bytes that is under way return an error, and
	// further ones too. It is called where another writer is to begin, or the caller
	// gives up, and perhaps more than once, from any goroutine; a request's body is
	// interrupted by a read deadline in the past. Nil where no Read waits for anybody.
	Interrupt func()
}

// Checksum is what bytes hash to.
type Checksum struct {
	Algorithm string // one of [Algorithms]
	Sum       []byte
}
