package analyzer_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

func (b *bench) put(t *testing.T, key string, content []byte) {
	t.Helper()
	if _, err := b.blobs.Put(t.Context(), key, bytes.NewReader(content), int64(len(content)), blob.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestABlobBecomesAVideo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content, err := os.ReadFile(wav(t, "talk.wav"))
	if err != nil {
		t.Fatal(err)
	}
	b.put(t, "imports/tests/2026/talk.wav", content)
	given := analyzer.Options{Labels: map[string]string{"a": "1"}, ExternalID: "x1"}
	v, err := b.intake.AddBlob(t.Context(), workspace, "imports/tests/2026/talk.wav", given)
	if err != nil || v.Title != "talk" || v.Source != "imports/tests/2026/talk.wav" || v.Labels["a"] != "1" || v.ExternalID != "x1" || v.Size != int64(len(content)) {
		t.Fatalf("%+v, %v", v, err)
	}
	if err := b.blobs.Delete(t.Context(), v.Source); err != nil { // it has been copied
		t.Fatal(err)
	}
	start(t, b.worker(t, "one"))
	wantStatus(t, b.wait(t, v.ID), "package done, speech done, index done")

	if same := b.add(t, analyzer.Options{Title: "Talk", Labels: map[string]string{"b": "2"}}); same != v.ID {
		t.Errorf("the same bytes are %s, want %s", same, v.ID)
	}
	if v := b.wait(t, v.ID); v.Title != "Talk" || len(v.Labels) != 1 || v.Labels["b"] != "2" || v.ExternalID != "x1" || v.Revision != 1 {
		t.Errorf("given again it is %+v", v)
	}
	b.put(t, "imports/tests/other.wav", append(content, 0))
	if _, err := b.intake.AddBlob(t.Context(), workspace, "imports/tests/other.wav", given); models.ErrorCode(err) != models.CodeAlreadyExists ||
		!strings.Contains(models.AsError(err).Message, `"x1"`) {
		t.Errorf("another with the external id: %v", err)
	}
	wantLeft(t, b, "blobs/sources/*", 1)
}

func TestBlobsThatCannotBeVideos(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "imports/tests/text.mp4", []byte("#EXTM3U\nfile:///etc/passwd\n"))
	b.put(t, "imports/tests/empty.mp4", nil)
	b.put(t, "imports/tests/large.wav", append([]byte("RIFF\xff\xff\xff\x00WAVEfmt "), make([]byte, 1<<20)...))
	b.put(t, "imports/other/talk.wav", []byte("RIFF"))
	b.put(t, "sources/talk", []byte("RIFF"))
	for key, want := range map[string]models.Code{
		"imports/tests/text.mp4":                           models.CodeContainerNotAllowed,
		"imports/tests/empty.mp4":                          models.CodeEmptyFile,
		"imports/tests/large.wav":                          models.CodeSourceTooLarge,
		"imports/tests/none.mp4":                           models.CodeSourceUnavailable,
		"imports/other/talk.wav":                           models.CodeInvalidArgument,
		"sources/talk":                                     models.CodeInvalidArgument,
		"imports/tests/../other/talk.wav":                  models.CodeInvalidArgument,
		"imports/tests/%2e%2e/talk.wav":                    models.CodeInvalidArgument,
		"imports/tests/":                                   models.CodeInvalidArgument,
		"imports/tests":                                    models.CodeInvalidArgument,
		"imports/tests/" + strings.Repeat("a/", 600) + "x": models.CodeInvalidArgument,
		"imports/tests/\x00":                               models.CodeInvalidArgument,
		"":                                                 models.CodeInvalidArgument,
	} {
		if v, err := b.intake.AddBlob(t.Context(), workspace, key, analyzer.Options{}); models.ErrorCode(err) != want {
			t.Errorf("%.60q: %v, %v, want %s", key, v, err, want)
		}
	}
	if _, err := b.intake.Add(t.Context(), workspace, wav(t, "talk.wav"), analyzer.Options{Labels: map[string]string{"UP": ""}}); models.ErrorCode(err) != models.CodeInvalidArgument {
		t.Errorf("a label that cannot be: %v", err)
	}
	wantLeft(t, b, "blobs/sources/*", 1) // the one put there
}
