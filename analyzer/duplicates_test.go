package analyzer_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// twin adds a duplicate of a video, over the blob of that key.
func (b *bench) twin(t *testing.T, of, key string) *models.Video {
	t.Helper()
	v, err := b.lib.Video(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	v.ID, v.Blob, v.Duplicate, v.Created = models.NewID(), key, true, time.Now()
	if err := b.lib.CreateVideo(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *bench) blobOf(t *testing.T, id string) string {
	t.Helper()
	v, err := b.lib.Video(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v.Blob
}

func (b *bench) sweep(t *testing.T) {
	t.Helper()
	w := b.worker(t, "sweeper")
	if err := errors.Join(w.Expire(t.Context()), w.Sweep(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func TestASourceStaysUntilTheLastVideoOfItIsPurged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		b.control.KeepDeleted = time.Nanosecond
		for _, how := range []analyzer.Deletion{{Purge: true}, {}} {
			for _, order := range []string{"the first one first", "the duplicate first"} {
				first := b.add(t, analyzer.Options{})
				key := b.blobOf(t, first)
				ids := []string{first, b.twin(t, first, key).ID}
				if order == "the duplicate first" {
					slices.Reverse(ids)
				}
				for i, id := range ids {
					if err := b.control.Delete(t.Context(), workspace, id, how); err != nil {
						t.Fatal(err)
					}
					b.sweep(t)
					_, err := b.blobs.Stat(t.Context(), key)
					if gone := models.ErrorCode(err) == models.CodeNotFound; gone != (i == 1) {
						t.Errorf("%s, %+v: after %d of two the source is gone: %v, %v", order, how, i+1, gone, err)
					}
				}
			}
		}
		wantLeft(t, b, "blobs/sources/*", 0)
	})
}

// givingUp is a store that says who uses a source, and in which something happens
// before that is heard.
type givingUp struct {
	store.Store
	happen func()
}

func (g *givingUp) SourceInUse(ctx context.Context, key string) (bool, error) {
	used, err := g.Store.SourceInUse(ctx, key)
	if happen := g.happen; happen != nil {
		g.happen = nil
		happen()
	}
	return used, err
}

func TestASourceThatIsGivenUpWhileItIsLookedForIsRemoved(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		purge := func(id string) {
			if err := b.control.Delete(t.Context(), workspace, id, analyzer.Deletion{Purge: true}); err != nil {
				t.Error(err)
			}
		}
		first := b.add(t, analyzer.Options{})
		twin := b.twin(t, first, b.blobOf(t, first))
		purge(first)
		control := *b.control
		control.Store = &givingUp{b.db, func() { purge(twin.ID) }}
		w := b.worker(t, "one")
		w.Control = &control
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantLeft(t, b, "blobs/sources/*", 0)
	})
}

// addAtOnce adds the same file many times at once, and returns its one video.
func (b *bench) addAtOnce(t *testing.T) string {
	t.Helper()
	ids := make([]string, 5)
	var all sync.WaitGroup
	for i := range ids {
		path := wav(t, "talk.wav")
		all.Go(func() {
			v, err := b.intake.Add(t.Context(), workspace, path, analyzer.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = v.ID
		})
	}
	all.Wait()
	if one := slices.Compact(slices.Clone(ids)); len(one) != 1 {
		t.Errorf("the same bytes became %v", ids)
	}
	return ids[0]
}

func TestBytesThatComeAgainFindTheVideoThatIsNoDuplicate(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		remove := func(id string) {
			t.Helper()
			if err := b.control.Delete(t.Context(), workspace, id, analyzer.Deletion{}); err != nil {
				t.Fatal(err)
			}
		}
		first := b.addAtOnce(t)
		twin := b.twin(t, first, b.blobOf(t, first))
		if again := b.addAtOnce(t); again != first {
			t.Errorf("beside a duplicate they became %s, want %s", again, first)
		}
		remove(first)
		if again := b.addAtOnce(t); again != twin.ID {
			t.Errorf("where there is the duplicate alone they became %s, want %s", again, twin.ID)
		}
		remove(twin.ID)
		last := b.addAtOnce(t)
		if v, err := b.lib.Video(t.Context(), last); err != nil || last == first || last == twin.ID || v.Duplicate {
			t.Errorf("in the end they became %+v, %v", v, err)
		}
		if err := b.control.Undelete(t.Context(), workspace, twin.ID); err != nil {
			t.Error(err)
		}
		if err := b.control.Undelete(t.Context(), workspace, first); models.ErrorCode(err) != models.CodeAlreadyExists {
			t.Errorf("the first one comes back: %v", err)
		}
	})
}

func TestBytesThatComeAgainMendDuplicatesToo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.add(t, analyzer.Options{})
	shared, apart, sound := b.blobOf(t, first), "sources/apart", "sources/sound"
	put := func(key, text string) {
		t.Helper()
		if _, err := b.blobs.Put(t.Context(), key, strings.NewReader(text), -1, blob.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(wav(t, "talk.wav"))
	if err != nil {
		t.Fatal(err)
	}
	put(sound, string(whole))
	put(apart, "other bytes")
	twins := map[string]*models.Video{}
	for _, key := range []string{shared, apart, sound} {
		twins[key] = b.twin(t, first, key)
	}
	deleted := b.twin(t, first, shared)
	if err := b.control.Delete(t.Context(), workspace, deleted.ID, analyzer.Deletion{}); err != nil {
		t.Fatal(err)
	}
	if err := b.blobs.Delete(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	var answered []string
	ctx := analyzer.WithAnswer(t.Context(), func(_ context.Context, _ store.TxLibrary, id string) error {
		answered = append(answered, id)
		return nil
	})
	if _, err := b.intake.Add(ctx, workspace, wav(t, "talk.wav"), analyzer.Options{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(answered, []string{first}) {
		t.Errorf("answers were made for %v, want one for %s", answered, first)
	}
	again := b.blobOf(t, first)
	for key, want := range map[string]string{shared: again, apart: again, sound: sound} {
		if got := b.blobOf(t, twins[key].ID); got != want {
			t.Errorf("the duplicate over %s has %s now, want %s", key, got, want)
		}
	}
	b.sweep(t)
	for _, key := range []string{again, sound} {
		if kind, err := blob.CheckBlob(t.Context(), b.blobs, key, -1, twins[shared].SHA256, true); kind != "" || err != nil {
			t.Errorf("%s is %s, %v", key, kind, err)
		}
	}
	wantLeft(t, b, "blobs/sources/*", 3) // what is apart can be read for a while
}
