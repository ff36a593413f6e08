package ingest

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestAnUploadBecomesAVideo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 300<<10)
	up := b.create(len(content))
	for at := 0; at < len(content); at += 100 << 10 {
		up = b.mustWrite(up.ID, at, content[at:min(len(content), at+100<<10)])
	}
	video := b.wantVideo(up, content)
	if video.Title != "tides" || video.Source != "tides.mp4" || video.State != models.VideoQueued || video.Blob != up.Key {
		t.Errorf("video %+v", video)
	}
	b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadReceived, models.EventUploadDone)
	again, err := b.write(up.ID, len(content), nil) // whose answer was lost
	if err != nil || again.VideoID != up.VideoID {
		t.Errorf("the last request again: %+v, %v", again, err)
	}
	_, err = b.write(up.ID, 0, content)
	wantCode(t, err, models.CodeConflict)
}

func TestWhatWasReadIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 200<<10)
	up := b.create(len(content))
	broken := errors.New("the network is gone")
	body := io.MultiReader(bytes.NewReader(content[:150<<10]), iotest.ErrReader(broken))
	got, err := b.uploads.Write(t.Context(), workspace, up.ID, 0, body, Chunk{})
	if !errors.Is(err, broken) || got.Offset != 150<<10 {
		t.Errorf("%d bytes, error %v", got.Offset, err)
	}
	b.restart()
	stands, err := b.uploads.Stand(t.Context(), workspace, up.ID)
	if err != nil || stands.Offset != got.Offset {
		t.Errorf("stands at %d, error %v", stands.Offset, err)
	}
	b.wantVideo(b.mustWrite(up.ID, 150<<10, content[150<<10:]), content)
}

func TestAnOffsetMustBeRight(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 1000)
	up := b.create(len(content))
	b.mustWrite(up.ID, 0, content[:500])
	for _, offset := range []int{0, 499, 501, 1000} {
		got, err := b.write(up.ID, offset, content[500:])
		wantCode(t, err, models.CodeConflict)
		if got.Offset != 500 {
			t.Errorf("at %d: %+v", offset, got)
		}
	}
	b.wantVideo(b.mustWrite(up.ID, 500, content[500:]), content)
}

func TestMoreThanThereIsRoomFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 1000)
	up := b.create(len(content))
	_, err := b.uploads.Write(t.Context(), workspace, up.ID, 0, bytes.NewReader(media(1, 1001)), Chunk{Size: 1001})
	wantCode(t, err, models.CodeSourceTooLarge)
	if got := b.get(up.ID); got.Offset != 0 || got.State != models.UploadReceiving {
		t.Errorf("after too many were announced: %+v", got)
	}
	b.wantVideo(b.mustWrite(up.ID, 0, append(content, "and more"...)), content) // nobody knew how many come
}

func TestALengthMayComeLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 1000)
	length := func(n int64) Chunk { return Chunk{Length: &n} }
	write := func(id string, offset int64, content []byte, c Chunk) (models.Upload, error) {
		return b.uploads.Write(t.Context(), workspace, id, offset, bytes.NewReader(content), c)
	}

	up := b.create(-1)
	b.mustWrite(up.ID, 0, content[:600])
	for n, code := range map[int64]models.Code{
		599: models.CodeInvalidArgument, -1: "", -2: models.CodeInvalidArgument, 8<<20 + 1: models.CodeSourceTooLarge,
	} {
		_, err := write(up.ID, 600, nil, length(n))
		wantCode(t, err, code)
	}
	if _, err := write(up.ID, 600, content[600:700], length(1000)); err != nil {
		t.Fatal(err)
	}
	_, err := write(up.ID, 700, nil, length(1001))
	wantCode(t, err, models.CodeInvalidArgument)
	up, err = write(up.ID, 700, content[700:], length(1000))
	if err != nil {
		t.Fatal(err)
	}
	b.wantVideo(up, content)

	other := media(2, 500)
	up = b.create(-1)
	b.mustWrite(up.ID, 0, other)
	if up, err = write(up.ID, 500, nil, length(500)); err != nil { // all are there already
		t.Fatal(err)
	}
	b.wantVideo(up, other)

	up = b.create(-1)
	_, err = write(up.ID, 0, nil, length(0))
	wantCode(t, err, models.CodeEmptyFile)
	up, err = write(up.ID, 0, media(3, 8<<20+1), Chunk{})
	wantCode(t, err, models.CodeSourceTooLarge)
	if up.State != models.UploadFailed || b.get(up.ID).State != models.UploadFailed {
		t.Errorf("larger than anything may be: %+v", up)
	}
	b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadFailed)
}

func TestBytesWithAChecksumCountAsAWhole(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"in memory": 1000, "on disk": 3 << 20, "of the size that is held in memory": inMemory} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			content := media(1, size)
			right := sha1.Sum(content)
			up := b.create(size)
			write := func(content io.Reader, c Checksum) (models.Upload, error) {
				return b.uploads.Write(t.Context(), workspace, up.ID, 0, content, Chunk{Checksum: &c})
			}
			for _, tt := range []struct {
				content io.Reader
				sum     Checksum
				code    models.Code
			}{
				{bytes.NewReader(content), Checksum{"sha1", []byte("wrong")}, models.CodeChecksumMismatch},
				{bytes.NewReader(content[:size-1]), Checksum{"sha1", right[:]}, models.CodeChecksumMismatch},
				{bytes.NewReader(content), Checksum{"sha0", right[:]}, models.CodeInvalidArgument},
				{io.MultiReader(bytes.NewReader(content), strings.NewReader("!")), Checksum{"sha1", right[:]}, models.CodeSourceTooLarge},
				{io.MultiReader(bytes.NewReader(content), iotest.ErrReader(errors.New("gone"))), Checksum{"sha1", right[:]}, models.CodeInternal},
			} {
				got, err := write(tt.content, tt.sum)
				wantCode(t, err, tt.code)
				if got.Offset != 0 || b.get(up.ID).Offset != 0 {
					t.Errorf("%s: some bytes count", tt.code)
				}
			}
			got, err := write(bytes.NewReader(content), Checksum{"sha1", right[:]})
			if err != nil {
				t.Fatal(err)
			}
			b.wantVideo(got, content)
		})
	}
}

func TestWhatIsNoVideoEndsAtItsBeginning(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"a playlist":              "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
		"a relative ffconcat":     "ffconcat version 1.0\nfile secret.mp4\n",
		"a page":                  "<html><script>alert(1)</script></html>",
		"an archive":              "PK\x03\x04" + strings.Repeat("x", 100),
		"a long text":             strings.Repeat("text and more text\n", 20_000),
		"a picture that is a MOV": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + strings.Repeat("\x00", 100),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			up := b.createAs(New{Method: models.UploadTus, Filename: "holiday.mp4", ContentType: "video/mp4", Length: int64(len(content))}).Upload
			b.blobs.when(func(method string) error {
				t.Errorf("%s was called", method)
				return nil
			})
			got, err := b.write(up.ID, 0, []byte(content))
			wantCode(t, err, models.CodeContainerNotAllowed)
			if got.State != models.UploadFailed || models.ErrorCode(b.get(up.ID).Error) != models.CodeContainerNotAllowed {
				t.Errorf("%+v", got)
			}
			_, err = b.write(up.ID, 0, []byte(content))
			wantCode(t, err, models.CodeContainerNotAllowed)
			b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadFailed)
		})
	}
}

// A first piece that is too short to tell, or hides what follows, does not get
// anything past the look at the whole.
func TestWhatIsNoVideoEndsAtLast(t *testing.T) {
	t.Parallel()
	playlist := []byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n")
	for name, length := range map[string]int64{"of known length": int64(len(playlist)), "of unknown length": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			up := b.createAs(New{Method: models.UploadTus, Length: length}).Upload
			for i := range playlist[:len(playlist)-1] {
				b.mustWrite(up.ID, i, playlist[i:i+1])
			}
			last, whole := len(playlist)-1, int64(len(playlist))
			got, err := b.uploads.Write(t.Context(), workspace, up.ID, int64(last), bytes.NewReader(playlist[last:]), Chunk{Length: &whole})
			wantCode(t, err, models.CodeContainerNotAllowed)
			if got.State != models.UploadFailed || got.VideoID != "" {
				t.Errorf("%+v", got)
			}
			b.wantEvents(up.ID, models.EventUploadCreated, models.EventUploadReceived, models.EventUploadFailed)
			page, err := b.lib.Uploads(t.Context(), store.UploadQuery{})
			if err != nil || len(page.Uploads) != 1 {
				t.Errorf("%+v, %v", page, err)
			}
		})
	}
}

func TestAHashThatWasAnnouncedIsHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := media(1, 1000)
	up := b.createAs(New{Method: models.UploadTus, Length: 1000, SHA256: strings.ToUpper(sha(media(2, 1000)))}).Upload
	got, err := b.write(up.ID, 0, content)
	wantCode(t, err, models.CodeChecksumMismatch)
	if got.State != models.UploadFailed {
		t.Errorf("%+v", got)
	}
	up = b.createAs(New{Method: models.UploadTus, Length: 1000, SHA256: sha(content)}).Upload
	b.wantVideo(b.mustWrite(up.ID, 0, content), content)
}
