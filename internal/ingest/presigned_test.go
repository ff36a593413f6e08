package ingest

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// send is what a client does with a presigned request.
func (b *bench) send(p blob.Presigned, content []byte) int {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), p.Method, p.URL, bytes.NewReader(content))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header = p.Header.Clone()
	r.ContentLength = int64(len(content))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func (b *bench) complete(id string) models.Upload {
	b.t.Helper()
	up, err := b.uploads.Complete(b.t.Context(), workspace, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return up
}

func bucketBench(t *testing.T) *bench {
	t.Helper()
	return newBench(t, openSQLite, openBucket(t, ""))
}

func done(up models.Upload) bool { return up.State == models.UploadDone }

func TestAFileIsPutAtOnce(t *testing.T) {
	t.Parallel()
	for name, sum := range map[string]string{"of a hash that was announced": sha(media(1, 1000)), "of any hash": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bucketBench(t)
			content := media(1, 1000)
			c := b.createAs(New{Method: models.UploadPut, Filename: "tides.mp4", ContentType: "video/mp4", Length: 1000, SHA256: sum})
			_, err := b.uploads.Complete(t.Context(), workspace, c.ID)
			wantCode(t, err, models.CodeSourceUnavailable)
			if code := b.send(*c.Put, content[:999]); code < 400 {
				t.Errorf("other than as many bytes: %d", code)
			}
			if code := b.send(*c.Put, content); code != http.StatusOK {
				t.Fatalf("%d", code)
			}
			if up := b.complete(c.ID); up.State != models.UploadFinishing {
				t.Errorf("%+v", up)
			}
			b.run()
			up := b.until(c.ID, "done", done)
			b.wantVideo(up, content)
			// The request is still good, and changes nothing of the video.
			if code := b.send(*c.Put, media(2, 1000)); sum != "" && code < 400 {
				t.Errorf("other bytes than those of the hash: %d", code)
			}
			b.wantVideo(up, content)
			if again := b.complete(c.ID); again.VideoID != up.VideoID {
				t.Errorf("completed again: %+v", again)
			}
			b.wantEvents(c.ID, models.EventUploadCreated, models.EventUploadReceived, models.EventUploadDone)
		})
	}
}

func TestAFileIsPutInParts(t *testing.T) {
	t.Parallel()
	b := bucketBench(t)
	b.config.Limits.MaxSize = 20 << 20
	b.restart()
	content := media(1, 11<<20)
	c := b.createAs(New{Method: models.UploadMultipart, Length: int64(len(content)), SHA256: sha(content)})
	at := len(content)
	for i := len(c.Parts) - 1; i >= 0; i-- { // in any order
		_, err := b.uploads.Complete(t.Context(), workspace, c.ID)
		wantCode(t, err, models.CodeChecksumMismatch)
		part := c.Parts[i]
		at -= int(part.Size)
		if code := b.send(part.Presigned, content[at:at+int(part.Size)]); code != http.StatusOK {
			t.Fatalf("%d", code)
		}
	}
	b.complete(c.ID)
	b.run()
	b.wantVideo(b.until(c.ID, "done", done), content)
}

func TestWhatIsPutIsLookedAt(t *testing.T) {
	t.Parallel()
	playlist := bytes.Repeat([]byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), 10)
	for name, tt := range map[string]struct {
		method  models.UploadMethod
		content []byte
		sum     string
		code    models.Code
	}{
		"a playlist":             {models.UploadPut, playlist, "", models.CodeContainerNotAllowed},
		"a playlist of its hash": {models.UploadPut, playlist, sha(playlist), models.CodeContainerNotAllowed},
		"a playlist in parts":    {models.UploadMultipart, playlist, "", models.CodeContainerNotAllowed},
		"other bytes in parts":   {models.UploadMultipart, media(1, 1000), sha(media(2, 1000)), models.CodeChecksumMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := bucketBench(t)
			c := b.createAs(New{Method: tt.method, Length: int64(len(tt.content)), SHA256: tt.sum})
			request := c.Put
			if request == nil {
				request = &c.Parts[0].Presigned
			}
			if code := b.send(*request, tt.content); code != http.StatusOK {
				t.Fatalf("%d", code)
			}
			b.complete(c.ID)
			b.run()
			up := b.until(c.ID, "failed", func(up models.Upload) bool { return up.State == models.UploadFailed })
			wantCode(t, up.Error, tt.code)
			if b.videos() != 0 {
				t.Errorf("it became a video: %+v", up)
			}
			b.until(up.ID, "removed", func(up models.Upload) bool { return b.read(up.Key) == nil })
			_, err := b.uploads.Complete(t.Context(), workspace, c.ID)
			wantCode(t, err, models.CodeNotRunning)
		})
	}
}
