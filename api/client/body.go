package client

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"sync"

	"google.golang.org/grpc/codes"

	"github.com/cuepoint/cuepoint/models"
)

// source is a file that is sent. What is read of it is hashed, each byte once
// however often it is read.
type source struct {
	file   io.ReadSeeker
	size   int64
	before fs.FileInfo // nil where nobody can tell
	hash   hash.Hash
	hashed int64
}

func newSource(file io.ReadSeeker) (*source, error) {
	s := &source{file: file, hash: sha256.New()}
	var err error
	if s.before, err = stat(file); err != nil {
		return nil, err
	}
	if s.size, err = file.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	if s.size == 0 {
		return nil, refuse(codes.InvalidArgument, models.CodeEmptyFile, "the file is empty")
	}
	return s, nil
}

// stat is nil for what is no file of a file system.
func stat(file io.ReadSeeker) (fs.FileInfo, error) {
	if f, ok := file.(interface{ Stat() (fs.FileInfo, error) }); ok {
		return f.Stat()
	}
	return nil, nil
}

// seek goes to an offset, and makes up for what is not hashed before it.
func (s *source) seek(offset int64) error {
	if s.hashed < offset {
		if _, err := s.file.Seek(s.hashed, io.SeekStart); err != nil {
			return err
		}
		n, err := io.CopyN(s.hash, s.file, offset-s.hashed)
		s.hashed += n
		if err != nil {
			return s.ended(err)
		}
	}
	_, err := s.file.Seek(offset, io.SeekStart)
	return err
}

// read reads what is at an offset. With the last byte comes that the file has
// stayed as it was.
func (s *source) read(p []byte, offset int64) (int, error) {
	n, err := s.file.Read(p[:min(int64(len(p)), s.size-offset)])
	end := offset + int64(n)
	if end > s.hashed {
		s.hash.Write(p[int64(n)-(end-s.hashed) : n])
		s.hashed = end
	}
	if end == s.size {
		return n, s.check()
	}
	return n, s.ended(err)
}

// ended makes of an end before the file's the error that it is.
func (s *source) ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errChanged
	}
	return err
}

// check fails where the file is another than at first.
func (s *source) check() error {
	now, err := stat(s.file)
	if err != nil || now == nil {
		return err
	}
	if now.Size() != s.size || !now.ModTime().Equal(s.before.ModTime()) {
		return errChanged
	}
	return nil
}

var errChanged = refuse(codes.FailedPrecondition, models.CodeSourceUnavailable,
	"the file was changed while it was sent; send it again when nobody writes to it any more")

func (s *source) sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// body is the rest of a source, from an offset on, as one request sends it. Who
// sends it may go on reading after the request has ended, until Close.
type body struct {
	from  *source
	moved func() // called when bytes are about to go out
	told  func(offset int64)

	mu     sync.Mutex
	at     int64
	failed error // of the file
	closed bool
}

func (b *body) rest() int64 { return b.from.size - b.at }

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return 0, fs.ErrClosed
	case b.failed != nil:
		return 0, b.failed
	case b.at == b.from.size:
		return 0, io.EOF
	}
	n, err := b.from.read(p, b.at)
	if err != nil {
		b.failed = err
		return 0, err
	}
	b.at += int64(n)
	b.moved()
	b.told(b.at)
	return n, nil
}

// failure is why the file could not be read, nil where it could.
func (b *body) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// Close implements [io.Closer]: the source is nobody else's after it.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}
