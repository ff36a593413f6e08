package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Store is a machine's model files. Its methods may be called from many
// goroutines. Everywhere, a name is one of the catalogue or the path of a file:
// anything with a slash or ending in ".bin" is a path.
type Store struct {
	Dir   string   // where files are downloaded to; need not exist
	Extra []string // further directories to look in, never written to

	BaseURL   string       // of a mirror; empty for the models' own host
	Client    *http.Client // nil for the default one
	Catalogue []Model      // nil for [Catalogue]

	connect time.Duration // until there must be a connection; 0 for 5 s

	mu     sync.Mutex // over the record of verified files
	pulled sync.Mutex // over downloads
}

// New makes a store that downloads to dir and also looks in extra.
func New(dir string, extra ...string) *Store {
	return &Store{Dir: dir, Extra: extra}
}

// File is a model file that was checked and can be used.
type File struct {
	Name   string // as asked for; of a path, the file's name
	Path   string
	SHA256 string
}

// Status is what is true of a model on this machine.
type Status struct {
	Model
	Path    string `json:"path,omitempty"`    // where its file lies; empty where it does not
	Partial int64  `json:"partial,omitempty"` // bytes of a download that broke off
	Default bool   `json:"default,omitempty"` // used unless told otherwise
}

// List returns the catalogue and which of it is here. It checks no sums.
func (s *Store) List() []Status {
	var list []Status
	for _, m := range s.catalogue() {
		status := Status{Model: m, Default: m.Name == DefaultSpeech || m.Name == VAD}
		if path, ok := s.locate(m); ok {
			status.Path = path
		} else if info, err := os.Stat(s.part(m)); err == nil {
			status.Partial = info.Size()
		}
		list = append(list, status)
	}
	return list
}

// Path returns where a model's file lies. MODEL_MISSING where it does not,
// INVALID_ARGUMENT for a name that is none.
func (s *Store) Path(name string) (string, error) {
	if isPath(name) {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			return "", models.Errorf(models.CodeModelMissing, "there is no model file %s; check the path", name).Because(err)
		}
		return filepath.Abs(name)
	}
	m, err := find(s.catalogue(), name)
	if err != nil {
		return "", err
	}
	path, ok := s.locate(m)
	if !ok {
		return "", missing(m)
	}
	return path, nil
}

// Use returns a model's file for use, its checksum right. The check is
// remembered by size and time of change, so that it costs once. MODEL_MISSING,
// MODEL_CORRUPT, INVALID_ARGUMENT.
func (s *Store) Use(ctx context.Context, name string) (File, error) {
	return s.check(ctx, name, true)
}

// Verify is [Store.Use] that reads the whole file whatever is remembered.
func (s *Store) Verify(ctx context.Context, name string) (File, error) {
	return s.check(ctx, name, false)
}

func (s *Store) check(ctx context.Context, name string, remembered bool) (File, error) {
	path, err := s.Path(name)
	if err != nil {
		return File{}, err
	}
	sum, err := s.sum(ctx, path, remembered)
	if err != nil {
		return File{}, err
	}
	if isPath(name) {
		return File{Name: filepath.Base(name), Path: path, SHA256: sum}, nil
	}
	m, err := find(s.catalogue(), name)
	if err != nil {
		return File{}, err
	}
	if sum != m.SHA256 {
		return File{}, models.Errorf(models.CodeModelCorrupt,
			"the model file %s is damaged; `cuepoint models pull %s` fetches a good one", path, name).
			Because(fmt.Errorf("sha256 is %s, not %s", sum, m.SHA256))
	}
	return File{Name: name, Path: path, SHA256: sum}, nil
}

// Fingerprint names what a model's results depend on, without looking whether
// its file is there: its sum where the catalogue has one.
func (s *Store) Fingerprint(name string) string {
	if m, err := find(s.catalogue(), name); err == nil {
		return m.Name + "@" + m.SHA256[:12]
	}
	if info, err := os.Stat(name); err == nil {
		return fmt.Sprintf("%s@%d-%d", filepath.Base(name), info.Size(), info.ModTime().UnixNano())
	}
	return name
}

func (s *Store) catalogue() []Model {
	if s.Catalogue != nil {
		return s.Catalogue
	}
	return Catalogue()
}

// locate finds a model's file: a downloaded one first, which may replace one
// that is damaged.
func (s *Store) locate(m Model) (string, bool) {
	for _, dir := range append([]string{s.Dir}, s.Extra...) {
		if dir == "" {
			continue
		}
		path, err := filepath.Abs(filepath.Join(dir, m.File))
		if err != nil {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, true
		}
	}
	return "", false
}

func missing(m Model) error {
	return models.Errorf(models.CodeModelMissing, "the model %s is not on this machine; run `cuepoint models pull %s` "+
		"(%d MB), or put %s into a directory that CUEPOINT_MODELS_DIR names", m.Name, m.Name, (m.Bytes+500_000)/1_000_000, m.File)
}

func isPath(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, ".bin")
}

// hash reads a file and returns its SHA-256.
func hash(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", models.Errorf(models.CodeModelMissing, "there is no model file %s; check the path", path).Because(err)
		}
		return "", models.Errorf(models.CodeModelMissing, "the model file %s cannot be read; check its permissions", path).Because(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, reader{ctx, f}); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// reader ends when its context does.
type reader struct {
	ctx context.Context //nolint:containedctx // of the one read that the reader is made for
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
