package streaming

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Rendition is a packaged rendition as a row of files, for those who decode it.
// A playlist is no input that FFmpeg may open; its segments behind each other are.
type Rendition struct {
	Init     string // path
	Segments []Segment
}

// Segment is one file of a rendition.
type Segment struct {
	Path     string
	Start    time.Duration
	Duration time.Duration
}

// OpenRendition reads the playlist of a rendition in the directory of its own
// that [Package] wrote.
func OpenRendition(dir string) (*Rendition, error) {
	f, err := os.Open(filepath.Join(dir, playlistName))
	if err != nil {
		return nil, fmt.Errorf("open rendition: %w", err)
	}
	defer f.Close()
	r := &Rendition{Init: filepath.Join(dir, initName)}
	at, length := time.Duration(0), time.Duration(0)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			s, err := strconv.ParseFloat(strings.TrimSuffix(value, ","), 64)
			if err != nil {
				return nil, fmt.Errorf("read playlist of rendition %s: %w", dir, err)
			}
			length = time.Duration(s * float64(time.Second))
		} else if line != "" && !strings.HasPrefix(line, "#") {
			r.Segments = append(r.Segments, Segment{Path: filepath.Join(dir, line), Start: at, Duration: length})
			at += length
		}
	}
	if len(r.Segments) == 0 {
		return nil, fmt.Errorf("read playlist of rendition %s: no segments", dir)
	}
	return r, lines.Err()
}

// Join writes the rendition as one MP4 file, whose times are the video's.
func (r *Rendition) Join(path string) error { return join(path, r.Init, r.Segments) }

// JoinSpan writes the segments that cover a part of the timeline as one MP4
// file. It keeps the video's times: its first frame is at the start that is
// returned.
func (r *Rendition) JoinSpan(path string, from, to time.Duration) (start time.Duration, err error) {
	first, last := 0, 0
	for i, s := range r.Segments {
		if s.Start <= from {
			first = i
		}
		if s.Start < to {
			last = i
		}
	}
	return r.Segments[first].Start, join(path, r.Init, r.Segments[first:max(first, last)+1])
}

func join(path, init string, segments []Segment) (err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := appendFile(out, init); err != nil {
		return err
	}
	for _, s := range segments {
		if err := appendFile(out, s.Path); err != nil {
			return err
		}
	}
	return nil
}

func appendFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
