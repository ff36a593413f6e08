// Package ingest is how bytes come in: it keeps uploads, lets one writer at a
// time add to each, and makes videos of those that are whole. It speaks no
// protocol: api/tus and the services of package api ask it, and say who may.
package ingest

import (
	"context"
	"log/slog"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/internal/config"
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
	Importer Importer // nil where nothing is downloaded
	Log      *slog.Logger
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

// Importer downloads what uploads of the method import are to become.
type Importer interface {
	// Check says whether an address may be asked at all, without asking it.
	// INVALID_ARGUMENT, SOURCE_BLOCKED.
	Check(source string) error

	// Import brings the bytes that an upload misses, by [Uploads.Write]. It is
	// called again, later, where its error may pass.
	Import(ctx context.Context, to *Uploads, u models.Upload) error
}

// Uploads keeps the uploads of all workspaces. Its methods may be called from many
// goroutines, and by processes that share a database and a store of blobs.
type Uploads struct {
	Config
}

// New is what an upload begins with.
type New struct {
	Method      models.UploadMethod // UploadWatch is not for this
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
