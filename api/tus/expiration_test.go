package tus_test

import (
	"net/http"
	"testing"
	"time"
)

// TestExpires looks at what says when an upload ends: a date as HTTP writes it,
// with each answer while there is anything to end.
func TestExpires(t *testing.T) {
	t.Parallel()
	b := setup(t)
	date := func(a answer) time.Time {
		t.Helper()
		at, err := time.Parse(http.TimeFormat, a.headers.Get("Upload-Expires"))
		if err != nil {
			t.Fatalf("status %d: %v", a.status, err)
		}
		return at
	}
	post := b.ask(t, request{method: http.MethodPost, path: "/uploads", headers: headers{"Upload-Length": "1000"}})
	path := post.headers.Get("Location")
	patch := b.patch(t, path, 0, content(size)[:half], nil)
	head := b.ask(t, request{method: http.MethodHead, path: path})
	for _, a := range []answer{post, patch, head} {
		if left := time.Until(date(a)); left < time.Minute {
			t.Errorf("ends in %v", left)
		}
	}
	if date(patch).Before(date(post)) || !date(head).Equal(date(patch)) {
		t.Errorf("POST says %v, PATCH %v, HEAD %v", date(post), date(patch), date(head))
	}
	b.patch(t, path, half, content(size)[half:], nil).check(t, http.StatusNoContent, "", headers{"Upload-Expires": ""})
}
