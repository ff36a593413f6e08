package blob

import (
	"context"
	"errors"
	"io"

	"github.com/cuepoint/cuepoint/models"
)

// Seeker reads a blob from wherever it is asked to, for callers that seek:
// http.ServeContent, demultiplexers. It keeps one range open and opens another
// after a seek; a blob that is replaced between the two ends it with an error.
// It is for one goroutine.
type Seeker struct {
	open   func(offset int64) (io.ReadCloser, Info, error)
	info   Info
	offset int64
	body   io.ReadCloser // from offset on; nil after a seek
}

// OpenSeeker opens a blob for reading, as long as ctx has not ended. The caller
// closes it. NOT_FOUND.
func OpenSeeker(ctx context.Context, s Store, key string) (*Seeker, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	open := func(offset int64) (io.ReadCloser, Info, error) { return s.Open(ctx, key, offset, -1) }
	return &Seeker{open: open, info: info}, nil
}

// Info describes the blob.
func (s *Seeker) Info() Info { return s.info }

// Read implements [io.Reader].
func (s *Seeker) Read(p []byte) (int, error) {
	if s.offset >= s.info.Size {
		return 0, io.EOF
	}
	if s.body == nil {
		body, info, err := s.open(s.offset)
		if err != nil {
			return 0, err
		}
		if info.ETag != s.info.ETag {
			body.Close()
			return 0, models.Errorf(models.CodeChecksumMismatch, "%s was replaced while it was being read; try again", s.info.Key)
		}
		s.body = body
	}
	n, err := s.body.Read(p)
	s.offset += int64(n)
	return n, err
}

// Seek implements [io.Seeker]. It asks the store for nothing.
func (s *Seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.offset
	case io.SeekEnd:
		offset += s.info.Size
	}
	if offset < 0 {
		return 0, errors.New("seek to before the start")
	}
	if offset == s.offset {
		return offset, nil
	}
	s.offset = offset
	return offset, s.Close()
}

// ReadAt implements [io.ReaderAt]. It moves the place that Read reads from.
func (s *Seeker) ReadAt(p []byte, offset int64) (int, error) {
	if _, err := s.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// Close implements [io.Closer]. Reading opens the blob again.
func (s *Seeker) Close() error {
	if s.body == nil {
		return nil
	}
	body := s.body
	s.body = nil
	return body.Close()
}
