package weights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/models"
)

const (
	connectTimeout = 5 * time.Second  // names, proxies and handshakes included
	stallTimeout   = 60 * time.Second // without a byte
)

// The causes that end a download's context.
var (
	errUnreachable = errors.New("no connection in time")
	errStalled     = errors.New("the host stopped sending")
)

// Progress tells how much of a file is here, in bytes.
type Progress func(done, total int64)

// Pull downloads a model, unless a good file is here already, and returns it.
// A download that broke off is resumed. Errors: INVALID_ARGUMENT for a name
// that is none, SOURCE_UNAVAILABLE where the host cannot be reached or does not
// have it, CHECKSUM_MISMATCH for bytes that are not the model's (they are
// removed), STORAGE_FULL, DATA_IN_USE while another process downloads it, and
// the context's.
func (s *Store) Pull(ctx context.Context, name string, progress Progress) (File, error) {
	if isPath(name) {
		return File{}, models.Errorf(models.CodeInvalidArgument, "%s is a file, not a model to download; "+
			"`cuepoint models list` shows those there are", name)
	}
	m, err := find(s.catalogue(), name)
	if err != nil {
		return File{}, err
	}
	s.pulled.Lock()
	defer s.pulled.Unlock()
	file, err := s.Use(ctx, name)
	if code := models.ErrorCode(err); code != models.CodeModelMissing && code != models.CodeModelCorrupt {
		return file, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return File{}, explain(fmt.Errorf("make directory %s: %w", s.Dir, err))
	}
	if err := s.fetch(ctx, m, progress); err != nil {
		return File{}, err
	}
	return s.Use(ctx, name)
}

// fetch downloads to a part file, checks it and gives it its name.
func (s *Store) fetch(ctx context.Context, m Model, progress Progress) error {
	part, err := os.OpenFile(s.part(m), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return explain(fmt.Errorf("open %s: %w", s.part(m), err))
	}
	defer part.Close()
	if err := unix.Flock(int(part.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return models.Errorf(models.CodeDataInUse, "another process is downloading the model %s; wait for it and run again", m.Name).Because(err)
	}
	if err := s.download(ctx, m, part, progress); err != nil {
		if info, statErr := part.Stat(); statErr == nil && info.Size() == 0 {
			os.Remove(part.Name()) // there is nothing to go on from
		}
		return err
	}
	if err := part.Sync(); err != nil {
		return explain(fmt.Errorf("write %s: %w", part.Name(), err))
	}
	sum, err := hash(ctx, part.Name())
	if err != nil {
		return err
	}
	if sum != m.SHA256 {
		os.Remove(part.Name())
		return models.Errorf(models.CodeChecksumMismatch, "what was downloaded from %s is not the model %s and was removed; "+
			"try again, or another source", s.url(m), m.Name).Because(fmt.Errorf("sha256 is %s, not %s", sum, m.SHA256))
	}
	if err := os.Rename(part.Name(), filepath.Join(s.Dir, m.File)); err != nil {
		return explain(fmt.Errorf("publish %s: %w", m.File, err))
	}
	return nil
}

func (s *Store) part(m Model) string { return filepath.Join(s.Dir, m.File+".part") }

func (s *Store) url(m Model) string {
	base := s.BaseURL
	if base == "" {
		base = host
	}
	return strings.TrimSuffix(base, "/") + m.source
}

// download brings the part file to the model's size.
func (s *Store) download(ctx context.Context, m Model, part *os.File, progress Progress) error {
	have, err := part.Seek(0, io.SeekEnd)
	if err != nil {
		return explain(fmt.Errorf("read %s: %w", part.Name(), err))
	}
	if have == m.Bytes {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(stallTimeout, func() { cancel(errStalled) })
	defer stalled.Stop()
	answer, from, err := s.request(ctx, cancel, m, have)
	if err != nil {
		return err
	}
	defer answer.Close()
	if from < have {
		if err := startOver(part); err != nil {
			return explain(fmt.Errorf("write %s: %w", part.Name(), err))
		}
	}
	w := &counter{w: part, done: from, total: m.Bytes, progress: func(done, total int64) {
		stalled.Reset(stallTimeout)
		if progress != nil {
			progress(done, total)
		}
	}}
	// One byte more than there should be is enough to see that it is wrong.
	_, err = io.Copy(w, io.LimitReader(answer, m.Bytes-from+1))
	switch {
	case w.err != nil:
		return explain(fmt.Errorf("write %s: %w", part.Name(), w.err))
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errStalled):
		return ctx.Err()
	case err != nil, w.done < m.Bytes:
		return models.Errorf(models.CodeSourceUnavailable, "the download of %s broke off; "+
			"`cuepoint models pull %s` goes on where it ended", m.Name, m.Name).Because(errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

func startOver(part *os.File) error {
	if err := part.Truncate(0); err != nil {
		return err
	}
	_, err := part.Seek(0, io.SeekStart)
	return err
}

// request asks for a file from a byte on, and returns from which it comes. It
// ends the context when there is no connection in time.
func (s *Store) request(ctx context.Context, end context.CancelCauseFunc, m Model, from int64) (io.ReadCloser, int64, error) {
	if from > m.Bytes {
		from = 0
	}
	unreached := time.AfterFunc(s.connectTimeout(), func() { end(errUnreachable) })
	defer unreached.Stop()
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { unreached.Stop() },
	})
	req, err := http.NewRequestWithContext(traced, http.MethodGet, s.url(m), nil)
	if err != nil {
		return nil, 0, fmt.Errorf("request %s: %w", s.url(m), err)
	}
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	resp, err := s.client().Do(req)
	cause := context.Cause(ctx)
	switch {
	case err != nil && ctx.Err() != nil && !errors.Is(cause, errUnreachable) && !errors.Is(cause, errStalled):
		return nil, 0, ctx.Err()
	case err != nil:
		return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s cannot be reached to download the model %s; "+
			"try again with a connection, or put %s into a directory that CUEPOINT_MODELS_DIR names",
			req.URL.Host, m.Name, m.File).Because(errors.Join(err, cause))
	case resp.StatusCode == http.StatusPartialContent && from > 0:
		return resp.Body, from, nil
	case resp.StatusCode == http.StatusOK:
		return resp.Body, 0, nil
	}
	resp.Body.Close()
	return nil, 0, models.Errorf(models.CodeSourceUnavailable, "%s does not give the model %s: it answered %s; "+
		"try again later, or put %s into a directory that CUEPOINT_MODELS_DIR names",
		req.URL.Host, m.Name, resp.Status, m.File)
}

func (s *Store) client() *http.Client {
	if s.Client != nil {
		return s.Client
	}
	return http.DefaultClient
}

func (s *Store) connectTimeout() time.Duration {
	if s.connect > 0 {
		return s.connect
	}
	return connectTimeout
}

// counter tells of what is written, and keeps apart errors of writing.
type counter struct {
	w           io.Writer
	done, total int64
	progress    Progress
	err         error
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.done += int64(n)
	c.err = err
	c.progress(min(c.done, c.total), c.total)
	return n, err
}

// explain gives a forbidden place its code.
func explain(err error) error {
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EROFS) || errors.Is(err, unix.ENOTDIR) {
		return models.Errorf(models.CodeInvalidArgument, "models cannot be kept there; name a data directory that can be written to").Because(err)
	}
	return err
}
