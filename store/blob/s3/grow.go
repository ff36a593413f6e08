package s3

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// growing is the prefix of objects that hold the tails of what grows. No key can
// name one: lists pass them over.
const growing = ".growing/"

// lingerTime is how long what was read may take to be stored after the end of
// the context.
const lingerTime = 5 * time.Second

// state is how far a blob has grown: [blob.Growth.State], as JSON. Its bytes are
// those of parts, all full, and then those of a tail, which is an object of its
// own: parts that are not the last may not be small, and have to be of one size
// where the store is R2.
//
// A writer may have lost its turn and not know it yet. It has then at most one
// part under way that it has not saved, which has the number Next of the state
// it saved last. So each begins at the number after, and saves that before it
// sends anything: no part that counts is ever written by two. For the same reason
// each tail has a name of its own.
type state struct {
	Part     int64    `json:"part"`                // size of the first parts, in bytes; see sizeOf
	Upload   string   `json:"upload,omitempty"`    // of the parts; empty before the first
	Next     int      `json:"next,omitempty"`      // number of the part to come
	Runs     [][2]int `json:"runs,omitempty"`      // the parts that count, as the first and last numbers of some in a row
	Tail     string   `json:"tail,omitempty"`      // name of the tail; empty for none
	TailSize int64    `json:"tail_size,omitempty"` // in bytes
	Others   bool     `json:"others,omitempty"`    // others put the parts: see PresignParts
}

// sizeOf is the size of the part of a number. It doubles every thousand, since
// nobody may know how much comes, and S3 takes 10,000.
func (st *state) sizeOf(number int) int64 {
	return min(st.Part<<((number-1)/1000), maxPart)
}

// with returns the state after its next part was sent.
func (st state) with(number int) state {
	st.Runs = slices.Clone(st.Runs)
	if last := len(st.Runs) - 1; last >= 0 && st.Runs[last][1] == number-1 {
		st.Runs[last][1] = number
	} else {
		st.Runs = append(st.Runs, [2]int{number, number})
	}
	st.Next, st.Tail, st.TailSize = number+1, "", 0
	return st
}

// in returns g with the state.
func (st state) in(g blob.Growth) (blob.Growth, error) {
	var err error
	g.State, err = json.Marshal(st)
	return g, err
}

// stateOf reads the state of a growth. INVALID_ARGUMENT where it is none.
func (s *Store) stateOf(g blob.Growth) (state, error) {
	st := state{Part: s.part}
	if len(g.State) == 0 && g.Size == 0 {
		return st, nil
	}
	if err := json.Unmarshal(g.State, &st); err != nil {
		return st, models.Errorf(models.CodeInvalidArgument, "what is known of %s is not enough to go on with it; send it again", g.Key).Because(err)
	}
	return st, nil
}

// Grow implements [blob.Grower]. It holds what it has read of a part in memory.
func (s *Store) Grow(ctx context.Context, g blob.Growth, r io.Reader, save func(blob.Growth) error) (blob.Growth, error) {
	if err := blob.CheckKey(g.Key); err != nil {
		return g, err
	}
	if err := ctx.Err(); err != nil {
		return g, err
	}
	tally, err := g.Tally()
	if err != nil {
		return g, err
	}
	st, err := s.stateOf(g)
	if err != nil {
		return g, err
	}
	if st.Others {
		return g, models.Errorf(models.CodeInvalidArgument, "%s is put in parts by presigned requests, and not otherwise", g.Key)
	}
	w := &growth{Store: s, saved: g, st: st, tally: tally, save: save}
	if err := w.run(ctx, r); err != nil {
		return w.saved, fmt.Errorf("grow %s: %w", g.Key, err)
	}
	return w.saved, nil
}

// growth is one call of Grow.
type growth struct {
	*Store
	saved blob.Growth // what was saved last
	st    state       // of saved
	tally *blob.Tally // of what was read
	save  func(blob.Growth) error
	begun bool // st.Next is ours
	held  held // what was read and is in no part
}

// run returns why no more was stored or saved, or else why no more was read.
func (w *growth) run(ctx context.Context, r io.Reader) error {
	sending, cancel := lingering(ctx)
	defer cancel()
	var err error
	if w.held, err = w.tail(sending, w.saved.Key, w.st); err != nil {
		return err
	}
	for {
		if w.number() > maxParts {
			return models.Errorf(models.CodeSourceTooLarge, "more than %d parts; store it in larger ones", maxParts)
		}
		size := w.st.sizeOf(w.number())
		ended := w.fill(ctx, r, size)
		if w.held.size == size {
			if err := w.sendPart(sending); err != nil {
				return err
			}
		}
		if ended == nil {
			continue
		}
		if err := w.sendTail(sending); err != nil || ended == io.EOF { //nolint:errorlint // io.EOF itself is the end; what wraps it is not
			return err
		}
		return ended
	}
}

// lingering returns a context that ends somewhat later than ctx.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(lingerTime, cancel) })
	return later, func() {
		stop()
		cancel()
	}
}

// fill reads until there is a part of a size. It returns why there is no more.
func (w *growth) fill(ctx context.Context, r io.Reader, size int64) error {
	for w.held.size < size {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := w.held.fill(r, size-w.held.size, &w.blocks)
		w.tally.Add(p)
		if err != nil {
			return err
		}
	}
	return nil
}

// number is that of the part to come.
func (w *growth) number() int {
	switch {
	case w.st.Upload == "":
		return 1
	case w.begun:
		return w.st.Next
	}
	return w.st.Next + 1
}

// sendPart makes a part of what was read.
func (w *growth) sendPart(ctx context.Context) error {
	number, st, key := w.number(), w.st, w.saved.Key
	if st.Upload == "" {
		var err error
		if st.Upload, err = w.core.NewMultipartUpload(ctx, w.bucket, w.prefix+key, minio.PutObjectOptions{}); err != nil {
			return explain(ctx, err)
		}
	} else if !w.begun {
		st.Next = number
		if err := w.commit(ctx, w.saved, st); err != nil {
			return err
		}
	}
	w.begun = true
	if _, err := w.putPart(ctx, key, st.Upload, number, w.held.reader()); err != nil {
		return gone(ctx, key, minio.NoSuchUpload, err) // and a request that failed may still be reading them
	}
	w.blocks.give(&w.held)
	return w.commit(ctx, w.saved.At(w.tally), st.with(number))
}

// sendTail stores what was read and is in no part.
func (w *growth) sendTail(ctx context.Context) error {
	if w.tally.Size == w.saved.Size {
		return nil
	}
	st := w.st
	st.Tail, st.TailSize = rand.Text(), w.held.size
	if _, err := w.put(ctx, tailKey(w.saved.Key)+st.Tail, w.held.reader(), minio.PutObjectOptions{}); err != nil {
		return missed(ctx, err)
	}
	w.blocks.give(&w.held)
	return w.commit(ctx, w.saved.At(w.tally), st)
}

// commit saves how far it is. Where that fails it may still have been saved, and
// what was stored for it stays, until a sweep.
func (w *growth) commit(ctx context.Context, g blob.Growth, st state) error {
	g, err := st.in(g)
	if err != nil {
		return err
	}
	if err := w.save(g); err != nil {
		return err
	}
	if old := w.st.Tail; old != "" && old != st.Tail {
		_ = w.core.RemoveObject(ctx, w.bucket, w.prefix+tailKey(g.Key)+old, minio.RemoveObjectOptions{}) // else a sweep does
	}
	w.saved, w.st = g, st
	return nil
}

// tailKey is what the tails of a key have before their names.
func tailKey(key string) string { return growing + key + "~" }

// tail returns the bytes of the tail. NOT_FOUND.
func (s *Store) tail(ctx context.Context, key string, st state) (tail held, err error) {
	if st.Tail == "" {
		return tail, nil
	}
	body, object, _, err := s.core.GetObject(ctx, s.bucket, s.prefix+tailKey(key)+st.Tail, minio.GetObjectOptions{})
	if err != nil {
		return tail, gone(ctx, key, minio.NoSuchKey, err)
	}
	defer body.Close()
	if object.Size != st.TailSize {
		return tail, errGone(key)
	}
	for tail.size < st.TailSize {
		if _, err := tail.fill(body, st.TailSize-tail.size, &s.blocks); err != nil && tail.size < st.TailSize {
			return tail, explain(ctx, err)
		}
	}
	return tail, nil
}

// source is bytes that can be read again.
type source interface {
	io.ReadSeeker
	Size() int64
}

// hash returns the SHA-256 of a source, in hex, and goes back to its beginning.
func hash(data source) (string, error) {
	sum := sha256.New()
	_, err := io.Copy(sum, data)
	if err == nil {
		_, err = data.Seek(0, io.SeekStart)
	}
	return hex.EncodeToString(sum.Sum(nil)), err
}

// put stores an object in one request.
func (s *Store) put(ctx context.Context, key string, data source, opt minio.PutObjectOptions) (etag string, err error) {
	opt.DisableContentSha256 = true // its body is signed by its hash, not in chunks
	sum, err := hash(data)
	if err != nil {
		return "", err
	}
	return settle(func() (minio.UploadInfo, error) {
		return s.core.PutObject(ctx, s.bucket, s.prefix+key, data, data.Size(), "", sum, opt)
	})
}

// putPart sends a part. It is hashed, so that the store refuses bytes that were
// damaged on the way.
func (s *Store) putPart(ctx context.Context, key, upload string, number int, data source) (minio.CompletePart, error) {
	sum, err := hash(data)
	if err != nil {
		return minio.CompletePart{}, err
	}
	part, err := s.core.PutObjectPart(ctx, s.bucket, s.prefix+key, upload, number, data, data.Size(),
		minio.PutObjectPartOptions{Sha256Hex: sum, DisableContentSha256: true})
	return minio.CompletePart{PartNumber: part.PartNumber, ETag: part.ETag}, err
}
