package hotfolder_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/internal/hotfolder"
	"github.com/cuepoint/cuepoint/models"
)

const vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nBees make honey.\n"

func TestASidecarSaysMoreOfAFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "in/bees.vtt", vtt)
	b.put(t, "in/bees.wav.json", "\ufeff"+`{"title": "Über Bienen", "language": "de", "labels": {"env": "Prod"}, "external_id": "a-1", "captions": "bees.vtt"}`)
	b.put(t, "in/bees.wav", wav("one"))
	b.put(t, "in/twin.wav.json", `{"allow_duplicate": true}`)
	b.watch(t)
	up := b.ended(t, 1)[0]
	v, err := b.lib.Video(t.Context(), up.VideoID)
	if err != nil || v.Captions == nil {
		t.Fatalf("the video is %+v, %v", v, err)
	}
	if v.Title != "Über Bienen" || v.Language != "de" || v.ExternalID != "a-1" || v.Labels["env"] != "Prod" || v.Captions.Name != "bees.vtt" || b.read(t, v.Captions.Blob) != vtt {
		t.Errorf("the video is %+v", v)
	}
	b.put(t, "in/twin.wav", wav("one"))
	if up := b.ended(t, 2)[1]; up.Duplicate || up.VideoID == v.ID {
		t.Errorf("the second of the same bytes is %+v", up)
	}
	b.put(t, "in/twin.wav.json", `{"title": "too late"}`)
	b.watch(t).looked(t, 5)
	b.ended(t, 2)
}

func TestAWrongSidecarIsRefusedUntilItChanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := filepath.Join(b.dir, "film.wav.json")
	b.put(t, "film.wav.json", `{"titel": "Bees"}`)
	b.put(t, "film.wav", wav("one"))
	b.put(t, "gone.wav.json", `{"captions": "none.vtt"}`)
	b.put(t, "gone.wav", wav("two"))
	w := b.watch(t)
	for _, up := range b.ended(t, 2) {
		if models.ErrorCode(up.Error) != models.CodeInvalidArgument || !strings.HasPrefix(up.Error.Message, up.Filename+".json: ") {
			t.Errorf("%s: %v", up.Filename, up.Error)
		}
	}
	w.looked(t, 5)
	b.ended(t, 2)
	b.put(t, "film.wav.json", `{"title": "Bees"}`)
	up := b.ended(t, 3)[2]
	if v, err := b.lib.Video(t.Context(), up.VideoID); err != nil || v.Title != "Bees" {
		t.Errorf("after it was written again: %+v, %+v, %v", up, v, err)
	}
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.dir, "gone.wav.json")); err != nil {
		t.Fatal(err)
	}
	if up := b.ended(t, 4)[3]; up.State != models.UploadDone {
		t.Errorf("after it was removed: %+v", up)
	}
	w.looked(t, 5)
	b.ended(t, 4)
}

func TestSidecarsAreReadStrictly(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1025)
	for content, want := range map[string]string{
		``:                                 "JSON object",
		`null`:                             "JSON object",
		`[]`:                               "JSON object",
		`"title"`:                          "JSON object",
		`{"title": "a"`:                    "JSON object",
		`{"title": "a"} {}`:                "JSON object",
		`{"Title": "a"}`:                   `no field "Title"; the fields are allow_duplicate, captions, external_id, labels, language, title`,
		`{"title": 1}`:                     "title: ",
		`{"title": "a\u0000b"}`:            "title: ",
		`{"title": "` + long + `"}`:        "title: ",
		`{"language": "x-y-z_"}`:           "language: ",
		`{"labels": {"Env": "a"}}`:         "labels: ",
		`{"labels": ["a"]}`:                "labels: ",
		`{"external_id": "` + long + `"}`:  "external_id: ",
		`{"allow_duplicate": "yes"}`:       "allow_duplicate: ",
		`{"captions": "../secret.vtt"}`:    "captions: ",
		`{"captions": "/etc/passwd"}`:      "captions: ",
		`{"captions": "a\\b.vtt"}`:         "captions: ",
		`{"captions": ".."}`:               "captions: ",
		`{"captions": ".hidden.vtt"}`:      "captions: ",
		`{"captions": "` + long + `"}`:     "captions: ",
		`{"captions": ["a.vtt"]}`:          "captions: ",
		`{"title": "a", "zzz": 1, "b": 2}`: `no field "b"`,
	} {
		_, err := hotfolder.ParseSidecar([]byte(content))
		if models.ErrorCode(err) != models.CodeInvalidArgument || !strings.Contains(models.AsError(err).Message, want) {
			t.Errorf("%.40s: %v, want it to name %s", content, err, want)
		}
	}
	got, err := hotfolder.ParseSidecar([]byte(`{}`))
	if diff := cmp.Diff(models.UploadVideo{}, got); err != nil || diff != "" {
		t.Errorf("nothing said: %v, %s", err, diff)
	}
}

func TestASidecarReadsNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := filepath.Join(t.TempDir(), "secret.vtt")
	if err := os.WriteFile(secret, []byte(vtt), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(b.dir, "link.vtt")); err != nil {
		t.Fatal(err)
	}
	b.put(t, "a.wav.json", `{"captions": "link.vtt"}`)
	b.put(t, "a.wav", wav("a"))
	b.put(t, "b.wav.json", `{"captions": "text.vtt"}`)
	b.put(t, "text.vtt", "no captions")
	b.put(t, "b.wav", wav("b"))
	b.put(t, "c.wav.json", `{"title": "`+strings.Repeat("x", 64<<10)+`"}`)
	b.put(t, "c.wav", wav("c"))
	b.watch(t)
	for _, up := range b.ended(t, 3) {
		want := models.CodeInvalidArgument
		if up.Filename == "b.wav" {
			want = models.CodeCaptionsInvalid
		}
		if models.ErrorCode(up.Error) != want {
			t.Errorf("%s: %v, want %s", up.Filename, up.Error, want)
		}
	}
}
