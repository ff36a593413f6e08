package tus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/internal/config"
	"github.com/cuepoint/cuepoint/internal/ingest"
	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
	"github.com/cuepoint/cuepoint/store/blob/s3"
)

// standing is what GET answers.
type standing struct {
	State     string
	Offset    int
	Length    *int
	Video     string
	Duplicate bool
	Expires   string
	Error     *struct{ Reason, Detail string }
}

func (a answer) standing(t *testing.T) (s standing) {
	t.Helper()
	a.check(t, http.StatusOK, "", headers{"Content-Type": "application/json", "Cache-Control": "no-store"})
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHowAnUploadStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	get := func(path string) standing {
		t.Helper()
		a := b.ask(t, request{method: http.MethodGet, path: path, headers: headers{"Tus-Resumable": ""}})
		return a.standing(t)
	}
	if s := get(own(t, b)); s.State != "receiving" || s.Offset != 0 || s.Length == nil || *s.Length != size || s.Video != "" || s.Expires == "" || s.Error != nil {
		t.Errorf("one that was just created: %+v", s)
	}
	if s := get(deferred(t, b)); s.Length != nil {
		t.Errorf("one whose length is not known: %+v", s)
	}
	if s := get(done(t, b)); s.State != "done" || s.Offset != size || !strings.HasPrefix(s.Video, "videos/") || s.Expires != "" {
		t.Errorf("one that is done: %+v", s)
	}
	if s := get(canceled(t, b)); s.State != "canceled" {
		t.Errorf("one that was canceled: %+v", s)
	}
	if s := get(failed(t, b)); s.State != "failed" || s.Error == nil || s.Error.Reason != "CONTAINER_NOT_ALLOWED" || s.Error.Detail == "" {
		t.Errorf("one that has failed: %+v", s)
	}
	secret := fresh(t, b)
	b.change(t, secret, func(u *models.Upload) {
		u.State, u.Error = models.UploadFailed, models.Errorf(models.CodeInternal, "the cat sat on the disk")
	})
	if s := get(secret); s.Error == nil || s.Error.Detail != "internal error" {
		t.Errorf("one that has failed for a reason of ours: %+v", s)
	}
}

// TestWhatABrowserPutsIntoTheBucket has a page without a key put a file into a real
// bucket, say so, and wait until it is a video.
func TestWhatABrowserPutsIntoTheBucket(t *testing.T) {
	t.Parallel()
	bucket := testenv.NewMinIO(t)
	blobs, err := s3.Open(t.Context(), s3.Config{
		Endpoint: bucket.Endpoint(), Bucket: "uploads", PathStyle: true, Create: true, AccessKey: bucket.AccessKey, SecretKey: config.NewSecret(bucket.SecretKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := setupOver(t, blobs)
	ctx, stop := context.WithCancel(t.Context())
	var finishing sync.WaitGroup
	finishing.Go(func() {
		if err := b.Uploads.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); finishing.Wait() })
	for _, method := range []models.UploadMethod{models.UploadPut, models.UploadMultipart} {
		whole := content(size) + string(method)
		c := b.begin(t, ingest.New{Method: method, Length: int64(len(whole)), Delegated: true, Origin: page})
		path := pathOf(c)
		ask := func(method, more string) answer {
			t.Helper()
			a := b.ask(t, request{method: method, path: path + more, headers: headers{"Authorization": "", "Origin": page, "Sec-Fetch-Site": "cross-site"}})
			a.check(t, a.status, "", headers{"Access-Control-Allow-Origin": page})
			return a
		}
		if a := ask(http.MethodPost, "/complete"); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d before anything came", method, a.status)
		}
		ask(http.MethodHead, "").check(t, http.StatusUnprocessableEntity, models.CodeNotApplicable, nil)
		ask(http.MethodPatch, "").check(t, http.StatusUnprocessableEntity, models.CodeNotApplicable, nil)
		b.ask(t, request{method: http.MethodPost, path: path + "0/complete"}).check(t, http.StatusNotFound, models.CodeNotFound, nil)
		if s := ask(http.MethodGet, "").standing(t); s.State != "receiving" {
			t.Errorf("%s: it is %+v before anything came", method, s)
		}
		parts := c.Parts
		if c.Put != nil {
			parts = []blob.Part{{Presigned: *c.Put, Size: int64(len(whole))}}
		}
		for rest := []byte(whole); len(parts) > 0; parts = parts[1:] {
			put(t, parts[0].Presigned, rest[:parts[0].Size])
			rest = rest[parts[0].Size:]
		}
		if s := ask(http.MethodPost, "/complete").standing(t); s.State != "finishing" && s.State != "done" {
			t.Errorf("%s: it is %+v when all has come", method, s)
		}
		s := ask(http.MethodGet, "").standing(t)
		for late := time.Now().Add(20 * time.Second); s.State == "finishing" && time.Now().Before(late); s = ask(http.MethodGet, "").standing(t) {
			<-time.After(20 * time.Millisecond)
		}
		if s.State != "done" || !strings.HasPrefix(s.Video, "videos/") || s.Error != nil {
			t.Errorf("%s: it is %+v", method, s)
		}
		b.wantFile(t, path, whole)
		if again := ask(http.MethodPost, "/complete").standing(t); again != s && again.Video != s.Video {
			t.Errorf("%s: it is %+v when asked again", method, again)
		}
	}
	b.ask(t, request{method: http.MethodPost, path: own(t, b) + "/complete"}).check(t, http.StatusUnprocessableEntity, models.CodeNotApplicable, nil)
}

// put makes a presigned request, as a browser does.
func put(t *testing.T, to blob.Presigned, body []byte) {
	t.Helper()
	made, err := http.NewRequestWithContext(t.Context(), to.Method, to.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range to.Header {
		made.Header[name] = values
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(made)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}
