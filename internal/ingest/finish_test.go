package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestAnUploadEndsAsOneVideo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		content := media(1, 7<<20) // more than a part
		up := b.create(len(content))
		at := 0
		for _, to := range []int{1000, 6 << 20, len(content)} {
			up = b.mustWrite(up.ID, at, content[at:to])
			b.restart()
			at = to
		}
		b.wantVideo(up, content)
		b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadReceived, models.EventUploadDone)
	})
}

// A process dies after any of its steps, with or without knowing that the last one
// was done; or it only fails to hear that. Whoever comes after it goes on, and the
// video is made once. Its client comes again only if it was not told that all came.
func TestNoStepIsLostOrDoneTwice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.config.Alone = true
		uploads := 0
		for steps := range 6 {
			for name, fault := range map[string]func(){
				"it dies":              func() { b.db.after(steps, true, false) },
				"it dies, not hearing": func() { b.db.after(steps, false, false) },
				"it does not hear":     func() { b.db.after(steps, false, true) },
			} {
				name = fmt.Sprintf("after %d steps %s", steps, name)
				uploads++
				b.blobs.when(nil)
				content := media(uint64(uploads), 100_000)
				up := b.create(len(content))
				fault()
				_, _ = b.write(up.ID, 0, content)
				b.db.after(-1, true, false)
				b.restart()
				stop := b.run()
				if b.get(up.ID).Offset < up.Length {
					stands, err := b.uploads.Stand(t.Context(), workspace, up.ID)
					if err == nil {
						_, err = b.write(up.ID, int(stands.Offset), content[stands.Offset:])
					}
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
				}
				up = b.until(up.ID, "done, "+name, func(up models.Upload) bool { return up.State == models.UploadDone })
				b.wantVideo(up, content)
				if up.Duplicate {
					t.Errorf("%s: it is a duplicate of itself", name)
				}
				b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadReceived, models.EventUploadDone)
				stop()
			}
		}
		if n := b.videos(); n != uploads {
			t.Errorf("%d videos of %d uploads", n, uploads)
		}
	})
}

// videos counts those of the workspace.
func (b *bench) videos() int {
	b.t.Helper()
	page, err := b.lib.Videos(b.t.Context(), store.VideoQuery{Size: 100})
	if err != nil {
		b.t.Fatal(err)
	}
	return len(page.Videos)
}

func TestWhatCannotBeFinishedNowIsFinishedLater(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"Finish", "Finished"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			content := media(1, 1000)
			up := b.create(len(content))
			failures := 3
			b.blobs.when(func(method string) error {
				if method != step || failures == 0 {
					return nil
				}
				failures--
				return models.Errorf(models.CodeStorageUnavailable, "the store is away")
			})
			got := b.mustWrite(up.ID, 0, content) // all bytes are there: that is no error of the client's
			if got.State != models.UploadFinishing || models.ErrorCode(got.Error) != models.CodeStorageUnavailable {
				t.Errorf("%+v", got)
			}
			b.run()
			up = b.until(up.ID, "done", func(up models.Upload) bool { return up.State == models.UploadDone })
			b.wantVideo(up, content)
			if up.Error != nil {
				t.Errorf("it still shows %v", up.Error)
			}
		})
	}
}

func TestWhatNobodyExpectedEndsAtLast(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.uploads.pace.retry = time.Millisecond / 10
	up := b.create(1000)
	b.blobs.when(func(method string) error {
		if method == "Finish" {
			return errors.New("a bug")
		}
		return nil
	})
	b.mustWrite(up.ID, 0, media(1, 1000))
	b.run()
	up = b.until(up.ID, "failed", func(up models.Upload) bool { return up.State == models.UploadFailed })
	wantCode(t, up.Error, models.CodeInternal)
	if strings.Contains(up.Error.Message, "bug") {
		t.Errorf("it tells %q", up.Error.Message)
	}
}

func TestTheSameBytesAreTheSameVideo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		content := media(1, 1000)
		send := func(v models.UploadVideo) models.Upload {
			t.Helper()
			up := b.createAs(New{Method: models.UploadTus, Filename: "again.mp4", Length: 1000, Video: v}).Upload
			return b.mustWrite(up.ID, 0, content)
		}
		first := send(models.UploadVideo{Title: "First", ExternalID: "one"})
		before := b.wantVideo(first, content)
		second := send(models.UploadVideo{Title: "Second", Labels: map[string]string{"a": "b"}})
		after := b.wantVideo(second, content)
		if !second.Duplicate || second.VideoID != first.VideoID || after.Revision != before.Revision || after.Title != "First" || len(after.Labels) != 0 {
			t.Errorf("upload %+v, video %+v", second, after)
		}
		if b.read(second.Key) != nil {
			t.Error("the bytes are kept twice")
		}
		third := send(models.UploadVideo{Title: "Third", AllowDuplicate: true})
		shared := b.wantVideo(third, content)
		if third.Duplicate || third.VideoID == first.VideoID || shared.Blob != before.Blob || !shared.Duplicate || shared.Title != "Third" || b.read(third.Key) != nil {
			t.Errorf("upload %+v, video %+v", third, shared)
		}
		if n := b.videos(); n != 2 {
			t.Errorf("%d videos", n)
		}
		used, err := b.lib.Usage(t.Context())
		if err != nil || used != 1000 {
			t.Errorf("%d bytes are used, error %v", used, err)
		}
	})
}

// Of several uploads of the same bytes that end at once, one makes the video.
func TestTheSameBytesAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		content := media(1, 1000)
		const many = 8
		ended := make(chan error, many)
		var ids []string
		for i := range many {
			up := b.createAs(New{Method: models.UploadTus, Length: 1000, Video: models.UploadVideo{AllowDuplicate: i%4 == 3}})
			ids = append(ids, up.ID)
		}
		for _, id := range ids {
			go func() {
				_, err := b.uploads.Write(context.Background(), workspace, id, 0, bytes.NewReader(content), Chunk{})
				ended <- err
			}()
		}
		for range many {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		b.run()
		blobs, makers := map[string]bool{}, 0
		for _, id := range ids {
			up := b.until(id, "done", func(up models.Upload) bool { return up.State == models.UploadDone })
			blobs[b.wantVideo(up, content).Blob] = true
			if !up.Duplicate {
				makers++
			}
		}
		if n := b.videos(); n != makers || n < 2 || n > 3 || len(blobs) != 1 {
			t.Errorf("%d videos of %d blobs, which %d uploads have made", n, len(blobs), makers)
		}
	})
}

func TestBytesThatAVideoHasLostComeBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 1000)
	up := b.create(1000)
	video := b.wantVideo(b.mustWrite(up.ID, 0, content), content)
	if err := b.blobs.Delete(t.Context(), video.Blob); err != nil {
		t.Fatal(err)
	}
	again := b.create(1000)
	again = b.mustWrite(again.ID, 0, content)
	if healed := b.wantVideo(again, content); !again.Duplicate || healed.ID != video.ID || healed.Blob != again.Key {
		t.Errorf("upload %+v, video %+v", again, healed)
	}
}

func TestAnExternalIDIsOneVideos(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 2 {
		up := b.createAs(New{Method: models.UploadTus, Length: 1000, Video: models.UploadVideo{ExternalID: "one"}}).Upload
		up, err := b.write(up.ID, 0, media(uint64(i), 1000))
		if i == 0 {
			b.wantVideo(up, media(0, 1000))
			continue
		}
		wantCode(t, err, models.CodeAlreadyExists)
		if up.State != models.UploadFailed || b.read(up.Key) != nil {
			t.Errorf("%+v", up)
		}
	}
}

// What a file is called is shown, and nothing else is made of it.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, tt := range []struct{ name, source, title string }{
		{"../../etc/passwd.mp4", "../../etc/passwd.mp4", "passwd"},
		{"..", "..", "Untitled"},
		{"", "", "Untitled"},
		{".mp4", ".mp4", "Untitled"},
		{"/", "/", "Untitled"},
		{`C:\Users\me\tides.mp4`, `C:\Users\me\tides.mp4`, "tides"},
		{"ti\x00de\ns.mp4", "ti\ufffdde\ufffds.mp4", "ti\ufffdde\ufffds"},
		{"photo\u202egnp.mp4", "photo\ufffdgnp.mp4", "photo\ufffdgnp"},
		{"\xff\xfe.mp4", "\ufffd.mp4", "\ufffd"},
		{"-rf $(touch x); `y` | z.mp4", "-rf $(touch x); `y` | z.mp4", "-rf $(touch x); `y` | z"},
		{"<script>alert(1)</script>.mp4", "<script>alert(1)</script>.mp4", "script>"},
		{strings.Repeat("é", 4000) + ".mp4", strings.Repeat("é", 2048), strings.Repeat("é", 512)},
	} {
		content := media(uint64(i), 1000)
		up := b.createAs(New{Method: models.UploadTus, Filename: tt.name, Length: 1000}).Upload
		video := b.wantVideo(b.mustWrite(up.ID, 0, content), content)
		if video.Source != tt.source || video.Title != tt.title || b.get(up.ID).Filename != tt.source {
			t.Errorf("%q: source %.80q, title %.80q", fmt.Sprintf("%.80s", tt.name), video.Source, video.Title)
		}
	}
}
