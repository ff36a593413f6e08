package cache_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob/cache"
)

func TestABlobIsCopiedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 10)
	for range 2 {
		path, release := b.fetch(t, 'a', 10)
		release()
		release() // once more is nothing
		b.holds(t, path, 'a', 10)
	}
	b.opens(t, 1)
	b.reopen(t, capacity)
	_, release := b.fetch(t, 'a', 10)
	release()
	b.opens(t, 0)
}

func TestTheLongestUnusedGoesFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, fill := range []byte("abcd") {
		b.put(t, fill, 40)
	}
	for _, fill := range []byte("aba") {
		_, release := b.fetch(t, fill, 40)
		release()
	}
	b.opens(t, 2)
	b.reopen(t, capacity) // which remembers
	_, release := b.fetch(t, 'c', 40)
	release()
	_, release = b.fetch(t, 'a', 40)
	b.opens(t, 1)
	b.want(t, 2, 0)
	_, again := b.fetch(t, 'd', 40) // c goes, a is in use
	release()
	again()
	_, release = b.fetch(t, 'a', 40)
	release()
	b.opens(t, 1)
	b.reopen(t, 50)
	b.want(t, 1, 0)
	_, release = b.fetch(t, 'a', 40)
	release()
	b.opens(t, 0)
}

func TestWhatDoesNotFitGoesThrough(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 1000)
	b.put(t, 'b', 60)
	b.put(t, 'c', 60)
	b.put(t, 'd', 0)
	_, releaseB := b.fetch(t, 'b', 60)
	var releases []func()
	for _, fill := range []byte("ac") { // larger than the cache; and beside what is in use
		size := map[byte]int{'a': 1000, 'c': 60}[fill]
		one, release := b.fetch(t, fill, size)
		two, again := b.fetch(t, fill, size)
		if one != two {
			t.Errorf("%c was copied twice", fill)
		}
		release()
		b.holds(t, two, fill, size)
		releases = append(releases, again)
	}
	b.want(t, 1, 2)
	b.opens(t, 3)
	for _, release := range append(releases, releaseB) {
		release()
	}
	b.want(t, 1, 0)
	_, release := b.fetch(t, 'd', 0)
	release()
	b.want(t, 2, 0)
}

func TestABlobThatIsReplacedOrDeletedIsNoLongerGiven(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 10)
	before, release := b.fetch(t, 'a', 10)
	b.put(t, 'a', 20)
	_, again := b.fetch(t, 'a', 20)
	b.holds(t, before, 'a', 10)
	release()
	again()
	if err := b.store.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.cache.Fetch(t.Context(), "a"); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("deleted: %v", err)
	}
}

func TestABlobThatIsReplacedBeforeItIsOpenedIsLookedForAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 10)
	b.store.open = func(context.Context) error {
		if b.store.opened.Load() == 1 {
			b.put(t, 'a', 30)
		}
		return nil
	}
	_, release := b.fetch(t, 'a', 30)
	release()
	b.want(t, 1, 0)
	b.opens(t, 2)
}

func TestWhatACrashLeftIsMended(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 60)
	_, release := b.fetch(t, 'a', 60)
	release()
	if err := b.cache.Close(); err != nil {
		t.Fatal(err)
	}
	b.cache = nil
	for _, name := range []string{"partial/half", "partial/other"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.reopen(t, capacity)
	b.want(t, 1, 0)
	_, release = b.fetch(t, 'a', 60)
	release()
	b.opens(t, 1)
}

func TestOneProcessHasTheDirectory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := cache.Open(b.store, b.dir, capacity); models.ErrorCode(err) != models.CodeDataInUse {
		t.Errorf("a second one: %v", err)
	}
	if err := b.cache.Close(); err != nil {
		t.Fatal(err)
	}
	b.put(t, 'a', 1)
	if _, _, err := b.cache.Fetch(t.Context(), "a"); err == nil {
		t.Error("fetched from a closed cache")
	}
	b.cache = nil
	b.reopen(t, capacity)
}

func TestFilesOfThisMachineAreNotCopied(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, 'a', 1000)
	dir := filepath.Join(t.TempDir(), "unused")
	c, err := cache.Open(b.files, dir, capacity)
	if err != nil {
		t.Fatal(err)
	}
	path, release, err := c.Fetch(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	release()
	b.holds(t, path, 'a', 1000)
	if _, err := os.Stat(dir); err == nil {
		t.Error("a directory was made for nothing")
	}
	if _, _, err := c.Fetch(t.Context(), "b"); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("what is not there: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
