package transcribe

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

// Format is a way to write a transcript down.
type Format struct {
	Name string // also the file's extension
	Type string // media type
	// Beside says that files of this format are kept beside the video, for players
	// and people. The others are written when they are asked for.
	Beside bool
	// Write returns the writer's error. What is written is UTF-8.
	Write func(io.Writer, *models.Transcript) error
}

// Formats are those that captions are written in, WebVTT first.
func Formats() []Format {
	return []Format{
		{Name: "vtt", Type: "text/vtt", Beside: true, Write: writeVTT},
		{Name: "srt", Type: "application/x-subrip", Beside: true, Write: writeSRT},
		{Name: "ttml", Type: "application/ttml+xml", Write: writeTTML},
		{Name: "txt", Type: "text/plain; charset=utf-8", Beside: true, Write: writeText},
		{Name: "json", Type: "application/json", Beside: true, Write: writeJSON},
	}
}

// FormatOf returns the format of a name. INVALID_ARGUMENT where there is none.
func FormatOf(name string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, models.Errorf(models.CodeInvalidArgument, "no captions format %q", name)
}

// writeVTT writes WebVTT (W3C), speakers as voice spans.
func writeVTT(w io.Writer, t *models.Transcript) error {
	var f webvtt.File
	for _, s := range t.Segments {
		text := webvtt.Escape(webvtt.Line(s.Text))
		if s.Speaker != "" {
			text = "<v " + webvtt.Escape(webvtt.Line(s.Speaker)) + ">" + text
		}
		f.Add(s.Start, s.End, text)
	}
	_, err := io.WriteString(w, f.String())
	return err
}

// writeSRT writes SubRip. It has no escapes: an arrow in the text is broken.
func writeSRT(w io.Writer, t *models.Transcript) error {
	var b strings.Builder
	for i, s := range t.Segments {
		text := strings.ReplaceAll(webvtt.Line(s.Text), "-->", "-- >")
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s\n\n", i+1, srtTime(s.Start), srtTime(s.End), text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeText writes the words alone, a line for each segment.
func writeText(w io.Writer, t *models.Transcript) error {
	var b strings.Builder
	for _, s := range t.Segments {
		b.WriteString(webvtt.Line(s.Text) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// The shape of the JSON format: times are seconds.
type (
	jsonTranscript struct {
		Language string        `json:"language"`
		Source   string        `json:"source"`
		Model    string        `json:"model,omitempty"`
		Segments []jsonSegment `json:"segments"`
	}
	jsonSegment struct {
		Start      float64    `json:"start"`
		End        float64    `json:"end"`
		Text       string     `json:"text"`
		Confidence float64    `json:"confidence"`
		Speaker    string     `json:"speaker,omitempty"`
		Words      []jsonWord `json:"words,omitempty"`
	}
	jsonWord struct {
		Text       string  `json:"text"`
		Start      float64 `json:"start"`
		End        float64 `json:"end"`
		Confidence float64 `json:"confidence"`
	}
)

func writeJSON(w io.Writer, t *models.Transcript) error {
	out := jsonTranscript{Language: t.Language, Source: t.Source, Model: t.Model, Segments: []jsonSegment{}}
	for _, s := range t.Segments {
		segment := jsonSegment{
			Start: seconds(s.Start), End: seconds(s.End), Text: s.Text, Confidence: s.Confidence, Speaker: s.Speaker,
		}
		for _, word := range s.Words {
			segment.Words = append(segment.Words, jsonWord{word.Text, seconds(word.Start), seconds(word.End), word.Confidence})
		}
		out.Segments = append(out.Segments, segment)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// srtTime writes a time as SubRip does, with a comma.
func srtTime(t time.Duration) string { return strings.Replace(webvtt.Timestamp(t), ".", ",", 1) }

func seconds(t time.Duration) float64 {
	return float64(t.Round(time.Millisecond).Milliseconds()) / 1000
}
