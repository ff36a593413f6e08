package streaming_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/cuepoint/cuepoint/internal/testenv"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/streaming"
)

func TestAStreamThatCannotBeDecodedIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, codec, other string // what the file says afterwards
		want               string
	}{
		{"mpeg4-flac.avi", "FMP4", "H264", "audio 1ch"},
		{"mpeg4-flac.mkv", "A_FLAC", "A_EAC3", "180p 320x180@25"},
	} {
		clip := testenv.Clip(t, test.name, slices.Concat(picture("s=320x180:r=25:d=2"), sound("d=2"), []string{"-c:v", "mpeg4", "-c:a", "flac"})...)
		other := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(test.codec), []byte(test.other)) }
		_, r := packed(t, testenv.Patch(t, clip, other))
		if got := ladder(r.Packaging); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
		if models.ErrorCode(r.Warning) != models.CodeNoMedia {
			t.Errorf("%s: warning %v", test.name, r.Warning)
		}
	}
}

func TestNothingThatCanBeDecodedIsAnError(t *testing.T) {
	t.Parallel()
	clip := testenv.Clip(t, "mpeg4.avi", slices.Concat(picture("s=320x180:r=25:d=1"), []string{"-c:v", "mpeg4"})...)
	other := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("FMP4"), []byte("H264")) }
	if _, _, err := pack(t, testenv.Patch(t, clip, other), streaming.Options{}); models.ErrorCode(err) != models.CodeNoMedia {
		t.Errorf("error %v", err)
	}
}
