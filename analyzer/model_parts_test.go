package analyzer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// entry is a task in the model's queue.
type entry struct {
	Due
	worker string
}

// shuffled is a queue without an order. What is put is there when the
// transaction has ended: see flaky.
type shuffled struct {
	put, waiting []Due
	taken        []entry
}

func (q *shuffled) Put(_ context.Context, _ store.Tx, tasks ...Due) error {
	q.put = append(q.put, tasks...)
	return nil
}

func (q *shuffled) Taken(context.Context) (taken []Taken, err error) {
	for _, e := range q.taken {
		taken = append(taken, Taken{Task: e.Task, Worker: e.worker})
	}
	return taken, nil
}

func (q *shuffled) Waiting(context.Context) (map[Class]Backlog, error) { return nil, nil }

func (q *shuffled) Work(context.Context, string, map[Class]int, func(context.Context, Task) error) error {
	return errors.New("the model hands out itself")
}

// done forgets a task that a worker had.
func (q *shuffled) done(e entry) {
	i := slices.Index(q.taken, e)
	q.taken = slices.Delete(q.taken, i, i+1)
}

// fault is what happens to a transaction.
type fault string

const (
	none     fault = "none"
	refused  fault = "refused"  // nothing was written
	answered fault = "answered" // all was written, and the answer got lost
)

// flaky is a database whose next transaction may have a fault.
type flaky struct {
	store.Store
	queue *shuffled
	next  fault
}

var errAway = models.Errorf(models.CodeDatabaseUnavailable, "the database is away")

func (s *flaky) Tx(ctx context.Context, f func(store.Tx) error) error {
	fault := s.next
	s.next = none
	if fault == refused {
		return errAway
	}
	err := s.Store.Tx(ctx, func(tx store.Tx) error {
		s.queue.put = nil
		return f(tx)
	})
	if err == nil {
		s.queue.waiting = append(s.queue.waiting, s.queue.put...)
		if fault == answered {
			err = errAway
		}
	}
	return err
}

// scripted is a stage that does what it is told next.
type scripted struct {
	spec  Spec
	files bool
	setup int // its settings
	next  error
}

func (s *scripted) Spec() Spec { return s.spec }

func (s *scripted) Params(job *Job) string { return fmt.Sprint(s.setup, job.Video.Language) }

func (s *scripted) Run(ctx context.Context, job *Job) (*Result, error) {
	if s.next != nil || !s.files {
		return &Result{}, s.next
	}
	result := &Result{Artifacts: []models.Artifact{{Kind: models.ArtifactCaptions, Path: "out"}}}
	switch s.spec.Name {
	case "speech":
		result.Cues = heard(s.setup)
	case "index":
		cues, err := job.Inputs.Cues(ctx, "")
		if err != nil {
			return nil, err
		}
		result.Search = []models.Posting{}
		for _, c := range cues {
			result.Search = append(result.Search, models.Posting{CueID: c.ID, Terms: text.Terms(c.Text)})
		}
	}
	return result, os.WriteFile(job.Path("out"), []byte(s.Params(job)), 0o600)
}

// memory keeps blobs, as far as the model needs them.
type memory struct {
	blob.Grower // nobody uploads here

	mu    sync.Mutex
	blobs map[string][]byte
}

var errNoBlob = models.Errorf(models.CodeNotFound, "there is no such blob")

func (*memory) Features() blob.Features { return blob.Features{} }
func (*memory) Close() error            { return nil }

func (m *memory) Put(_ context.Context, key string, r io.Reader, _ int64, _ blob.PutOptions) (blob.Info, error) {
	content, err := io.ReadAll(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs[key] = content
	return m.info(key), err
}

func (m *memory) info(key string) blob.Info {
	return blob.Info{Key: key, Size: int64(len(m.blobs[key]))}
}

func (m *memory) Stat(_ context.Context, key string) (blob.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.blobs[key]; !ok {
		return blob.Info{}, errNoBlob
	}
	return m.info(key), nil
}

func (m *memory) Open(ctx context.Context, key string, _, _ int64) (io.ReadCloser, blob.Info, error) {
	info, err := m.Stat(ctx, key)
	m.mu.Lock()
	defer m.mu.Unlock()
	return io.NopCloser(bytes.NewReader(m.blobs[key])), info, err
}

func (m *memory) Delete(ctx context.Context, key string) error { return m.DeletePrefix(ctx, key) }

func (m *memory) DeletePrefix(_ context.Context, prefix string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.blobs, func(key string, _ []byte) bool { return strings.HasPrefix(key, prefix) })
	return nil
}

func (m *memory) List(_ context.Context, prefix, after string, limit int) (infos []blob.Info, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(m.blobs)) {
		if strings.HasPrefix(key, prefix) && key > after && len(infos) < limit {
			infos = append(infos, m.info(key))
		}
	}
	return infos, nil
}

func (*memory) PresignGet(context.Context, string, time.Duration) (blob.Presigned, error) {
	return blob.Presigned{}, errors.ErrUnsupported
}

func (*memory) PresignPut(context.Context, string, time.Duration, blob.PutWant) (blob.Presigned, error) {
	return blob.Presigned{}, errors.ErrUnsupported
}

func (*memory) Sweep(context.Context, time.Duration, func(context.Context, string) (bool, error)) error {
	return nil
}
