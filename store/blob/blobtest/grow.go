package blobtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// sender sends a blob in pieces as servers do: each piece goes on from what was
// saved last, which is in a database.
type sender struct {
	blob.Store
	data  []byte
	row   []byte // what was saved last
	saves int    // how many more saves work; negative for all
}

var errSave = errors.New("the database is away")

func newSender(s blob.Store, data []byte) *sender {
	return &sender{s, data, []byte(`{"key":"a/key"}`), -1}
}

func (s *sender) saved(t *testing.T) blob.Growth {
	t.Helper()
	var g blob.Growth
	if err := json.Unmarshal(s.row, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func (s *sender) save(g blob.Growth) (err error) {
	if s.saves == 0 {
		return errSave
	}
	s.saves--
	s.row, err = json.Marshal(g)
	return err
}

// send sends up to n bytes, and then what more holds.
func (s *sender) send(t *testing.T, n int64, more ...io.Reader) error {
	t.Helper()
	from := s.saved(t)
	n = min(n, int64(len(s.data))-from.Size)
	readers := append([]io.Reader{bytes.NewReader(s.data[from.Size:][:n])}, more...)
	got, err := s.Grow(t.Context(), from, iotest.HalfReader(io.MultiReader(readers...)), s.save)
	saved := s.saved(t)
	if diff := cmp.Diff(saved, got); diff != "" {
		t.Errorf("returned what was not saved (-saved +returned):\n%s", diff)
	}
	if !errors.Is(err, errSave) && saved.Size != from.Size+n {
		t.Errorf("%d bytes are kept of %d and %d more, %v", saved.Size, from.Size, n, err)
	}
	if infos, err := s.List(t.Context(), "", "", 10); err != nil || len(infos) > 0 {
		t.Errorf("seen before its end: %v, %v", infos, err)
	}
	return err
}

// finish makes the blob, and that again.
func (s *sender) finish(t *testing.T, b Backend) {
	t.Helper()
	for range 2 {
		info, err := s.Finish(t.Context(), s.saved(t), int64(len(s.data)), hash(s.data))
		if err != nil {
			t.Fatal(err)
		}
		if info.Key != "a/key" || info.Size != int64(len(s.data)) || info.SHA256 != hash(s.data) || info.ETag == "" {
			t.Errorf("finished %+v, of %d bytes with hash %s", info, len(s.data), hash(s.data))
		}
		if stat, err := s.Stat(t.Context(), "a/key"); err != nil || stat.ETag != info.ETag || stat.SHA256 != "" && stat.SHA256 != info.SHA256 {
			t.Errorf("stat %+v, %v, finished %+v", stat, err, info)
		}
	}
	holds(t, s, "a/key", s.data)
	if left := b.Unfinished(t, s.Store, "a/key"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// piece sends some bytes, and ends in one of the ways in which that can end.
func (s *sender) piece(t *testing.T, n int64, end string) {
	t.Helper()
	var err, want error
	switch end {
	case "broken":
		err, want = s.send(t, n, &failing{errReader}), errReader
	case "killed": // before or after the first save
		s.saves = int(n % 2)
		if err = s.send(t, n); err != nil {
			want = errSave
		}
		s.saves = -1
	default:
		err = s.send(t, n)
	}
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("a piece that was %s: %v", end, err)
	}
}

func testPieces(t *testing.T, b Backend, s blob.Store) {
	seed := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		seed++
		up := newSender(s, content(seed, rapid.Int64Range(1, 100_000).Draw(rt, "size")))
		for range rapid.IntRange(0, 3).Draw(rt, "pieces") {
			up.piece(t, rapid.Int64Range(0, 60_000).Draw(rt, "piece"), rapid.SampledFrom([]string{"ended", "broken", "killed"}).Draw(rt, "end"))
		}
		up.piece(t, int64(len(up.data)), "ended")
		up.finish(t, b)
		if err := s.Delete(t.Context(), "a/key"); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			rt.FailNow()
		}
	})
}

func testLargePieces(t *testing.T, b Backend, s blob.Store) {
	unit := max(b.Part, 3<<20)
	up := newSender(s, content(1, 4*unit+10))
	for _, n := range []struct {
		size int64
		end  string
	}{{unit - 1, "ended"}, {2, "broken"}, {2 * unit, "killed"}, {unit / 2, "broken"}, {unit + 1, "killed"}} {
		up.piece(t, n.size, n.end)
	}
	up.piece(t, int64(len(up.data)), "ended")
	up.finish(t, b)

	whole := newSender(s, content(2, unit)) // just a part
	if err := s.Delete(t.Context(), "a/key"); err != nil {
		t.Fatal(err)
	}
	whole.piece(t, unit, "ended")
	whole.finish(t, b)
}

func testGrowCanceled(t *testing.T, b Backend, s blob.Store) {
	up := newSender(s, content(1, b.Part+1000))
	ctx, cancel := context.WithCancel(t.Context())
	r := &blocking{data: bytes.NewReader(up.data), at: make(chan struct{}), released: ctx.Done()}
	done := make(chan error)
	go func() {
		_, err := s.Grow(ctx, up.saved(t), io.MultiReader(r, endless{}), up.save)
		done <- err
	}()
	<-r.at
	cancel()
	fails(t, "canceled", <-done, models.CodeCanceled)
	if g := up.saved(t); g.Size < int64(len(up.data)) {
		t.Errorf("%d bytes are kept of %d", g.Size, len(up.data))
	}
	_, err := s.Grow(ctx, up.saved(t), endless{}, up.save)
	fails(t, "begun after the end", err, models.CodeCanceled)
}

// endless holds zeros for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return min(len(p), 10), nil }

func testFinish(t *testing.T, b Backend, s blob.Store) {
	up := newSender(s, content(1, b.Part+1000))
	up.piece(t, b.Part+500, "ended")
	n := int64(len(up.data))
	for name, c := range map[string]struct {
		size int64
		sum  string
	}{"a part of it": {n, ""}, "another size": {n - 501, hash(up.data)}, "another hash": {n - 500, hash([]byte("others"))}} {
		_, err := s.Finish(t.Context(), up.saved(t), c.size, c.sum)
		fails(t, name, err, models.CodeChecksumMismatch)
	}
	_, err := s.Stat(t.Context(), "a/key")
	fails(t, "stat", err, models.CodeNotFound)
	up.piece(t, n, "ended")
	up.finish(t, b)
	if err := s.Abandon(t.Context(), up.saved(t)); err != nil {
		t.Error(err)
	}
	holds(t, s, "a/key", up.data)
}

func testFinishEmpty(t *testing.T, b Backend, s blob.Store) {
	up := newSender(s, nil)
	up.piece(t, 0, "ended")
	up.finish(t, b)
}

func testAbandon(t *testing.T, b Backend, s blob.Store) {
	for _, size := range []int64{1000, b.Part + 1000} {
		up := newSender(s, content(1, size))
		up.piece(t, size, "broken")
		if left := b.Unfinished(t, s, "a/key"); len(left) == 0 {
			t.Error("nothing has grown that the test sees")
		}
		for range 2 {
			if err := s.Abandon(t.Context(), up.saved(t)); err != nil {
				t.Error(err)
			}
		}
		clean(t, b, s, "a/key")
		_, err := s.Grow(t.Context(), up.saved(t), bytes.NewReader(up.data), up.save)
		fails(t, "grow", err, models.CodeNotFound)
		_, err = s.Finish(t.Context(), up.saved(t), size, "")
		fails(t, "finish", err, models.CodeNotFound)
	}
}

// testZombie has one writer that stands still while another takes its turn, and
// then goes on, with bytes that are not the right ones.
func testZombie(t *testing.T, b Backend, s blob.Store) {
	unit := max(b.Part, 1<<20)
	up := newSender(s, content(1, 6*unit))
	up.piece(t, unit/2, "ended")
	stale := up.saved(t)

	var turn sync.Mutex
	lost := false
	save := func(g blob.Growth) error {
		turn.Lock()
		defer turn.Unlock()
		if lost {
			return errSave
		}
		return up.save(g)
	}
	goOn := make(chan struct{})
	right := &blocking{data: bytes.NewReader(up.data[stale.Size:][:2*unit]), at: make(chan struct{}), released: goOn}
	zombie := make(chan error, 1)
	go func() {
		_, err := s.Grow(t.Context(), stale, io.MultiReader(right, bytes.NewReader(content(2, 2*unit))), save)
		zombie <- err
	}()
	<-right.at
	turn.Lock()
	lost = true
	turn.Unlock()

	from := up.saved(t)
	_, err := s.Grow(t.Context(), from, bytes.NewReader(up.data[from.Size:][:2*unit]), up.save)
	close(goOn)
	if err := <-zombie; !errors.Is(err, errSave) {
		t.Errorf("the zombie: %v", err)
	}
	if models.ErrorCode(err) == models.CodeConflict { // it had the file for itself until now
		err = up.send(t, 2*unit)
	}
	if err != nil {
		t.Fatal(err)
	}
	// It comes again, with what it knew.
	_, err = s.Grow(t.Context(), stale, bytes.NewReader(content(3, 2*unit)), save)
	if !errors.Is(err, errSave) && models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("the zombie again: %v", err)
	}
	up.piece(t, 6*unit, "ended")
	up.finish(t, b)
}

func testSweepGrowing(t *testing.T, b Backend, s blob.Store) {
	up := newSender(s, content(1, 2000))
	up.piece(t, 1000, "ended")
	var asked []string
	keep := func(kept bool, err error) func(context.Context, string) (bool, error) {
		return func(_ context.Context, key string) (bool, error) {
			asked = append(asked, key)
			return kept, err
		}
	}
	if err := errors.Join(s.Sweep(t.Context(), time.Hour, nil), s.Sweep(t.Context(), 0, keep(true, nil))); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context(), 0, keep(false, errSave)); !errors.Is(err, errSave) {
		t.Errorf("nobody knows whether to keep it: %v", err)
	}
	if diff := cmp.Diff([]string{"a/key", "a/key"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	up.piece(t, 1000, "ended")
	up.finish(t, b)

	up = newSender(s, content(2, 1000))
	if err := s.Delete(t.Context(), "a/key"); err != nil {
		t.Fatal(err)
	}
	up.piece(t, 1000, "ended")
	if err := s.Sweep(t.Context(), 0, keep(false, nil)); err != nil {
		t.Fatal(err)
	}
	clean(t, b, s, "a/key")
	_, err := s.Finish(t.Context(), up.saved(t), 1000, "")
	fails(t, "finish", err, models.CodeNotFound)
}

func testGrowKeys(t *testing.T, _ Backend, s blob.Store) {
	for _, key := range badKeys {
		g := blob.Growth{Key: key}
		_, err := s.Grow(t.Context(), g, bytes.NewReader([]byte("x")), func(blob.Growth) error { return nil })
		fails(t, "grow "+key, err, models.CodeInvalidArgument)
		_, err = s.Finish(t.Context(), g, 0, "")
		fails(t, "finish "+key, err, models.CodeInvalidArgument)
		fails(t, "abandon "+key, s.Abandon(t.Context(), g), models.CodeInvalidArgument)
	}
	_, err := s.Grow(t.Context(), blob.Growth{Key: "a", Size: 1, SHA256: []byte("x")}, bytes.NewReader(nil), func(blob.Growth) error { return nil })
	fails(t, "a state that is none", err, models.CodeInvalidArgument)
}
