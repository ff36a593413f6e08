package analyzer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Options are what the owner of a video says of it.
type Options struct {
	Title      string            // empty: the file's name
	Language   string            // BCP 47; empty: to be detected
	Captions   string            // path of a file to import instead of listening; empty for none
	Labels     map[string]string // empty for none
	ExternalID string            // empty for none
}

// Intake lets files into a library.
type Intake struct {
	*Control
	Blobs   blob.Store
	MaxSize int64 // of a source, in bytes

	MaxCaptions int64 // of a captions file, in bytes
}

// Add copies a file into the library, has it analyzed, and returns its video,
// which is the one that is there already if the same bytes came before; options
// given now replace those given then, and what depends on them is found anew.
// Errors: SOURCE_UNAVAILABLE, EMPTY_FILE, CONTAINER_NOT_ALLOWED,
// SOURCE_TOO_LARGE, CAPTIONS_INVALID, CHECKSUM_MISMATCH for a file that changes
// meanwhile, INVALID_ARGUMENT for labels that cannot be, ALREADY_EXISTS where
// another video has the external id, STORAGE_FULL.
func (in *Intake) Add(ctx context.Context, workspace, path string, opt Options) (*models.Video, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return in.add(ctx, workspace, original{f, size, DisplayText(path)}, opt)
}

// ImportPrefix is where the blobs of a workspace lie that can be added.
func ImportPrefix(workspace string) string { return "imports/" + workspace + "/" }

// AddBlob is as Add for a blob of the workspace, which somebody has put below its
// [ImportPrefix]. It is copied, and stays where it is. INVALID_ARGUMENT for a key
// that is not below it.
func (in *Intake) AddBlob(ctx context.Context, workspace, key string, opt Options) (*models.Video, error) {
	if !strings.HasPrefix(key, ImportPrefix(workspace)) {
		return nil, models.Errorf(models.CodeInvalidArgument, "blobs are imported from below %s, not %.80q; put it there", ImportPrefix(workspace), key)
	}
	f, err := blob.OpenSeeker(ctx, in.Blobs, key)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil, models.Errorf(models.CodeSourceUnavailable, "there is no blob %s; put it there first", key).Because(err)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return in.add(ctx, workspace, original{f, f.Info().Size, key}, opt)
}

// original is what is to become a video.
type original struct {
	file
	size int64
	name string // for people
}

// file is an open one. Reading at a place may move the one that Read reads from.
type file interface {
	io.ReadSeeker
	io.ReaderAt
}

func (in *Intake) add(ctx context.Context, workspace string, from original, opt Options) (*models.Video, error) {
	if from.size > in.MaxSize {
		return nil, models.Errorf(models.CodeSourceTooLarge,
			"%s has %d bytes, more than the limit of %d; cut it into parts", from.name, from.size, in.MaxSize)
	}
	if err := models.CheckLabels(opt.Labels); err != nil {
		return nil, err
	}
	if _, err := ffmpeg.Sniff(from, from.size); err != nil {
		return nil, err
	}
	captions, err := in.readCaptions(opt.Captions)
	if err != nil {
		return nil, err
	}
	sum, err := hash(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from.name, err)
	}
	given := &submission{
		Intake: in, workspace: workspace, file: from, captions: captions, opt: opt,
		video: models.Video{
			ID: models.NewID(), Title: cmp.Or(opt.Title, titleOf(from.name)), Source: from.name,
			SHA256: sum, Size: from.size, Language: opt.Language, Labels: opt.Labels, ExternalID: opt.ExternalID,
		},
	}
	id, err := given.submit(ctx)
	if models.ErrorCode(err) == models.CodeAlreadyExists && opt.ExternalID != "" {
		return nil, externalIDTaken(opt.ExternalID, err)
	}
	if err != nil {
		return nil, err
	}
	return in.Store.In(workspace).Video(ctx, id)
}

// sidecar is a captions file that came with a source.
type sidecar struct {
	models.Sidecar
	content []byte
}

// readCaptions reads a captions file; nil for none.
func (in *Intake) readCaptions(path string) (*sidecar, error) {
	if path == "" {
		return nil, nil
	}
	f, _, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, in.MaxCaptions+1))
	if err != nil {
		return nil, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check the disk it is on", DisplayText(path)).Because(err)
	}
	if int64(len(content)) > in.MaxCaptions {
		return nil, models.Errorf(models.CodeCaptionsInvalid,
			"%s has more than %d bytes, more than any captions; give a WebVTT, SRT or TTML file", DisplayText(path), in.MaxCaptions)
	}
	return newSidecar(filepath.Base(path), content), nil
}

func newSidecar(name string, content []byte) *sidecar {
	sum := sha256.Sum256(content)
	return &sidecar{models.Sidecar{Name: DisplayText(name), SHA256: hex.EncodeToString(sum[:])}, content}
}

// hash returns the SHA-256 of a file in lower-case hex, and leaves it at its start.
func hash(ctx context.Context, f io.ReadSeeker) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	all := blob.Verify(ctx, f, -1, "")
	if _, err := io.Copy(io.Discard, all); err != nil {
		return "", err
	}
	_, err := f.Seek(0, io.SeekStart)
	return all.SHA256(), err
}

// open opens a regular file for reading, and nothing that would hang.
func open(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s: there is no such file; check the path", DisplayText(path)).Because(err)
	case err != nil:
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check the path", DisplayText(path)).Because(err)
	case info.IsDir():
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s is a directory; name the files in it", DisplayText(path))
	case !info.Mode().IsRegular():
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s is not a regular file; copy its content to one first", DisplayText(path))
	}
	f, err = os.Open(path)
	if err != nil {
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check its permissions", DisplayText(path)).Because(err)
	}
	return f, info.Size(), nil
}

// DisplayText makes a file's name fit for terminals, logs and JSON: at most
// 4 KiB of valid UTF-8 without control characters and direction overrides.
func DisplayText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > 4<<10 {
		s = strings.ToValidUTF8(s[:4<<10], "")
	}
	return s
}
