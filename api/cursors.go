package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
)

// cursor is a place among the events of all workspaces. It grants nothing: who
// asks sees the events of its own workspace, whatever the cursor.
type cursor struct {
	after int64
	at    time.Time // all after it happened after that
}

// cursorVersion is the first byte of every cursor that is handed out.
const cursorVersion = 1

// expiry is the age from which on a cursor is refused. It leaves some time to
// machines whose clocks differ, before events are dropped.
const expiry = events.Keep - time.Hour

func (c cursor) String() string {
	b := binary.BigEndian.AppendUint64([]byte{cursorVersion}, uint64(c.after))
	b = binary.BigEndian.AppendUint64(b, uint64(c.at.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(b)
}

// readCursor reads a cursor that stands in a field; an empty one is now. Where
// events after it are kept no longer, or the library knows fewer events than
// the cursor does, having been restored from a copy, it is CURSOR_EXPIRED: going
// on would leave events out in silence.
func readCursor(ctx context.Context, feed *events.Feed, field, text string) (cursor, error) {
	last, err := feed.Last(ctx)
	if err != nil {
		return cursor{}, err
	}
	if text == "" {
		return cursor{last, time.Now()}, nil
	}
	c, err := parseCursor(text)
	switch {
	case err != nil:
		return cursor{}, invalid(field, "not one of ours; start again without it")
	case c.after > last || time.Since(c.at) > expiry:
		return cursor{}, models.Errorf(models.CodeCursorExpired,
			"events after this cursor may be kept no longer: read what you need anew, and start again without it")
	}
	return c, nil
}

// parseCursor reads what String wrote.
func parseCursor(text string) (cursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return cursor{}, err
	}
	if len(b) != 17 {
		return cursor{}, errors.New("another length")
	}
	c := cursor{int64(binary.BigEndian.Uint64(b[1:])), time.UnixMilli(int64(binary.BigEndian.Uint64(b[9:])))}
	if c.after < 0 || c.String() != text {
		return cursor{}, errors.New("another form")
	}
	return c, nil
}

// cursorAfter is the cursor of an event.
func cursorAfter(e models.Event) string { return cursor{e.Cursor, e.Time}.String() }

// placeOf is the cursor that a subscription has come to.
func placeOf(s *events.Subscription) string {
	after, at := s.Cursor()
	return cursor{after, at}.String()
}
