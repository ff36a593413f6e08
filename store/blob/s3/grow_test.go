package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func keep(blob.Growth) error { return nil }

func TestAServerThatStopsLosesNothingThatGrows(t *testing.T) {
	t.Parallel()
	m := testenv.NewMinIO(t)
	s := open(t, configFor(m))
	data := bytes.Repeat([]byte("0123456789abcdef"), (2*part+1000)/16)
	g, err := s.Grow(t.Context(), blob.Growth{Key: "a"}, bytes.NewReader(data[:part+500]), keep)
	if err != nil || g.Size != part+500 {
		t.Fatal(g.Size, err)
	}
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	after, err := s.Grow(t.Context(), g, bytes.NewReader(data[g.Size:]), keep)
	if diff := cmp.Diff(g, after); diff != "" || models.ErrorCode(err) != models.CodeStorageUnavailable {
		t.Errorf("%v (-before +after):\n%s", err, diff)
	}
	if _, err := s.Grow(t.Context(), blob.Growth{Key: "b"}, strings.NewReader("x"), keep); models.ErrorCode(err) != models.CodeStorageUnavailable {
		t.Errorf("a tail: %v", err)
	}
	_, err = s.Finish(t.Context(), g, g.Size, "")
	if models.ErrorCode(err) != models.CodeStorageUnavailable {
		t.Errorf("finish: %v", err)
	}
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if g, err = s.Grow(t.Context(), g, bytes.NewReader(data[g.Size:]), keep); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(t.Context(), g, int64(len(data)), ""); err != nil {
		t.Fatal(err)
	}
	body, _, err := s.Open(t.Context(), "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes that are not the %d that were sent, %v", len(got), len(data), err)
	}
}

func TestLargeUploadsHaveLargerParts(t *testing.T) {
	t.Parallel()
	s := open(t, configFor(server))
	for size, most := range map[int64]int{part: 1, part + 1: 2, 20 << 30: 1000, 1 << 40: 1000} {
		g, parts, err := s.PresignParts(t.Context(), "a", size, time.Minute)
		if err := errors.Join(err, s.Abandon(t.Context(), g)); err != nil {
			t.Fatal(err)
		}
		var all int64
		for i, p := range parts {
			all += p.Size
			if i < len(parts)-1 && (p.Size != parts[0].Size || p.Size < part || p.Size > 5<<30) {
				t.Fatalf("part %d of %d bytes has %d, the first %d", i+1, size, p.Size, parts[0].Size)
			}
		}
		if all != size || len(parts) > most {
			t.Errorf("%d parts of %d bytes for %d", len(parts), all, size)
		}
	}
}

// MinIO answers so where it removes an emptied directory just then.
func TestWhatIsMissedByAccidentIsNotGone(t *testing.T) {
	t.Parallel()
	s := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
	})
	_, grown := s.Grow(t.Context(), blob.Growth{Key: "a"}, strings.NewReader("x"), keep)
	_, finished := s.Finish(t.Context(), blob.Growth{Key: "a"}, 0, "")
	for what, err := range map[string]error{"grow": grown, "finish": finished} {
		if models.ErrorCode(err) != models.CodeStorageUnavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
}
