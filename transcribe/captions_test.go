package transcribe

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

const ms = time.Millisecond

func caption(start, end time.Duration, text string) models.Segment {
	return models.Segment{Start: start, End: end, Text: text, Confidence: 1}
}

var hello = []models.Segment{
	caption(1000*ms, 2500*ms, "Hello there."),
	caption(61*1000*ms, 62*1000*ms, "Fish & chips <now>"),
}

func TestCaptionsAreReadFromAllFormats(t *testing.T) {
	t.Parallel()
	vtt := "WEBVTT - some title\nKind: captions\n\nSTYLE\n::cue { color: lime }\n\nREGION\nid:fred\nwidth:40%\n\n" +
		"NOTE a comment\nof two lines\n\nintro\n00:01.000 --> 00:02.500 region:fred align:start position:10%\n<b>Hello</b>\n<00:00:02.000><c.x>there.</c>\n\n" +
		"00:01:01.000 --> 00:01:02.000\nFish &amp; chips &lt;now&gt;\n"
	srt := "1\n00:00:01,000 --> 00:00:02,500 X1:10 Y1:20\n{\\an8}<i>Hello</i>\nthere.\n\n" +
		"2\n00:01:01,000 --> 00:01:02,000\n<font color=\"red\">Fish</font> & chips <now>\n\n"
	srt = strings.ReplaceAll(srt, "<now>", "&lt;now&gt;")
	ttml := `<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"><body><div>
		<p begin="00:00:01.000" end="00:00:02.500"><span tts:color="red">Hello</span><br/>there.</p>
		<p begin="61s" end="62s">Fish &amp; chips &lt;now&gt;</p></div></body></tt>`
	for name, data := range map[string]string{
		"WebVTT":                  vtt,
		"WebVTT, BOM and CRLF":    "\ufeff" + strings.ReplaceAll(vtt, "\n", "\r\n"),
		"WebVTT, CR":              strings.ReplaceAll(vtt, "\n", "\r"),
		"SubRip":                  srt,
		"SubRip, BOM and CRLF":    "\ufeff" + strings.ReplaceAll(srt, "\n", "\r\n"),
		"SubRip, no empty lines":  strings.ReplaceAll(srt, "\n\n", "\n"),
		"SubRip, an empty line":   strings.ReplaceAll(srt, "</i>\n", "</i>\n\n"),
		"SubRip, points":          strings.ReplaceAll(srt, ",000", ".000"),
		"SubRip, in UTF-16":       utf16LE(srt),
		"TTML":                    ttml,
		"TTML, BOM and CRLF":      "\ufeff" + strings.ReplaceAll(ttml, "\n", "\r\n"),
		"SubRip, garbage between": strings.Replace(srt, "2\n", "2\nxx --> yy\nlost\n\n2\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseCaptions([]byte(data), "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(hello, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func utf16LE(s string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

func TestSubRipMayHoldArrows(t *testing.T) {
	t.Parallel()
	got, err := parseCaptions([]byte("1\n00:00:01,000 --> 00:00:02,000\nup --> down\nA -->\n\n"+
		"2\n00:00:03,000 --> half past\nlost\n\n3\n00:00:05,000 --> 00:00:06,000\nseen\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []models.Segment{caption(1000*ms, 2000*ms, "up --> down A -->"), caption(5000*ms, 6000*ms, "seen")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOldEncodingsAreToldByTheLanguage(t *testing.T) {
	t.Parallel()
	for tag, tt := range map[string]struct{ raw, want string }{
		"":   {"caf\xe9 \x96 \x80", "café – €"},
		"ru": {"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		"pl": {"\xbf\xf3\xb3w", "żółw"},
	} {
		got, err := parseCaptions([]byte("1\n00:00:01,000 --> 00:00:02,000\n"+tt.raw+"\n"), tag)
		if err != nil || len(got) != 1 || got[0].Text != tt.want {
			t.Errorf("%q: got %+v, %v", tag, got, err)
		}
	}
}

func TestSpeakersAreRead(t *testing.T) {
	t.Parallel()
	got, err := parseCaptions([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Mary &amp; Joe>Hi.</v>\n"), "")
	want := []models.Segment{{Start: 1000 * ms, End: 2000 * ms, Text: "Hi.", Speaker: "Mary & Joe", Confidence: 1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestGarbageIsNoCaptions(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"empty":         "",
		"only a header": "WEBVTT\n\n",
		"prose":         "It was a dark and stormy night.\n",
		"binary":        "\x00\x01\x02\xff\xfe\x80\x00GARBAGE\x1b[2J",
		"half a timing": "WEBVTT\n\n00:01.000 -->\nHi\n",
		"not XML":       "<tt><body><p begin=",
		"other XML":     "<html><body>404</body></html>",
		"TTML, bad":     `<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1" end="x" style="none">a</p></div></body></tt>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "captions")
			if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadCaptions(path, "", 0)
			if got := models.ErrorCode(err); got != models.CodeCaptionsInvalid {
				t.Errorf("got %v", err)
			}
		})
	}
	_, err := ReadCaptions(filepath.Join(t.TempDir(), "none"), "", 0)
	if got := models.ErrorCode(err); got != models.CodeSourceUnavailable {
		t.Errorf("a missing file: %v", err)
	}
}

func FuzzParseCaptions(f *testing.F) {
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000 line:1\n<v Ann>Hi</v>\n"))
	f.Add([]byte("1\n00:00:01,000 --> 00:00:02,000\nHi\n\n2\n"))
	f.Add([]byte(`<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">a<br/>b</p></div></body></tt>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		segments, err := parseCaptions(data, "")
		if err != nil {
			return
		}
		last := time.Duration(0)
		for _, s := range Fit(segments, time.Hour) {
			if s.Start < last || s.End <= s.Start || s.End > time.Hour || s.Text == "" {
				t.Errorf("segment %+v after %v", s, last)
			}
			last = s.Start
		}
	})
}

func TestCaptionsAreFittedToTheVideo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "captions.srt")
	data := "1\n00:00:08,000 --> 00:00:12,000\nlate\n\n2\n00:00:01,000 --> 00:00:02,000\nearly\n\n" +
		"3\n00:00:03,000 --> 00:00:03,000\nnever\n\n4\n00:00:20,000 --> 00:00:21,000\nafter\n\n5\n00:00:05,000 --> 00:00:06,000\n<i></i>\n"
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCaptions(path, "", 10*time.Second)
	want := []models.Segment{caption(1000*ms, 2000*ms, "early"), caption(8000*ms, 10000*ms, "late")}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	_, err = ReadCaptions(path, "", time.Second)
	if got := models.ErrorCode(err); got != models.CodeCaptionsInvalid {
		t.Errorf("captions of another video: %v", err)
	}
}

func TestWrittenCaptionsAreReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.OneOf(
			rapid.StringMatching(`[a-zé今 .,!?0-9&'"-]{1,30}`),
			rapid.SampledFrom([]string{"a --> b", "1", "42", "<b>no markup</b>", "x < y > z", "&amp;", "NOTE this", "WEBVTT", "-->", "{\\an8}", "00:00:01.000 --> 00:00:02.000"}),
		)
		var transcript models.Transcript
		at := time.Duration(0)
		for range rapid.IntRange(1, 8).Draw(t, "captions") {
			start := at + time.Duration(rapid.IntRange(0, 5_000_000).Draw(t, "gap"))*ms
			at = start + time.Duration(rapid.IntRange(1, 60_000).Draw(t, "length"))*ms
			transcript.Segments = append(transcript.Segments, caption(start, at, webvtt.Line(texts.Draw(t, "text"))))
		}
		var vtt, srt, ttml bytes.Buffer
		if err := writeVTT(&vtt, &transcript); err != nil {
			t.Fatal(err)
		}
		want := Fit(transcript.Segments, 0)
		got, err := parseCaptions(vtt.Bytes(), "")
		if diff := cmp.Diff(want, Fit(got, 0)); diff != "" && (err == nil || len(want) > 0) {
			t.Fatalf("WebVTT: %v %s\n%s", err, diff, vtt.String())
		}
		if err := writeTTML(&ttml, &transcript); err != nil {
			t.Fatal(err)
		}
		got, err = parseCaptions(ttml.Bytes(), "")
		if diff := cmp.Diff(want, Fit(got, 0)); diff != "" && (err == nil || len(want) > 0) {
			t.Fatalf("TTML: %v %s\n%s", err, diff, ttml.String())
		}
		// SubRip has no escapes, so only times and their number must be right.
		if err := writeSRT(&srt, &transcript); err != nil {
			t.Fatal(err)
		}
		got, err = parseCaptions(srt.Bytes(), "")
		if err != nil || len(got) != len(transcript.Segments) {
			t.Fatalf("SubRip: %d of %d, %v\n%s", len(got), len(transcript.Segments), err, srt.String())
		}
		for i, s := range got {
			if s.Start != transcript.Segments[i].Start || s.End != transcript.Segments[i].End {
				t.Fatalf("SubRip: %+v is not %+v", s, transcript.Segments[i])
			}
		}
	})
}

func TestCaptionsAsWritten(t *testing.T) {
	t.Parallel()
	transcript := &models.Transcript{
		Language: "en", Source: models.SourceRecognized, Model: "m",
		Segments: []models.Segment{
			{
				Start: 1500 * ms, End: 3661 * 1000 * ms, Text: "a --> b\n\n& <c>", Confidence: 0.5,
				Words: []models.Word{{Text: "a", Start: 1500 * ms, End: 2000 * ms, Confidence: 0.25}},
			},
			{Start: 3661 * 1000 * ms, End: 3662 * 1000 * ms, Text: "Yes.", Confidence: 1, Speaker: "Ann"},
		},
	}
	want := map[string]string{
		"vtt": "WEBVTT\n\n00:00:01.500 --> 01:01:01.000\na --&gt; b &amp; &lt;c&gt;\n\n01:01:01.000 --> 01:01:02.000\n<v Ann>Yes.\n",
		"srt": "1\n00:00:01,500 --> 01:01:01,000\na -- > b & <c>\n\n2\n01:01:01,000 --> 01:01:02,000\nYes.\n\n",
		"ttml": `<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xml:lang="en">
<head><metadata>
<ttm:agent xml:id="speaker1" type="person"><ttm:name type="full">Ann</ttm:name></ttm:agent>
</metadata></head>
<body><div>
<p begin="00:00:01.500" end="01:01:01.000">a --&gt; b &amp; &lt;c&gt;</p>
<p begin="01:01:01.000" end="01:01:02.000" ttm:agent="speaker1">Yes.</p>
</div></body>
</tt>
`,
		"txt": "a --> b & <c>\nYes.\n",
		"json": `{
  "language": "en",
  "source": "recognized",
  "model": "m",
  "segments": [
    {
      "start": 1.5,
      "end": 3661,
      "text": "a --> b\n\n& <c>",
      "confidence": 0.5,
      "words": [
        {
          "text": "a",
          "start": 1.5,
          "end": 2,
          "confidence": 0.25
        }
      ]
    },
    {
      "start": 3661,
      "end": 3662,
      "text": "Yes.",
      "confidence": 1,
      "speaker": "Ann"
    }
  ]
}
`,
	}
	for _, f := range Formats() {
		var b strings.Builder
		if err := f.Write(&b, transcript); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[f.Name], b.String()); diff != "" {
			t.Errorf("%s:\n%s", f.Name, diff)
		}
	}
}

func TestLanguagesOfFileNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"movie.de.vtt": "de", "/a/movie.pt-BR.srt": "pt-BR", "movie.eng.srt": "en", "movie.en.forced.srt": "en",
		"movie.srt": "und", "de.srt": "und", "my.web.srt": "und", "talk.final.vtt": "und", "": "und",
	} {
		if got := LanguageOf(name); got != want {
			t.Errorf("%q is in %q, not %q", name, got, want)
		}
	}
	for tag, want := range map[string]string{"ger": "de", "pt_br": "pt-BR", "": "und", "klingon!": "und", "en": "en"} {
		if got := Language(tag); got != want {
			t.Errorf("%q is %q, not %q", tag, got, want)
		}
	}
}
