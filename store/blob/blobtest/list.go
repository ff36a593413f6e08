package blobtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/store/blob"
)

// fill puts an empty blob, or little more, under each key, some at a time.
func fill(t *testing.T, s blob.Store, keys []string) {
	t.Helper()
	queue := make(chan string)
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for key := range queue {
				if _, err := s.Put(t.Context(), key, strings.NewReader(key), int64(len(key)), blob.PutOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, key := range keys {
		queue <- key
	}
	close(queue)
	workers.Wait()
}

func testList(t *testing.T, _ Backend, s blob.Store) {
	// A slash stands between the dash and the digits: what lies below "a" comes
	// after "a-b" and before "a0".
	want := []string{"a-b", "a.b/1", "a/1", "a/b-c", "a/b/1", "a/b/c/d", "a/b0", "a0", "b@c"}
	for n := range 1500 {
		want = append(want, fmt.Sprintf("many/%d/%04d", n/500, n))
	}
	fill(t, s, want)
	slices.Sort(want)
	for _, size := range []int{3, 700, 1000, 1500, 5000} {
		prefix, from := "", want
		if size < 100 { // few at a time only where there are few
			prefix, from = "a/", []string{"a/1", "a/b-c", "a/b/1", "a/b/c/d", "a/b0"}
		}
		var got []string
		for after, more := "", true; more; {
			page, err := s.List(t.Context(), prefix, after, size)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, keys(page)...)
			more = len(page) == size
			if len(page) > 0 {
				after = page[len(page)-1].Key
			}
		}
		if diff := cmp.Diff(from, got); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", size, diff)
		}
	}
	var all []string
	for info, err := range blob.All(t.Context(), s, "") {
		if err != nil || info.Size != int64(len(info.Key)) || info.ETag == "" || info.Modified.IsZero() {
			t.Fatal(info, err)
		}
		all = append(all, info.Key)
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	for _, c := range []struct{ prefix, after, want string }{
		{"", "a/b-", "a/b-c a/b/1"}, {"", "a/b", "a/b-c a/b/1"}, {"", "a/b/0", "a/b/1 a/b/c/d"}, {"", "a/b/z", "a/b0 a0"},
		{"a/b/", "", "a/b/1 a/b/c/d"}, {"a/b/", "a/b/1", "a/b/c/d"}, {"a/b/", "a/b0", ""}, {"a/b/", "A", "a/b/1 a/b/c/d"},
		{"", "a-bc", "a.b/1 a/1"}, {"a/", "a/b0c", ""}, // after which what it begins with does not come again
		{"many/2/", "many/2/1498", "many/2/1499"}, {"many/2/", "many/3", ""}, {"", "zzz", ""},
	} {
		page, err := s.List(t.Context(), c.prefix, c.after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(keys(page), " "); got != c.want {
			t.Errorf("two below %q after %q: %s, want %s", c.prefix, c.after, got, c.want)
		}
	}
	if err := s.DeletePrefix(t.Context(), "many/"); err != nil { // more than S3 deletes at once
		t.Fatal(err)
	}
	left, err := s.List(t.Context(), "", "", 100)
	if diff := cmp.Diff(want[:9], keys(left)); err != nil || diff != "" {
		t.Errorf("after the deletion (%v) (-want +got):\n%s", err, diff)
	}
}

func testDelete(t *testing.T, b Backend, s blob.Store) {
	fill(t, s, []string{"v/1/a", "v/1/b/c", "v/10/a", "v/1.a", "w"})
	for range 2 {
		if err := errors.Join(s.Delete(t.Context(), "w"), s.DeletePrefix(t.Context(), "v/1/")); err != nil {
			t.Fatal(err)
		}
		infos, err := s.List(t.Context(), "", "", 10)
		if diff := cmp.Diff([]string{"v/1.a", "v/10/a"}, keys(infos)); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	if err := s.DeletePrefix(t.Context(), "v/"); err != nil {
		t.Fatal(err)
	}
	clean(t, b, s, "v/1/a")
}
