package transcribe

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asticode/go-astisub"

	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

// MaxCaptions bounds a captions file, in bytes: a day of speech fits many times.
const MaxCaptions = 32 << 20

// ReadCaptions reads a WebVTT, SubRip or TTML file, whatever it is called, as
// segments in order of time, with confidence 1. What lies outside a video of a
// duration is cut off; 0 is for a duration that is not known. The language, a
// BCP 47 tag, tells the encoding of files that are not Unicode.
// CAPTIONS_INVALID for a file that holds no captions, or none within the video;
// SOURCE_UNAVAILABLE for one that cannot be read.
func ReadCaptions(path, language string, duration time.Duration) ([]models.Segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, models.Errorf(models.CodeSourceUnavailable, "the captions file cannot be read; check the path and its permissions").Because(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxCaptions+1))
	if err != nil {
		return nil, models.Errorf(models.CodeSourceUnavailable, "the captions file cannot be read; check the path and its permissions").Because(err)
	}
	return ParseCaptions(data, language, duration)
}

// ParseCaptions is ReadCaptions of the content of a file.
func ParseCaptions(data []byte, language string, duration time.Duration) ([]models.Segment, error) {
	if len(data) > MaxCaptions {
		return nil, invalid(errors.New("it is too large"))
	}
	segments, err := parseCaptions(data, language)
	if err != nil {
		return nil, invalid(err)
	}
	if segments = Fit(segments, duration); len(segments) == 0 {
		return nil, models.Errorf(models.CodeCaptionsInvalid,
			"none of the captions lies within the video; check that they belong to it")
	}
	return segments, nil
}

func invalid(err error) error {
	return models.Errorf(models.CodeCaptionsInvalid,
		"the captions file cannot be read as WebVTT, SRT or TTML; give one of these, in UTF-8").Because(err)
}

// parseCaptions reads captions in a format that their content tells.
func parseCaptions(data []byte, language string) ([]models.Segment, error) {
	text, err := decodeText(data, language)
	if err != nil {
		return nil, err
	}
	var segments []models.Segment
	switch {
	case strings.HasPrefix(text, "WEBVTT"):
		segments = parseLines(text, true)
	case strings.HasPrefix(strings.TrimSpace(text), "<"):
		segments, err = parseTTML(text)
	default:
		segments = parseLines(text, false)
	}
	if err == nil && len(segments) == 0 {
		err = errors.New("it holds no captions")
	}
	return segments, err
}

// timing matches the line that begins a caption in WebVTT and SubRip. What
// follows on it is about looks.
var timing = regexp.MustCompile(`^\s*(` + clockPattern + `)\s*-->\s*(` + clockPattern + `)`)

// clocked matches a line that was meant to begin a caption, however badly.
var clocked = regexp.MustCompile(`^[-+]?\d+\s*:|^-->|-->\s*[-+]?\d+\s*:`)

const clockPattern = `(?:\d{1,4}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?`

// parseLines reads WebVTT, where an empty line ends a caption, or SubRip,
// where the next one's number does. What it does not understand it passes
// over: files made by hand are seldom without a fault.
func parseLines(text string, vtt bool) []models.Segment {
	var segments []models.Segment
	var lines []string
	inside := false
	end := func() {
		if inside {
			finish(&segments[len(segments)-1], lines)
		}
		lines, inside = nil, false
	}
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		arrow := strings.Contains(l, "-->")
		if arrow && !vtt {
			before := len(lines)
			lines = withoutNumber(lines)
			arrow = !inside || len(lines) < before || clocked.MatchString(l) // else it is part of the text
		}
		switch m := timing.FindStringSubmatch(l); {
		case m != nil:
			end()
			segments = append(segments, models.Segment{Start: parseClock(m[1]), End: parseClock(m[2]), Confidence: 1})
			inside = true
		case arrow, l == "" && vtt:
			end()
		case inside && vtt:
			lines = append(lines, l)
		case inside:
			lines = append(lines, overrides.ReplaceAllString(l, ""))
		}
	}
	end()
	return segments
}

// withoutNumber drops the number of the next SubRip caption.
func withoutNumber(lines []string) []string {
	for n := len(lines); n > 0; n-- {
		if lines[n-1] == "" {
			continue
		}
		if _, err := strconv.Atoi(lines[n-1]); err == nil {
			return lines[:n-1]
		}
		break
	}
	return lines
}

// parseClock reads what matched clockPattern.
func parseClock(s string) time.Duration {
	s, fraction, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	ms, _ := strconv.Atoi((fraction + "000")[:3])
	total := time.Duration(ms) * time.Millisecond
	unit := time.Second
	parts := strings.Split(s, ":")
	for _, part := range slices.Backward(parts) {
		n, _ := strconv.Atoi(part)
		total += time.Duration(n) * unit
		unit *= 60
	}
	return total
}

var (
	voiceTag  = regexp.MustCompile(`<v(?:\.[^\s>]*)?\s+([^<>]+)>`)
	markup    = regexp.MustCompile(`<(?:/?[A-Za-z][^<>]*|\d[\d:.]*)>`)
	overrides = regexp.MustCompile(`\{\\[^{}]*\}`) // of SubStation, in SubRip: "{\an8}"
)

// finish makes a caption's text of its lines.
func finish(s *models.Segment, lines []string) {
	text := strings.Join(lines, " ")
	if m := voiceTag.FindStringSubmatch(text); m != nil {
		s.Speaker = webvtt.Line(html.UnescapeString(m[1]))
	}
	s.Text = webvtt.Line(html.UnescapeString(markup.ReplaceAllString(text, "")))
}

// parseTTML reads TTML (W3C). A broken file must not end the process, and the
// library has not thought of all of them.
func parseTTML(text string) (segments []models.Segment, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read TTML: %v", r)
		}
	}()
	subtitles, err := astisub.ReadFromTTML(bytes.NewReader([]byte(text)))
	if err != nil {
		return nil, fmt.Errorf("read TTML: %w", err)
	}
	for _, item := range subtitles.Items {
		var lines []string
		for _, l := range item.Lines {
			lines = append(lines, l.String())
		}
		segments = append(segments, models.Segment{
			Start: item.StartAt, End: item.EndAt, Text: webvtt.Line(strings.Join(lines, " ")), Confidence: 1,
		})
	}
	return segments, nil
}

// Fit keeps the segments that have words and lie within a video of a duration,
// in order; 0 is for a duration that is not known.
func Fit(segments []models.Segment, duration time.Duration) []models.Segment {
	var kept []models.Segment
	for _, s := range segments {
		s.Start = max(s.Start, 0)
		if duration > 0 {
			s.End = min(s.End, duration)
		}
		if s.Text == "" || s.Start >= s.End {
			continue
		}
		s.Words = slices.Clone(s.Words)
		for i := range s.Words {
			w := &s.Words[i]
			w.Start, w.End = min(w.Start, s.End), min(w.End, s.End)
		}
		kept = append(kept, s)
	}
	slices.SortStableFunc(kept, func(a, b models.Segment) int { return cmp.Compare(a.Start, b.Start) })
	return kept
}
