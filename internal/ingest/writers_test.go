package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// stalled is a client that has sent some bytes and vanished.
type stalled struct {
	first io.Reader
	read  chan struct{} // closed once it hangs
	gone  chan struct{} // closed once it was interrupted
}

func newStalled(content []byte) *stalled {
	return &stalled{bytes.NewReader(content), make(chan struct{}), make(chan struct{})}
}

func (s *stalled) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); err == nil {
		return n, nil
	}
	select {
	case <-s.read:
	default:
		close(s.read)
	}
	<-s.gone
	return 0, errors.New("interrupted")
}

func (s *stalled) interrupt() {
	select {
	case <-s.gone:
	default:
		close(s.gone)
	}
}

// begin has a client send some bytes and vanish, and waits until it has.
func (b *bench) begin(u *Uploads, id string, offset int, content []byte) (ended chan error) {
	b.t.Helper()
	client, ended := newStalled(content), make(chan error, 1)
	go func() {
		_, err := u.Write(context.Background(), workspace, id, int64(offset), client, Chunk{Interrupt: client.interrupt})
		ended <- err
	}()
	select {
	case <-client.read:
	case err := <-ended:
		b.t.Fatalf("ended with %v", err)
	case <-time.After(20 * time.Second):
		b.t.Fatal("does not read")
	}
	return ended
}

func TestANewWriterBreaksADeadOne(t *testing.T) {
	t.Parallel()
	content := media(1, 300<<10)
	t.Run("by asking how far it is, which keeps what came", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		up := b.create(len(content))
		ended := b.begin(b.uploads, up.ID, 0, content[:200<<10])
		got, err := b.uploads.Stand(t.Context(), workspace, up.ID)
		if err != nil || got.Offset != 200<<10 {
			t.Fatalf("at %d, error %v", got.Offset, err)
		}
		wantCode(t, <-ended, models.CodeConflict)
		b.wantVideo(b.mustWrite(up.ID, 200<<10, content[200<<10:]), content)
	})
	t.Run("by going on from what is known to be there", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		up := b.create(len(content))
		b.mustWrite(up.ID, 0, content[:1000])
		ended := b.begin(b.uploads, up.ID, 1000, content[1000:2000])
		b.until(up.ID, "at 2000", func(up models.Upload) bool { return up.Offset == 2000 })
		up = b.mustWrite(up.ID, 2000, content[2000:])
		wantCode(t, <-ended, models.CodeConflict)
		b.wantVideo(up, content)
	})
	t.Run("unless that does not let go", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.uploads.turns.patience = 20 * time.Millisecond
		up := b.create(len(content))
		b.mustWrite(up.ID, 0, content[:1000])
		client, ended := newStalled(nil), make(chan error, 1)
		defer client.interrupt()
		go func() {
			_, err := b.uploads.Write(context.Background(), workspace, up.ID, 1000, client, Chunk{})
			ended <- err
		}()
		<-client.read
		for range 2 {
			_, err := b.uploads.Stand(t.Context(), workspace, up.ID)
			wantCode(t, err, models.CodeConflict)
			_, err = b.write(up.ID, 1000, content[1000:])
			wantCode(t, err, models.CodeConflict)
		}
		client.interrupt()
		wantCode(t, <-ended, models.CodeConflict)
		b.wantVideo(b.mustWrite(up.ID, 1000, content[1000:]), content)
	})
}

// Of two that send at once one sends all, and what the other sent counts for nothing.
func TestExactlyOneOfTwoWritersWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	elsewhere := b.open()
	defer elsewhere.Close()
	for round := range 20 {
		content := media(uint64(round), 5000)
		up := b.create(len(content))
		errs := make(chan error, 2)
		second := b.uploads
		if round%2 == 1 {
			second = elsewhere
		}
		for _, u := range []*Uploads{b.uploads, second} {
			go func() {
				_, err := u.Write(context.Background(), workspace, up.ID, 0, iotest.OneByteReader(bytes.NewReader(content)), Chunk{Interrupt: func() {}})
				errs <- err
			}()
		}
		first, other := <-errs, <-errs
		if first != nil {
			first, other = other, first
		}
		if first != nil {
			t.Fatalf("nobody won: %v, %v", first, other)
		}
		wantCode(t, other, models.CodeConflict)
		b.wantVideo(b.get(up.ID), content)
	}
}

func TestAWrongOffsetDisturbsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 200<<10)
	up := b.create(len(content))
	b.mustWrite(up.ID, 0, content[:1000])
	ended := b.begin(b.uploads, up.ID, 1000, content[1000:100<<10])
	_, err := b.write(up.ID, 0, content)
	wantCode(t, err, models.CodeConflict)
	select {
	case err := <-ended:
		t.Fatalf("the writer was stopped: %v", err)
	default:
	}
	if _, err := b.uploads.Delete(t.Context(), workspace, up.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-ended, models.CodeConflict)
	b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadCanceled)
}

func TestAWriterOfAnotherProcessFindsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 200<<10)
	up := b.create(len(content))
	elsewhere := b.open()
	defer elsewhere.Close()
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := elsewhere.Write(context.Background(), workspace, up.ID, 0, reader, Chunk{})
		reader.Close()
		ended <- err
	}()
	if _, err := writer.Write(content[:100<<10]); err != nil {
		t.Fatal(err)
	}
	b.until(up.ID, "further", func(up models.Upload) bool { return up.Offset > 0 })
	stands, err := b.uploads.Stand(t.Context(), workspace, up.ID)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil { // what it still sends counts for nothing
		_, err = writer.Write([]byte("damage"))
	}
	wantCode(t, <-ended, models.CodeConflict)
	if got := b.get(up.ID); got.Offset != stands.Offset {
		t.Errorf("at %d, and was said to be at %d", got.Offset, stands.Offset)
	}
	b.wantVideo(b.mustWrite(up.ID, int(stands.Offset), content[stands.Offset:]), content)
}

func TestAWriterOfAnotherProcessThatHangsFindsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 2000)
	up := b.create(len(content))
	b.mustWrite(up.ID, 0, content[:1000])
	elsewhere := b.open()
	defer elsewhere.Close()
	ended := b.begin(elsewhere, up.ID, 1000, nil)
	up = b.mustWrite(up.ID, 1000, content[1000:])
	wantCode(t, <-ended, models.CodeConflict)
	b.wantVideo(up, content)
}

func TestClosingKeepsWhatCame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 200<<10)
	up := b.create(len(content))
	ended := b.begin(b.uploads, up.ID, 0, content[:100<<10])
	b.uploads.Close()
	wantCode(t, <-ended, models.CodeShuttingDown)
	_, err := b.write(up.ID, 100<<10, content[100<<10:])
	wantCode(t, err, models.CodeShuttingDown)
	b.restart()
	b.wantVideo(b.mustWrite(up.ID, 100<<10, content[100<<10:]), content)
}
