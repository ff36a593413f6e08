package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
)

// noise is what passes for a video of so many bytes, and its hash.
func noise(size int) (content, sum string) {
	bytes := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{5}).Read(bytes) // which never fails
	copy(bytes, "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")
	hash := sha256.Sum256(bytes)
	return string(bytes), hex.EncodeToString(hash[:])
}

// wantInterrupted sends an upload for which there is no room, which is to say why,
// and be as far as it is: it returns how far.
func (v visitor) wantInterrupted(name, content string, status int, code models.Code) (offset int) {
	v.t.Helper()
	// Pieces that are sent before their answer comes, so that none of those is lost.
	got, text := http.StatusNoContent, ""
	for got == http.StatusNoContent && offset < len(content) {
		offset = v.offset(name)
		got, text = v.write(name, offset, content[offset:min(len(content), offset+1<<20)])
	}
	if got != status || !strings.Contains(text, `"reason":"`+string(code)+`"`) {
		v.t.Errorf("status %d\n%s", got, text)
	}
	var list struct{ Uploads []arrival }
	v.get("uploads?states=STATE_RECEIVING", &list)
	for _, a := range append(list.Uploads, v.find(name)) {
		if a.Name == name && (a.State != "STATE_RECEIVING" || a.reason() != string(code)) {
			v.t.Errorf("the API tells %+v", a)
		}
	}
	return v.offset(name)
}

// offset is how far an upload is.
func (v visitor) offset(name string) int {
	v.t.Helper()
	status, headers, _ := v.ask(http.MethodHead, "/"+name, nil, "")
	offset, err := strconv.Atoi(headers.Get("Upload-Offset"))
	if status != http.StatusOK || err != nil {
		v.t.Fatalf("%s: status %d, %v", name, status, err)
	}
	return offset
}

// wantFinished sends what is missing of an upload.
func (v visitor) wantFinished(name, content, sum string) {
	v.t.Helper()
	offset := v.offset(name)
	if status, text := v.write(name, offset, content[offset:]); status != http.StatusNoContent {
		v.t.Errorf("status %d\n%s", status, text)
	}
	if a := v.ended(name); a.State != "STATE_DONE" || a.SHA256 != sum || a.Error != nil {
		v.t.Errorf("%+v", a)
	}
}

// TestAnUploadOutlivesAFullDisk fills the disk while a file comes.
func TestAnUploadOutlivesAFullDisk(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	err := unix.Mount("tmpfs", data, "tmpfs", 0, "size=32m")
	testenv.Require(t, "the right to mount a small disk", err == nil)
	t.Cleanup(func() {
		if err := unix.Unmount(data, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	_, server := startServer(t, data, "--light=0", "--cpu=0", "--heavy=0")
	v := visitor{t, server}
	content, sum := noise(20 << 20)
	name, other := v.open(len(content)), v.open(1)
	filler := filepath.Join(data, "filler")
	if err := os.WriteFile(filler, make([]byte, 20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	offset := v.wantInterrupted(name, content, http.StatusInsufficientStorage, models.CodeStorageFull)
	if offset == 0 || offset >= len(content) {
		t.Errorf("%d bytes are kept", offset)
	}
	if again := v.wantInterrupted(name, content, http.StatusInsufficientStorage, models.CodeStorageFull); again < offset {
		t.Errorf("%d bytes were kept, and then %d", offset, again)
	}
	if status, _, text := v.ask(http.MethodDelete, "/"+other, nil, ""); status != http.StatusNoContent {
		t.Errorf("another cannot even be canceled: status %d\n%s", status, text)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	v.wantFinished(name, content, sum)
}

// TestAnUploadOutlivesAQuota has a file come whose size nobody knew, and more of it
// than the workspace may use.
func TestAnUploadOutlivesAQuota(t *testing.T) {
	t.Parallel()
	_, server := startServer(t, t.TempDir(), "--light=0", "--cpu=0", "--heavy=0", "--quota=6MiB")
	v := visitor{t, server}
	other := v.open(2 << 20)
	content, sum := noise(5 << 20)
	name := v.open(-1)
	offset := v.wantInterrupted(name, content, http.StatusTooManyRequests, models.CodeQuotaExceeded)
	if status, _, text := v.ask(http.MethodPost, "/uploads", map[string]string{"Upload-Length": "1"}, ""); status == http.StatusCreated || !strings.Contains(text, string(models.CodeQuotaExceeded)) {
		t.Errorf("another begins: status %d\n%s", status, text)
	}
	if status, _, text := v.ask(http.MethodDelete, "/"+other, nil, ""); status != http.StatusNoContent {
		t.Fatalf("status %d\n%s", status, text)
	}
	if again := v.offset(name); again != offset {
		t.Errorf("%d bytes were kept, and then %d", offset, again)
	}
	if status, _, text := v.ask(http.MethodPatch, "/"+name, map[string]string{
		"Content-Type": "application/offset+octet-stream", "Upload-Offset": strconv.Itoa(offset), "Upload-Length": strconv.Itoa(len(content)),
	}, ""); status != http.StatusNoContent {
		t.Errorf("status %d\n%s", status, text)
	}
	v.wantFinished(name, content, sum)
}
