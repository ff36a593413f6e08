package streaming

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// verify holds what was written to what was planned: every file is there with
// the bytes that were counted, tracks have no gaps and begin at 0, every
// segment of video begins with a keyframe, and all tracks agree on borders and
// length. An exit status proves none of this.
func verify(dir string, tracks []*track) error {
	for _, t := range tracks {
		if err := verifyTrack(dir, t); err != nil {
			return fmt.Errorf("verify %s: %w", t.Name, err)
		}
	}
	for _, t := range tracks[1:] {
		if err := aligned(tracks[0], t); err != nil {
			return fmt.Errorf("verify %s against %s: %w", t.Name, tracks[0].Name, err)
		}
	}
	return nil
}

func verifyTrack(dir string, t *track) error {
	if len(t.Segments) == 0 {
		return models.Errorf(models.CodeNoMedia,
			"nothing in this file could be decoded; it may be damaged: export or download it again")
	}
	if err := hasFile(dir, t.Name, initName, -1); err != nil {
		return err
	}
	next := int64(0)
	for i, s := range t.Segments {
		switch {
		case s.Start != next:
			return fmt.Errorf("segment %d begins at %d, not at %d", i, s.Start, next)
		case s.Duration <= 0 || t.shown(i) <= 0:
			return fmt.Errorf("segment %d has no duration", i)
		case !s.Key:
			return fmt.Errorf("segment %d does not begin with a keyframe, or its others are not where they belong", i)
		}
		if err := hasFile(dir, t.Name, segmentName(i), s.Bytes); err != nil {
			return err
		}
		next += s.Duration
	}
	return nil
}

// hasFile checks that a file is there and has so many bytes, some for -1.
func hasFile(dir, track, name string, size int64) error {
	info, err := os.Stat(filepath.Join(dir, track, name))
	switch {
	case err != nil:
		return err
	case info.Size() == 0 || size >= 0 && info.Size() != size:
		return fmt.Errorf("%s has %d bytes, not %d", name, info.Size(), size)
	}
	return nil
}

// aligned checks that a track has the borders of the first one: the same for
// video, to the next frame for sound.
func aligned(first, t *track) error {
	tolerance := time.Duration(0)
	if t.Kind == models.StreamAudio {
		tolerance = t.ticks(audioFrame) + time.Millisecond
	}
	apart := func(a, b time.Duration) bool { return (a - b).Abs() > tolerance }
	for i := 1; i < min(len(first.Segments), len(t.Segments)); i++ {
		a := first.ticks(first.Segments[i].Start - first.Priming)
		if b := t.ticks(t.Segments[i].Start - t.Priming); apart(a, b) {
			return fmt.Errorf("segment %d begins at %v, not at %v", i, b, a)
		}
	}
	if t.Kind == first.Kind && first.Kind == models.StreamVideo &&
		(apart(first.duration(), t.duration()) || len(first.Segments) != len(t.Segments)) {
		return fmt.Errorf("%d segments of %v, not %d of %v", len(t.Segments), t.duration(), len(first.Segments), first.duration())
	}
	return nil
}
