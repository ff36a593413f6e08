package events

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// mostReads bounds how much of the source is read for one page.
const mostReads = 40

// Page is a part of the events that are kept.
type Page struct {
	Events []models.Event
	Cursor int64     // all matching events up to it are on this page or on those before
	At     time.Time // all after the cursor happened after that, or just before
	More   bool      // there may be more after it
}

// Page returns the first events after a cursor that match, at most limit. Where
// few do, a page may hold fewer, or none, with more to come. It needs no running
// feed.
func (f *Feed) Page(ctx context.Context, after int64, filter Filter, limit int) (Page, error) {
	page := Page{Cursor: after, At: time.Now()}
	for range mostReads {
		events, err := f.read(ctx, page.Cursor)
		if err != nil {
			return Page{}, err
		}
		for _, e := range events {
			if len(page.Events) == limit {
				page.More = true
				return page, nil
			}
			page.Cursor, page.At = e.Cursor, e.Time
			if filter.matches(e) {
				page.Events = append(page.Events, e)
			}
		}
		if len(events) < f.page {
			return page, nil
		}
	}
	page.More = true
	return page, nil
}
