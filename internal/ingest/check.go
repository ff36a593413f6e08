package ingest

import (
	"encoding/hex"
	"mime"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/cuepoint/cuepoint/internal/fetch"
	"github.com/cuepoint/cuepoint/models"
)

// Bounds of what is said of an upload, in bytes.
const (
	maxMetadata   = 16 << 10
	maxSource     = 4 << 10
	maxOrigin     = 512
	maxTitle      = 1024
	maxExternalID = 256
)

// check refuses an upload that cannot be, and writes n in the usual way.
func (u *Uploads) check(n *New) error {
	if err := u.checkMethod(n); err != nil {
		return err
	}
	if err := u.checkLength(n.Length); err != nil {
		return err
	}
	if err := u.checkLifetime(n); err != nil {
		return err
	}
	n.SHA256 = strings.ToLower(n.SHA256)
	if sum, err := hex.DecodeString(n.SHA256); err != nil || n.SHA256 != "" && len(sum) != 32 {
		return refuse("%.80q is no SHA-256; give 64 hexadecimal digits", n.SHA256)
	}
	if len(n.Metadata) > maxMetadata || !isText(n.Metadata) {
		return refuse("the metadata is %d bytes; at most %d of text are kept", len(n.Metadata), maxMetadata)
	}
	if !isOrigin(n.Origin) {
		return refuse("%.80q is no web origin; write it as https://example.com or http://localhost:3000", n.Origin)
	}
	return CheckVideo(n.Video)
}

func (u *Uploads) checkMethod(n *New) error {
	presigned := n.Method.Presigned()
	switch {
	case n.Method == models.UploadTus:
	case presigned && !u.Blobs.Features().Presign:
		return models.Errorf(models.CodeUnimplemented, "this server keeps its files where nobody can be let put them; use the method tus")
	case presigned && n.Length < 0:
		return refuse("the method %s needs the size beforehand", n.Method)
	case presigned && !isMediaType(n.ContentType):
		return refuse("%.80q is no media type such as video/mp4", n.ContentType)
	case presigned:
	case n.Method != models.UploadImport:
		return refuse("there is no method %.40q", n.Method)
	case u.Importer == nil:
		return models.Errorf(models.CodeUnimplemented, "this server downloads nothing; send the bytes")
	case n.Delegated:
		return refuse("nobody sends the bytes of an import; leave the delegation out")
	case n.Length != -1:
		return refuse("how long an import is its host says; leave the size out")
	case len(n.Source) > maxSource || !isText(n.Source):
		return refuse("an address has %d bytes of text at most", maxSource)
	default:
		return fetch.Check(n.Source)
	}
	if n.Source != "" {
		return refuse("the method %s has no source", n.Method)
	}
	return nil
}

// checkLength refuses a length that no upload may have; -1 may still become any.
func (u *Uploads) checkLength(length int64) error {
	switch {
	case length < -1:
		return refuse("a file cannot have %d bytes", length)
	case length == 0:
		return models.Errorf(models.CodeEmptyFile, "the file is empty; was it copied completely?")
	case length > u.Limits.MaxSize:
		return u.tooLarge()
	}
	return nil
}

func (u *Uploads) tooLarge() error {
	return models.Errorf(models.CodeSourceTooLarge, "the file is larger than the limit of %d bytes; cut it into parts", u.Limits.MaxSize)
}

func (u *Uploads) checkLifetime(n *New) error {
	fixed := n.Delegated || n.Method.Presigned()
	switch {
	case n.Lifetime == 0:
		return nil
	case !fixed:
		return refuse("only delegated and presigned uploads have a lifetime; others end %s after their last byte came", u.Limits.Lifetime)
	case n.Lifetime < MinLifetime || n.Lifetime > u.Limits.MaxLifetime:
		return refuse("a lifetime of %s cannot be; give %s to %s", n.Lifetime, MinLifetime, u.Limits.MaxLifetime)
	}
	return nil
}

// CheckVideo is INVALID_ARGUMENT for what no owner may say of a video.
func CheckVideo(v models.UploadVideo) error {
	switch _, err := language.Parse(v.Language); {
	case len(v.Title) > maxTitle || !isText(v.Title):
		return refuse("a title has %d bytes of text at most", maxTitle)
	case v.Language != "" && err != nil:
		return refuse("%.80q is no language tag (BCP 47) such as de or pt-BR", v.Language)
	case len(v.ExternalID) > maxExternalID || !isText(v.ExternalID):
		return refuse("an external id has %d bytes of text at most", maxExternalID)
	}
	return models.CheckLabels(v.Labels)
}

// isMediaType tells whether s can be sent as a Content-Type, or is empty.
func isMediaType(s string) bool {
	_, _, err := mime.ParseMediaType(s)
	return s == "" || err == nil && isText(s)
}

// isText tells whether s is UTF-8 without control characters.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// isOrigin tells whether s is a web origin as browsers write it (RFC 6454), or empty.
func isOrigin(s string) bool {
	if s == "" {
		return true
	}
	at, err := url.Parse(s)
	return err == nil && len(s) <= maxOrigin && (at.Scheme == "https" || at.Scheme == "http") && at.Host != "" &&
		s == at.Scheme+"://"+strings.ToLower(at.Host)
}

func refuse(format string, args ...any) error {
	return models.Errorf(models.CodeInvalidArgument, format, args...)
}
