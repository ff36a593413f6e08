package vision

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/cuepoint/cuepoint/internal/webvtt"
)

// A storyboard has at most this many tiles, if they need not be further apart
// than the longest step.
const (
	tilesWanted = 200
	longestStep = 10 // seconds
	sheetSide   = 10 // tiles
)

// storyboard lays small frames out on sheets: what a player shows while people
// seek. A cue of its WebVTT file says where the tile for a time lies, in the
// notation that players know: sheet.jpg#xywh=x,y,w,h (Media Fragments URI 1.0).
type storyboard struct {
	eyes     Eyes
	grid     Grid
	dir      string
	duration time.Duration
	step     int // seconds
	tiles    int
	width    int // of a tile
	height   int

	done  int // tiles
	last  *Bitmap
	sheet *Bitmap
	files []Image
}

func newStoryboard(eyes Eyes, g Grid, dir string, duration time.Duration) *storyboard {
	s := &storyboard{eyes: eyes, grid: g, dir: dir, duration: duration}
	s.step = min(longestStep, max(1, int(math.Ceil(duration.Seconds()/tilesWanted))))
	// Sound may outlast the picture by less than a frame. That is no tile of its own.
	picture := duration.Seconds() - 1.0/thumbRate
	s.tiles = max(1, int(math.Ceil(picture/float64(s.step))))
	s.width, s.height = fit(g.Width, g.Height, tileSide)
	return s
}

// push takes the frame if a tile is due.
func (s *storyboard) push(n int, frame []byte) error {
	if n%(s.step*thumbRate) != 0 || s.done == s.tiles {
		return nil
	}
	tile, err := s.eyes.Scale(frame, s.grid.Width, s.grid.Height, s.width, s.height)
	if err != nil {
		return fmt.Errorf("scale frame %d: %w", n, err)
	}
	s.last = tile
	return s.add(tile)
}

// add puts a tile at the next place and writes the sheet when it is full.
func (s *storyboard) add(tile *Bitmap) error {
	const full = sheetSide * sheetSide
	place := s.done % full
	if place == 0 {
		left := min(s.tiles-s.done, full)
		s.sheet = newBitmap(min(left, sheetSide)*s.width, (left+sheetSide-1)/sheetSide*s.height)
	}
	s.sheet.draw(tile, place%sheetSide*s.width, place/sheetSide*s.height)
	s.done++
	if s.done%full != 0 && s.done != s.tiles {
		return nil
	}
	name := s.name(s.done - 1)
	s.files = append(s.files, Image{
		Path: name, Width: s.sheet.Width, Height: s.sheet.Height,
		Time: time.Duration(len(s.files)*full*s.step) * time.Second,
	})
	return writeJPEG(s.eyes, s.dir, name, s.sheet, tileQuality)
}

// name is the file that a tile is on.
func (s *storyboard) name(tile int) string {
	return fmt.Sprintf("storyboard-%d.jpg", tile/(sheetSide*sheetSide))
}

// finish fills the places of times at which there is sound only with the last
// picture, and writes the WebVTT file.
func (s *storyboard) finish(r *ThumbsResult) error {
	for s.done < s.tiles {
		if err := s.add(s.last); err != nil {
			return err
		}
	}
	r.Sheets, r.Storyboard = s.files, "storyboard.vtt"
	return os.WriteFile(filepath.Join(s.dir, r.Storyboard), []byte(s.vtt()), 0o644)
}

func (s *storyboard) vtt() string {
	var f webvtt.File
	for i := range s.tiles {
		from := time.Duration(i*s.step) * time.Second
		to := from + time.Duration(s.step)*time.Second
		if i == s.tiles-1 {
			to = s.duration
		}
		place := i % (sheetSide * sheetSide)
		f.Add(from, to, fmt.Sprintf("%s#xywh=%d,%d,%d,%d", s.name(i),
			place%sheetSide*s.width, place/sheetSide*s.height, s.width, s.height))
	}
	return f.String()
}
