package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

// sender is a client that goes through whatever may happen to an upload, between
// two processes, and knows what it was told.
type sender struct {
	b       *bench
	t       *rapid.T
	id      string
	content []byte
	told    int64 // so many bytes have come, it was told
	between [2]*Uploads
	dead    []chan error // requests of its whose connections it has lost
	over    models.UploadState
}

// Nothing that a client was told is lost, whoever writes, breaks off, is killed or
// restarted meanwhile; and what comes of it is its bytes, or nothing.
func TestNoByteThatWasAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		seed := uint64(0)
		rapid.Check(t, func(rt *rapid.T) {
			seed++
			s := &sender{b: b, t: rt, content: media(seed, rapid.IntRange(32, 200_000).Draw(rt, "length"))} // what is shorter looks like no video
			s.between = [2]*Uploads{b.open(), b.open()}
			defer s.end()
			length := int64(len(s.content))
			if rapid.Bool().Draw(rt, "length unknown") {
				length = -1
			}
			s.id = b.create(int(length)).ID
			rt.Repeat(map[string]func(*rapid.T){
				"":         s.check,
				"send":     s.send,
				"damage":   s.damage,
				"misplace": s.misplace,
				"vanish":   s.vanish,
				"ask":      s.ask,
				"restart":  s.restart,
				"cancel":   s.cancel,
				"expire":   s.expire,
			})
			s.finish()
		})
	})
}

// one is one of the processes.
func (s *sender) one(t *rapid.T) *Uploads {
	return s.between[rapid.IntRange(0, 1).Draw(t, "process")]
}

// piece draws some of what is to come, and says what it is.
func (s *sender) piece(t *rapid.T) ([]byte, Chunk) {
	n := rapid.IntRange(0, len(s.content)-int(s.told)).Draw(t, "bytes")
	length := int64(len(s.content))
	return s.content[s.told : s.told+int64(n)], Chunk{Length: &length, Interrupt: func() {}}
}

// heard notes what an answer tells.
func (s *sender) heard(t *rapid.T, up models.Upload, err error) {
	switch code := models.ErrorCode(err); {
	case s.over != "":
		if !slices.Contains([]models.Code{models.CodeNotFound, models.CodeConflict}, code) {
			t.Fatalf("after it is %s: %v", s.over, err)
		}
		return
	case err != nil && code != models.CodeInternal && code != models.CodeConflict:
		t.Fatal(err)
	case err != nil:
		return // what is beside an error is good to know, but no promise
	}
	if up.Offset < s.told {
		t.Fatalf("at %d, and was at %d", up.Offset, s.told)
	}
	s.told = up.Offset
}

func (s *sender) send(t *rapid.T) {
	piece, c := s.piece(t)
	r := io.Reader(bytes.NewReader(piece))
	if rapid.Bool().Draw(t, "breaks off") {
		r = io.MultiReader(r, iotest.ErrReader(errors.New("the network is gone")))
	}
	up, err := s.one(t).Write(context.Background(), workspace, s.id, s.told, r, c)
	s.heard(t, up, err)
}

// damage sends bytes that are not what their checksum says.
func (s *sender) damage(t *rapid.T) {
	piece, c := s.piece(t)
	c.Checksum = &Checksum{Algorithm: "sha256", Sum: []byte("of something else")}
	_, err := s.one(t).Write(context.Background(), workspace, s.id, s.told, bytes.NewReader(piece), c)
	if code := models.ErrorCode(err); code != models.CodeChecksumMismatch && code != models.CodeConflict && code != models.CodeNotFound && s.told < int64(len(s.content)) {
		t.Fatal(err)
	}
}

// misplace sends what belongs elsewhere.
func (s *sender) misplace(t *rapid.T) {
	at := rapid.Int64Range(0, int64(len(s.content))+10).Draw(t, "at")
	if at >= s.told { // it may be right
		return
	}
	_, err := s.one(t).Write(context.Background(), workspace, s.id, at, bytes.NewReader([]byte("damage")), Chunk{})
	if code := models.ErrorCode(err); code != models.CodeConflict && code != models.CodeNotFound {
		t.Fatal(err)
	}
}

// vanish begins a request whose connection is lost without anybody noticing.
func (s *sender) vanish(t *rapid.T) {
	if len(s.dead) > 3 {
		return
	}
	piece, c := s.piece(t)
	client, ended, u, at := newStalled(piece), make(chan error, 1), s.one(t), s.told
	c.Interrupt = client.interrupt
	go func() {
		_, err := u.Write(context.Background(), workspace, s.id, at, client, c)
		ended <- err
	}()
	select {
	case <-client.read:
		s.dead = append(s.dead, ended)
	case <-ended: //nolint:errcheck // whatever it was told
	}
}

func (s *sender) ask(t *rapid.T) {
	up, err := s.one(t).Stand(context.Background(), workspace, s.id)
	s.heard(t, up, err)
}

func (s *sender) restart(t *rapid.T) {
	i := rapid.IntRange(0, 1).Draw(t, "process")
	s.between[i].Close()
	s.between[i] = s.b.open()
}

func (s *sender) cancel(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
		return
	}
	up, err := s.one(t).Delete(context.Background(), workspace, s.id)
	if err == nil {
		s.over = up.State
	} else if models.ErrorCode(err) != models.CodeNotRunning {
		t.Fatal(err)
	}
}

func (s *sender) expire(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
		return
	}
	up := s.b.get(s.id)
	if up.State != models.UploadReceiving {
		return
	}
	up.Expires = now()
	if s.b.lib.SaveUpload(context.Background(), up) != nil {
		return
	}
	r := &rounds{Uploads: s.one(t)}
	if err := r.expire(context.Background(), up); err == nil {
		s.over = models.UploadExpired
	} else if models.ErrorCode(err) != models.CodeNotRunning {
		t.Fatal(err)
	}
}

// check is what holds at any time.
func (s *sender) check(t *rapid.T) {
	up := s.b.get(s.id)
	if s.over == "" && up.Offset < s.told || s.over != "" && up.State != s.over {
		t.Fatalf("%s at %d, and %d bytes were acknowledged", up.State, up.Offset, s.told)
	}
	if up.State == models.UploadDone {
		s.b.wantVideo(up, s.content)
	}
}

// finish sends what is missing.
func (s *sender) finish() {
	for s.over == "" && s.told < int64(len(s.content)) {
		s.ask(s.t)
		length := int64(len(s.content))
		up, err := s.between[0].Write(context.Background(), workspace, s.id, s.told, bytes.NewReader(s.content[s.told:]), Chunk{Length: &length})
		s.heard(s.t, up, err)
	}
	if s.over == "" {
		s.b.wantVideo(s.b.get(s.id), s.content)
	}
}

// end ends the processes, and what hangs in them.
func (s *sender) end() {
	for _, u := range s.between {
		u.Close()
	}
	for _, ended := range s.dead {
		<-ended //nolint:errcheck // whatever it was told
	}
}
