package tus_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/models"
)

// create begins an upload.
func (b *bundle) create(t testing.TB, more headers) string {
	t.Helper()
	a := b.ask(t, request{method: http.MethodPost, path: "/uploads", headers: more})
	if a.status != http.StatusCreated {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	return a.headers.Get("Location")
}

// patch sends bytes.
func (b *bundle) patch(t testing.TB, path string, offset int, bytes string, more headers) answer {
	t.Helper()
	all := headers{"Upload-Offset": strconv.Itoa(offset)}
	for name, value := range more {
		all[name] = value
	}
	return b.ask(t, request{method: http.MethodPatch, path: path, headers: all, body: bytes})
}

// The states in which a request may find an upload.

func fresh(t *testing.T, b *bundle) string {
	t.Helper()
	return b.create(t, headers{"Upload-Length": strconv.Itoa(size)})
}

func deferred(t *testing.T, b *bundle) string {
	t.Helper()
	return b.create(t, headers{"Upload-Defer-Length": "1"})
}

func begun(t *testing.T, b *bundle) string {
	t.Helper()
	path := fresh(t, b)
	b.patch(t, path, 0, content(size)[:half], nil).check(t, http.StatusNoContent, "", headers{"Upload-Offset": strconv.Itoa(half)})
	return path
}

func done(t *testing.T, b *bundle) string {
	t.Helper()
	path := fresh(t, b)
	b.patch(t, path, 0, content(size), nil).check(t, http.StatusNoContent, "", headers{"Cuepoint-Video": "*"})
	return path
}

func failed(t *testing.T, b *bundle) string {
	t.Helper()
	path := fresh(t, b)
	b.patch(t, path, 0, strings.Repeat("no media! ", size/10), nil).check(t, http.StatusUnsupportedMediaType, models.CodeContainerNotAllowed, nil)
	return path
}

func canceled(t *testing.T, b *bundle) string {
	t.Helper()
	path := begun(t, b)
	b.ask(t, request{method: http.MethodDelete, path: path}).check(t, http.StatusNoContent, "", nil)
	return path
}

func expired(t *testing.T, b *bundle) string {
	t.Helper()
	path := begun(t, b)
	b.change(t, path, func(u *models.Upload) { u.State = models.UploadExpired })
	return path
}

// overdue is one that has expired, which nobody has come to say.
func overdue(t *testing.T, b *bundle) string {
	t.Helper()
	path := begun(t, b)
	b.change(t, path, func(u *models.Upload) { u.Expires = time.Now().Add(-time.Second) })
	return path
}

// change makes an upload what it would become in time.
func (b *bundle) change(t *testing.T, path string, change func(*models.Upload)) {
	t.Helper()
	u, err := b.Store.In(models.DefaultWorkspace).TakeUpload(t.Context(), idOf(path))
	if err != nil {
		t.Fatal(err)
	}
	change(&u)
	if err := b.Store.In(models.DefaultWorkspace).SaveUpload(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

// idOf is the id in an upload's path.
func idOf(path string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(path, "/uploads/"), ".")
	return id
}

// delegate begins an upload for who has no key, and returns its path.
func (b *bundle) delegate(t testing.TB, change func(*ingest.New)) string {
	t.Helper()
	n := ingest.New{Method: models.UploadTus, Length: size, Delegated: true}
	if change != nil {
		change(&n)
	}
	return pathOf(b.begin(t, n))
}

// begin begins an upload.
func (b *bundle) begin(t testing.TB, n ingest.New) ingest.Created {
	t.Helper()
	c, err := b.Uploads.Create(t.Context(), models.DefaultWorkspace, n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pathOf is what a delegated upload is sent to.
func pathOf(c ingest.Created) string { return "/uploads/" + c.ID + "." + c.Secret.Reveal() }

// stands looks how far an upload is.
func stands(offset int) func(*testing.T, *bundle, string, answer) {
	return func(t *testing.T, b *bundle, path string, _ answer) {
		t.Helper()
		a := b.ask(t, request{method: http.MethodHead, path: path})
		a.check(t, http.StatusOK, "", headers{"Upload-Offset": strconv.Itoa(offset)})
	}
}

// number reads a header.
func (a answer) number(t testing.TB, name string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(a.headers.Get(name), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func itoa(n int) string { return strconv.Itoa(n) }

// chunked is a body of which nobody knows how long it is.
func chunked(body string) io.Reader { return io.MultiReader(strings.NewReader(body)) }

// wantFile compares what an upload has become.
func (b *bundle) wantFile(t testing.TB, path, want string) {
	t.Helper()
	u, err := b.Uploads.Find(t.Context(), idOf(path))
	if err != nil || u.State != models.UploadDone {
		t.Fatalf("%s: %v", u.State, err)
	}
	video, err := b.Store.In(u.Workspace).Video(t.Context(), u.VideoID)
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := b.Uploads.Blobs.Open(t.Context(), video.Blob, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := io.ReadAll(file); err != nil || string(got) != want {
		t.Errorf("the file is another: %d bytes, %v", len(got), err)
	}
}
