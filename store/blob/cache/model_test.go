package cache_test

import (
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/models"
)

// held is a file in use, with what must be in it.
type held struct {
	path    string
	release func()
	fill    byte
	size    int
}

// TestAnyUseKeepsToTheRules puts, fetches, releases, deletes and reopens in any
// order, beside a model that knows what each key holds.
func TestAnyUseKeepsToTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := setup(t)
		sizes := map[byte]int{} // of the blobs that are there
		var inUse []held
		key := rapid.SampledFrom([]byte("abcde"))
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				fill, size := key.Draw(rt, "key"), rapid.IntRange(0, 150).Draw(rt, "size")
				b.put(t, fill, size)
				sizes[fill] = size
			},
			"delete": func(rt *rapid.T) {
				fill := key.Draw(rt, "key")
				delete(sizes, fill)
				if err := b.store.Delete(t.Context(), string(fill)); err != nil {
					rt.Fatal(err)
				}
			},
			"fetch": func(rt *rapid.T) {
				fill := key.Draw(rt, "key")
				path, release, err := b.cache.Fetch(t.Context(), string(fill))
				if size, ok := sizes[fill]; ok && err == nil {
					inUse = append(inUse, held{path, release, fill, size})
				} else if ok || models.ErrorCode(err) != models.CodeNotFound {
					rt.Fatalf("fetch %c: %v, there: %v", fill, err, ok)
				}
			},
			"release": func(rt *rapid.T) {
				if len(inUse) == 0 {
					rt.Skip("nothing in use")
				}
				at := rapid.IntRange(0, len(inUse)-1).Draw(rt, "which")
				inUse[at].release()
				inUse = append(inUse[:at], inUse[at+1:]...)
			},
			"reopen": func(rt *rapid.T) {
				for _, h := range inUse {
					h.release()
				}
				inUse = nil
				b.reopen(t, capacity)
			},
			"": func(rt *rapid.T) {
				for _, h := range inUse {
					b.holds(t, h.path, h.fill, h.size)
				}
				b.bounded(t, rt, len(inUse))
				if t.Failed() {
					rt.FailNow()
				}
			},
		})
		for _, h := range inUse {
			h.release()
		}
		b.bounded(t, rt, 0)
	})
}

// bounded fails the test if more is kept than may be, or more beside that than
// is in use.
func (b *bench) bounded(t *testing.T, rt *rapid.T, inUse int) {
	t.Helper()
	files, err := os.ReadDir(b.dir)
	if err != nil {
		rt.Fatal(err)
	}
	total := int64(0)
	for _, file := range files {
		if info, err := os.Stat(filepath.Join(b.dir, file.Name())); err == nil && len(file.Name()) == 64 {
			total += info.Size()
		}
	}
	if _, partial := b.count(t); total > capacity || partial > inUse {
		rt.Fatalf("%d bytes kept, %d files beside them, %d in use", total, partial, inUse)
	}
}
