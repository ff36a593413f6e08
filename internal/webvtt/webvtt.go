// Package webvtt writes WebVTT (W3C, "WebVTT: The Web Video Text Tracks
// Format"): captions, chapters and storyboards are all files of it. Reading
// captions is the business of transcribe.
package webvtt

import (
	"fmt"
	"strings"
	"time"
)

// File is a WebVTT file being written. The zero value has no cues.
type File struct{ cues strings.Builder }

// Add appends a cue. payload is one line, as it is to stand in the file: text
// has to be escaped by [Escape].
func (f *File) Add(start, end time.Duration, payload string) {
	fmt.Fprintf(&f.cues, "\n%s --> %s\n%s\n", Timestamp(start), Timestamp(end), payload)
}

// String is the file.
func (f *File) String() string { return "WEBVTT\n" + f.cues.String() }

// Timestamp writes a time as hh:mm:ss.ttt, rounded to the millisecond.
func Timestamp(t time.Duration) string {
	ms := t.Round(time.Millisecond).Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Escape makes a line of text of what is read as markup. An escaped line holds
// no arrow of a timing line.
func Escape(line string) string { return escapes.Replace(line) }

// Line puts a text on one line: an empty line would end its cue.
func Line(text string) string { return strings.Join(strings.Fields(text), " ") }
