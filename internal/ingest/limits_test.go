package ingest

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestAQuotaIsKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.config.Limits.Quota = 10_000
		b.restart()
		content := media(1, 6000)
		up := b.create(6000)
		for length, code := range map[int64]models.Code{4001: models.CodeQuotaExceeded, 20_000: models.CodeQuotaExceeded} {
			_, err := b.uploads.Create(t.Context(), workspace, New{Method: models.UploadTus, Length: length})
			wantCode(t, err, code)
		}
		if _, err := b.uploads.Create(t.Context(), "another", New{Method: models.UploadTus, Length: 4001}); err != nil {
			t.Errorf("in another workspace: %v", err)
		}
		b.wantVideo(b.mustWrite(up.ID, 0, content), content)
		up = b.create(4000)
		if _, err := b.uploads.Delete(t.Context(), workspace, up.ID); err != nil {
			t.Fatal(err)
		}
		up = b.create(4000)
		b.wantVideo(b.mustWrite(up.ID, 0, media(2, 4000)), media(2, 4000))
	})
}

func TestAQuotaIsKeptWhereNobodyKnowsTheLength(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.config.Limits.Quota = 10_000
	b.restart()
	content := media(1, 12_000)
	up := b.create(-1)
	length := int64(12_000)
	_, err := b.uploads.Write(t.Context(), workspace, up.ID, 0, bytes.NewReader(nil), Chunk{Length: &length})
	wantCode(t, err, models.CodeQuotaExceeded)
	if got := b.get(up.ID); got.Length != -1 {
		t.Errorf("its length is %d", got.Length)
	}
	got, err := b.write(up.ID, 0, content)
	wantCode(t, err, models.CodeQuotaExceeded)
	if got.State != models.UploadReceiving {
		t.Errorf("%+v", got)
	}
	_, err = b.write(up.ID, int(got.Offset), content[got.Offset:])
	wantCode(t, err, models.CodeQuotaExceeded)
	b.config.Limits.Quota = 20_000
	b.restart()
	got = b.get(up.ID)
	got, err = b.uploads.Write(t.Context(), workspace, up.ID, got.Offset, bytes.NewReader(content[got.Offset:]), Chunk{Length: &length})
	if err != nil {
		t.Fatal(err)
	}
	b.wantVideo(got, content)
}

func TestAFullDiskIsWaitedOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 1000)
	up := b.create(1000)
	b.mustWrite(up.ID, 0, content[:500])
	b.blobs.when(func(method string) error {
		if method == "Grow" {
			return models.StorageFull(nil)
		}
		return nil
	})
	got, err := b.write(up.ID, 500, content[500:])
	wantCode(t, err, models.CodeStorageFull)
	if got.State != models.UploadReceiving || got.Offset != 500 {
		t.Errorf("%+v", got)
	}
	b.blobs.when(nil)
	b.wantVideo(b.mustWrite(up.ID, 500, content[500:]), content)
}

func TestAnUploadExpires(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		b.config.Limits.Lifetime = time.Hour
		b.restart()
		up := b.create(1000)
		b.mustWrite(up.ID, 0, media(1, 500))
		slid := b.get(up.ID)
		if !slid.Expires.After(up.Expires) || slid.Expires.After(time.Now().Add(time.Hour)) {
			t.Errorf("%v after a byte has come, %v before", slid.Expires, up.Expires)
		}
		fixed := b.createAs(New{Method: models.UploadTus, Length: 1000, Delegated: true, Lifetime: time.Minute}).Upload
		b.mustWrite(fixed.ID, 0, media(1, 500))
		if got := b.get(fixed.ID); !got.Expires.Equal(fixed.Expires) {
			t.Errorf("%v after a byte has come, %v before", got.Expires, fixed.Expires)
		}
		b.age(up.ID)
		_, err := b.write(up.ID, 500, media(1, 1000)[500:])
		wantCode(t, err, models.CodeNotFound)
		_, err = b.uploads.Stand(t.Context(), workspace, up.ID)
		wantCode(t, err, models.CodeNotFound)
		b.run()
		up = b.until(up.ID, "expired", func(up models.Upload) bool { return up.State == models.UploadExpired })
		if up.Growth != nil {
			t.Errorf("%+v", up)
		}
		b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadExpired)
		if got := b.get(fixed.ID); got.State != models.UploadReceiving {
			t.Errorf("another is %s", got.State)
		}
	})
}

// age brings an upload's time to its end.
func (b *bench) age(id string) {
	b.t.Helper()
	up := b.get(id)
	up.Expires = time.Now().Add(-time.Second)
	if err := b.lib.SaveUpload(b.t.Context(), up); err != nil {
		b.t.Fatal(err)
	}
}

func TestExpiryStopsAWriter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	up := b.create(1000)
	b.mustWrite(up.ID, 0, media(1, 500))
	ended := b.begin(b.uploads, up.ID, 500, nil)
	b.age(up.ID)
	b.run()
	wantCode(t, <-ended, models.CodeConflict)
	b.until(up.ID, "expired", func(up models.Upload) bool { return up.State == models.UploadExpired })
}

func TestACanceledUploadIsGone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b *bench) {
		t.Helper()
		up := b.create(1000)
		b.mustWrite(up.ID, 0, media(1, 500))
		before := b.get(up.ID)
		var told string
		ctx := analyzer.WithAnswer(t.Context(), func(_ context.Context, _ store.TxLibrary, id string) error {
			told = id
			return nil
		})
		got, err := b.uploads.Delete(ctx, workspace, up.ID)
		if err != nil || got.State != models.UploadCanceled || told != up.ID {
			t.Errorf("%+v, %v, answer about %q", got, err, told)
		}
		_, err = b.write(up.ID, 500, media(1, 500))
		wantCode(t, err, models.CodeNotFound)
		_, err = b.uploads.Delete(t.Context(), workspace, up.ID)
		wantCode(t, err, models.CodeNotRunning)
		_, err = b.uploads.Delete(t.Context(), "another", up.ID)
		wantCode(t, err, models.CodeNotFound)
		g, err := growth(before)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.blobs.Finish(t.Context(), g, 500, "")
		wantCode(t, err, models.CodeNotFound) // its bytes
		b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadCanceled)
	})
}

func TestEndedUploadsAreForgottenAfterAMonth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, young := b.create(10), b.create(10)
	for _, up := range []models.Upload{old, young} {
		if _, err := b.uploads.Delete(t.Context(), workspace, up.ID); err != nil {
			t.Fatal(err)
		}
	}
	up := b.get(old.ID)
	up.Updated = time.Now().Add(-31 * 24 * time.Hour)
	if err := b.lib.SaveUpload(t.Context(), up); err != nil {
		t.Fatal(err)
	}
	stop := b.run()
	for {
		_, err := b.uploads.Get(t.Context(), workspace, old.ID)
		if models.ErrorCode(err) == models.CodeNotFound {
			break
		}
	}
	stop()
	b.get(young.ID)
}

func TestASecretIsForOneUpload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine := b.createAs(New{Method: models.UploadTus, Length: 10, Delegated: true})
	other := b.createAs(New{Method: models.UploadTus, Length: 10, Delegated: true})
	open := b.create(10)
	secret := mine.Secret.Reveal()
	if !strings.HasPrefix(secret, "us_") || len(secret) != 43 {
		t.Errorf("a secret of %d characters", len(secret))
	}
	for name, tt := range map[string]struct {
		up     models.Upload
		secret string
		want   bool
	}{
		"its own":          {mine.Upload, secret, true},
		"another's":        {other.Upload, secret, false},
		"none":             {mine.Upload, "", false},
		"what is kept":     {mine.Upload, mine.TokenHash, false},
		"where there's no": {open, secret, false},
		"none where no":    {open, "", false},
	} {
		if Permits(tt.up, tt.secret) != tt.want {
			t.Errorf("%s", name)
		}
	}
}

func TestNothingIsReadForAnUploadThatHasEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	up := b.create(10)
	if _, err := b.uploads.Delete(t.Context(), workspace, up.ID); err != nil {
		t.Fatal(err)
	}
	_, err := b.uploads.Write(t.Context(), workspace, up.ID, 0, neverRead{t}, Chunk{})
	wantCode(t, err, models.CodeNotFound)
}

type neverRead struct{ t *testing.T }

func (n neverRead) Read([]byte) (int, error) {
	n.t.Error("it was read")
	return 0, io.EOF
}
