package blobtest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// listed puts a tree with its list under a prefix and returns the list's hash.
func listed(t *testing.T, s blob.Store, prefix string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"master.m3u8": "#EXTM3U", "360p/1.m4s": "one", "360p/2.m4s": "two", "360p-b": "b", "360p.c": "c", "empty": ""} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	sum, err := blob.WriteSums(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := blob.PutTree(t.Context(), s, prefix, dir, nil); err != nil {
		t.Fatal(err)
	}
	return sum
}

func testSums(t *testing.T, _ Backend, s blob.Store) {
	const prefix = "videos/v1/package@r1/"
	sum := listed(t, s, prefix)
	listed(t, s, "videos/v1/package@r10/") // next to it, for nobody to mistake
	faults := func(sum string, deep bool, want ...blob.Fault) {
		t.Helper()
		got, err := blob.CheckTree(t.Context(), s, prefix, sum, deep)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("deep %v: %v (-want +got):\n%s", deep, err, diff)
		}
	}
	faults(sum, false)
	faults(sum, true)
	sums, err := blob.ReadSums(t.Context(), s, prefix, sum)
	if err != nil || len(sums) != 6 || sums[0] != (blob.Sum{Path: "360p-b", SHA256: hash([]byte("b"))}) || sums[2].Path != "360p/1.m4s" {
		t.Errorf("%v, %v", sums, err)
	}

	// Of what was done here, reading shows all and listing what it can.
	put(t, s, prefix+"360p/1.m4s", []byte("eno"))
	put(t, s, prefix+"360p/2.m4s", nil)
	put(t, s, prefix+"360p/3.m4s", []byte("three"))
	if err := errors.Join(s.Delete(t.Context(), prefix+"360p-b"), s.Delete(t.Context(), prefix+"master.m3u8")); err != nil {
		t.Fatal(err)
	}
	shown := []blob.Fault{
		{Key: prefix + "360p-b", Kind: blob.Missing}, {Key: prefix + "360p/2.m4s", Kind: blob.Damaged},
		{Key: prefix + "360p/3.m4s", Kind: blob.Unlisted}, {Key: prefix + "master.m3u8", Kind: blob.Missing},
	}
	faults(sum, false, shown...)
	faults(sum, true, append([]blob.Fault{shown[0], {Key: prefix + "360p/1.m4s", Kind: blob.Damaged}}, shown[1:]...)...)
	if _, err := blob.CheckTree(t.Context(), s, "videos", sum, true); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("half a name: %v", err)
	}

	// The list itself.
	for _, list := range []string{"", "nonsense", strings.Repeat("0", 64) + "  360p/1.m4s\n"} {
		put(t, s, prefix+blob.SumsName, []byte(list))
		faults(sum, false, blob.Fault{Key: prefix + blob.SumsName, Kind: blob.Damaged})
		_, err = blob.ReadSums(t.Context(), s, prefix, sum)
		fails(t, "another list", err, models.CodeChecksumMismatch)
	}
	if _, err = blob.ReadSums(t.Context(), s, prefix, hash([]byte("nonsense"))); err == nil {
		t.Error("no list was read as one")
	}
	if err := s.Delete(t.Context(), prefix+blob.SumsName); err != nil {
		t.Fatal(err)
	}
	faults(sum, true, blob.Fault{Key: prefix + blob.SumsName, Kind: blob.Missing})
	_, err = blob.ReadSums(t.Context(), s, prefix, sum)
	fails(t, "no list", err, models.CodeNotFound)
	if err := s.DeletePrefix(t.Context(), prefix); err != nil {
		t.Fatal(err)
	}
	faults("", true)
	put(t, s, prefix+"stray", []byte("x"))
	faults("", false, blob.Fault{Key: prefix + "stray", Kind: blob.Unlisted})
}
