package events

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPagesOfRareEventsMayBeEmptyWithMoreToCome(t *testing.T) {
	t.Parallel()
	source := newOutbox()
	source.record(slices.Repeat([]string{"b"}, 3*mostReads+1)...)
	source.record("a", "a", "b")
	f := New(source, slog.New(slog.DiscardHandler))
	f.page = 3
	var got []int
	cursor := int64(0)
	for more := true; more; {
		page, err := f.Page(t.Context(), cursor, Filter{VideoID: "a"}, 1)
		if err != nil || page.Cursor <= cursor && page.More {
			t.Fatalf("%+v after %d: %v", page, cursor, err)
		}
		got = append(got, len(page.Events))
		cursor, more = page.Cursor, page.More
	}
	if diff := cmp.Diff([]int{0, 1, 1, 0}, got); diff != "" || cursor != source.last {
		t.Errorf("events on pages up to %d of %d (-want +got):\n%s", cursor, source.last, diff)
	}
}

func TestWhoIsNotPatientIsToldThatThereIsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newOutbox()
		f := start(t, source, slog.New(slog.DiscardHandler))
		s := subscribe(t, f, Now, Filter{VideoID: "a"})
		synctest.Wait()
		source.record("b", "b")
		asked := time.Now()
		if e, some, err := s.NextWithin(t.Context(), 5*time.Second); some || err != nil || time.Since(asked) != 5*time.Second {
			t.Errorf("%+v, %t, %v after %v", e, some, err, time.Since(asked))
		}
		if after, at := s.Cursor(); after != 4 || at.Before(asked) {
			t.Errorf("at %d, %v", after, at)
		}
		source.record("a", "a")
		if e, some, err := s.NextWithin(t.Context(), 5*time.Second); e.Cursor != 6 || !some || err != nil {
			t.Errorf("%+v, %t, %v", e, some, err)
		}
		if after, _ := s.Cursor(); after < 6 || after >= 8 {
			t.Errorf("between two events: %d", after)
		}
	})
}
