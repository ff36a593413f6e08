package app

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/models"
)

// tree makes a data directory of files, whose text is their path, and of empty
// directories, whose names end with a slash.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	data := t.TempDir()
	for _, name := range names {
		at := filepath.Join(data, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if name[len(name)-1] == '/' {
			err = os.MkdirAll(at, 0o700)
		} else {
			err = os.WriteFile(at, []byte(name), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return data
}

// filesOf lists what is in a data directory.
func filesOf(t *testing.T, data string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(data), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestFilesOfEarlierVersionsMove(t *testing.T) {
	t.Parallel()
	const source, video = "sources/aa/aabb", "videos/v1/package@r1/360p/init.mp4"
	moved := []string{"blobs/" + source, "blobs/" + video, "cuepoint.db"}
	tests := []struct {
		name   string
		before []string
		after  []string
		code   models.Code
	}{
		{"a new library", []string{"cuepoint.db"}, []string{"cuepoint.db"}, ""},
		{"nothing at all", nil, nil, ""},
		{"an old library", []string{source, video, "cuepoint.db"}, moved, ""},
		{"killed between the two", []string{"blobs/" + source, video, "cuepoint.db"}, moved, ""},
		{"moved before", moved, moved, ""},
		{"empty directories of an old library", []string{"sources/", "videos/", "blobs/" + source}, []string{"blobs/" + source}, ""},
		{"an empty directory where they go", []string{source, "blobs/sources/"}, []string{"blobs/" + source}, ""},
		{"an earlier version came again", []string{source, "blobs/sources/bb/bbcc"}, []string{"blobs/sources/bb/bbcc", source}, models.CodeAlreadyExists},
		{"a file where the directory was", []string{"videos"}, []string{"videos"}, models.CodeInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := tree(t, tt.before...)
			for range 2 {
				if err := adoptOldLayout(data); code(err) != tt.code {
					t.Errorf("error %v, want %q", err, tt.code)
				}
				if diff := cmp.Diff(tt.after, filesOf(t, data)); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestALinkToOtherFilesIsNotMoved(t *testing.T) {
	t.Parallel()
	elsewhere, data := tree(t, "v1/package@r1/a"), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(data, "videos")); err != nil {
		t.Fatal(err)
	}
	if err := adoptOldLayout(data); code(err) != models.CodeInvalidArgument {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(data, "videos", "v1", "package@r1", "a")); err != nil {
		t.Error(err)
	}
}

// code is an error's code, empty for none.
func code(err error) models.Code {
	if err == nil {
		return ""
	}
	return models.ErrorCode(err)
}
