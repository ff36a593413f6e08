package s3_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/cuepoint/cuepoint/models"
)

func TestObjectsOfOthersHaveAnyNames(t *testing.T) {
	t.Parallel()
	cfg := configFor(server)
	s, others := open(t, cfg), client(t)
	names := []string{"Mein Urlaub (1).mp4", "a/b+c & d%20.mp4", "dir/.hidden", "ümlaut/片.mkv"}
	for _, name := range append(names, "../elsewhere.mp4") {
		at := cfg.Prefix + name
		if name == "../elsewhere.mp4" {
			at = "some/elsewhere.mp4"
		}
		if _, err := others.Client.PutObject(t.Context(), cfg.Bucket, at, strings.NewReader(name), int64(len(name)), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	objects := s.Objects()
	var found []string
	for after := ""; ; {
		page, err := objects.List(t.Context(), after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, info := range page {
			found = append(found, info.Key)
			if info.Size != int64(len(info.Key)) || info.ETag == "" {
				t.Errorf("listed %+v", info)
			}
		}
		after = page[len(page)-1].Key
	}
	if !slices.Equal(found, names) {
		t.Errorf("found %q, want %q", found, names)
	}
	for _, name := range names {
		body, info, err := objects.Open(t.Context(), name, 2)
		if err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(body)
		body.Close()
		stat, failed := objects.Stat(t.Context(), name)
		if err != nil || failed != nil || string(rest) != name[2:] || info.ETag != stat.ETag || info.Size != stat.Size {
			t.Errorf("%s: %q, %+v, %+v, %v, %v", name, rest, info, stat, err, failed)
		}
	}
	if _, err := objects.Stat(t.Context(), "none.mp4"); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("error %v, want NOT_FOUND", err)
	}
}
