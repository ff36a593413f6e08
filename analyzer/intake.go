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
	Title    string // empty: the file's name
	Language string // BCP 47; empty: to be detected
	Captions string // path of a file to import instead of listening; empty for none
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
// meanwhile, STORAGE_FULL.
func (in *Intake) Add(ctx context.Context, workspace, path string, opt Options) (*models.Video, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > in.MaxSize {
		return nil, models.Errorf(models.CodeSourceTooLarge,
			"%s has %d bytes, more than the limit of %d; cut it into parts", displayText(path), size, in.MaxSize)
	}
	if _, err := ffmpeg.Sniff(f, size); err != nil {
		return nil, err
	}
	captions, err := in.readCaptions(opt.Captions)
	if err != nil {
		return nil, err
	}
	sum, err := hash(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	source := displayText(path)
	given := &submission{
		Intake: in, workspace: workspace, file: f, captions: captions,
		video: models.Video{
			ID: models.NewID(), Title: cmp.Or(opt.Title, titleOf(source)), Source: source,
			SHA256: sum, Size: size, Language: opt.Language,
		},
		title: opt.Title,
	}
	id, err := given.submit(ctx)
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
		return nil, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check the disk it is on", displayText(path)).Because(err)
	}
	if int64(len(content)) > in.MaxCaptions {
		return nil, models.Errorf(models.CodeCaptionsInvalid,
			"%s has more than %d bytes, more than any captions; give a WebVTT, SRT or TTML file", displayText(path), in.MaxCaptions)
	}
	return newSidecar(filepath.Base(path), content), nil
}

func newSidecar(name string, content []byte) *sidecar {
	sum := sha256.Sum256(content)
	return &sidecar{models.Sidecar{Name: displayText(name), SHA256: hex.EncodeToString(sum[:])}, content}
}

// hash returns the SHA-256 of a file in lower-case hex, and leaves it at its start.
func hash(ctx context.Context, f *os.File) (string, error) {
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
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s: there is no such file; check the path", displayText(path)).Because(err)
	case err != nil:
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check the path", displayText(path)).Because(err)
	case info.IsDir():
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s is a directory; name the files in it", displayText(path))
	case !info.Mode().IsRegular():
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s is not a regular file; copy its content to one first", displayText(path))
	}
	f, err = os.Open(path)
	if err != nil {
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s cannot be read; check its permissions", displayText(path)).Because(err)
	}
	return f, info.Size(), nil
}

// displayText makes a file's name fit for terminals, logs and JSON: at most
// 4 KiB of valid UTF-8 without control characters and direction overrides.
func displayText(s string) string {
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
