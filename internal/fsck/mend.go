package fsck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// cure is what mends a finding.
type cure int

const (
	nothing    cure = iota // there is no need
	redo                   // run the stage again
	replan                 // make due what should be
	remove                 // delete the files
	bringAgain             // only who has the file can help
)

// advice says what was done for a finding, or what to do.
func (c cure) advice(done bool) string {
	switch {
	case c == redo && done:
		return "the stage runs again as soon as `cuepoint serve` is there for it"
	case c == redo:
		return "run `cuepoint fsck --repair`, by which the stage runs again"
	case c == replan && done:
		return "its stages run as soon as `cuepoint serve` is there for them"
	case c == replan:
		return "run `cuepoint fsck --repair`, which makes due what should be"
	case done:
		return "deleted"
	}
	return "run `cuepoint fsck --repair`, which deletes it"
}

// settle mends what can be mended in a video, and tells of all that was found.
func (c *check) settle(ctx context.Context, v *models.Video, found []suspicion) error {
	var stages []string
	stalled, spoilt := false, slices.ContainsFunc(found, func(s suspicion) bool { return s.cure == bringAgain })
	for i := range found {
		s := &found[i]
		s.Workspace, s.Video = v.Workspace, v.ID
		if s.Advice = c.hindrance(v, *s, spoilt); s.Advice != "" {
			continue
		}
		underway := s.cure == redo && awaited(v.Run(s.Stage))
		switch s.cure {
		case redo:
			if !underway && !slices.Contains(stages, s.Stage) {
				stages = append(stages, s.Stage)
			}
		case replan:
			stalled = true
		case remove:
			if err := c.remove(ctx, s.Key); err != nil {
				return err
			}
		case nothing, bringAgain: // hindered
		}
		s.Mended, s.Advice = c.Mender != nil, s.cure.advice(c.Mender != nil || underway)
	}
	if err := c.mend(ctx, v, stages, stalled); err != nil {
		return err
	}
	for _, s := range found {
		c.tell(s.Finding)
	}
	return nil
}

// hindrance says why a finding is not mended here; empty where it can be.
func (c *check) hindrance(v *models.Video, s suspicion, spoilt bool) string {
	switch {
	case s.cure == nothing:
		return "it harms nobody; another version of cuepoint made it"
	case v.State == models.VideoDeleted:
		return "the video is deleted; this matters only if it is brought back"
	case s.cure == bringAgain && s.Key == v.Blob:
		bring := fmt.Sprintf("run `cuepoint analyze FILE` again with the same file, which was %s", v.Source)
		if _, here := c.Blobs.(blob.Local); s.Kind == Damaged && !here { // where nobody reads all of it to find out
			bring = fmt.Sprintf("delete %s from the bucket, then %s", s.Key, bring)
		}
		return bring
	case s.cure == bringAgain:
		return fmt.Sprintf("run `cuepoint analyze FILE --captions FILE` again with the same files, which were %s and %s", v.Source, v.Captions.Name)
	case s.cure == redo && v.Run(s.Stage) == nil, s.cure == redo && !slices.Contains(c.Stages, s.Stage):
		return "there is no such stage any more that could make it again"
	case s.cure == redo && spoilt:
		return "bring back first what the video is made of, then run `cuepoint fsck --repair`"
	}
	return ""
}

// mend brings stages to run, if that is asked for.
func (c *check) mend(ctx context.Context, v *models.Video, stages []string, stalled bool) error {
	if c.Mender == nil {
		return nil
	}
	if len(stages) > 0 {
		if err := c.Mender.Redo(ctx, v.Workspace, v.ID, stages); err != nil && !gone(err) { // deleted meanwhile
			return fmt.Errorf("run stages of video %s again: %w", v.ID, err)
		}
	}
	if stalled {
		if err := c.Mender.Replan(ctx, v.Workspace, v.ID); err != nil && !gone(err) {
			return fmt.Errorf("make stages of video %s due: %w", v.ID, err)
		}
	}
	return nil
}

// discard tells of files that are nobody's, and deletes them if that is asked for.
func (c *check) discard(ctx context.Context, f Finding) error {
	if err := c.remove(ctx, f.Key); err != nil {
		return err
	}
	f.Mended, f.Advice = c.Mender != nil, remove.advice(c.Mender != nil)
	c.tell(f)
	return nil
}

// remove deletes a blob, or all below a prefix, if that is asked for.
func (c *check) remove(ctx context.Context, key string) error {
	switch {
	case c.Mender == nil:
		return nil
	case strings.HasSuffix(key, "/"):
		return c.Blobs.DeletePrefix(ctx, key)
	}
	return c.Blobs.Delete(ctx, key)
}
