package fsck

import (
	"context"
	"iter"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store/blob"
)

// The layout of our keys. A run's files lie below videos/<video>/<stage>@<run>/,
// see [models.RunPrefix]; old libraries named sources by their hash.
var (
	sourceKey = regexp.MustCompile(`^sources/([0-9a-z]+|[0-9a-f]{2}/[0-9a-f]{64})$`)
	runKey    = regexp.MustCompile(`^videos/([0-9a-z]+)/([^/@]+@[0-9a-z]+)/.`)
)

// grace is how old a source is when nobody can be about to refer to it.
const grace = 24 * time.Hour

// elements looks for files in places that we do not know.
func (c *check) elements(ctx context.Context) error {
	for after := ""; ; {
		page, err := c.Blobs.List(ctx, "", after, 1)
		if err != nil || len(page) == 0 {
			return err
		}
		key := page[0].Key
		element, _, below := strings.Cut(key, "/")
		if below {
			key, after = element+"/", element+"0" // which comes next to the slash: past all below it
		} else {
			after = key
		}
		if !below || element != "sources" && element != "videos" {
			c.unknown(key)
		}
	}
}

func (c *check) unknown(key string) {
	c.tell(Finding{Kind: UnknownFile, Key: key, Message: "not a file of the library", Advice: "it is left alone; move it away if it is in the way"})
}

// sources looks for bytes that no video refers to.
func (c *check) sources(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(workers)
	for info, err := range blob.All(ctx, c.Blobs, "sources/") {
		if err != nil {
			work.Go(func() error { return err })
			break
		}
		c.listed()
		work.Go(func() error { return c.source(ctx, info) })
	}
	return work.Wait()
}

func (c *check) source(ctx context.Context, info blob.Info) error {
	if used, err := c.Store.SourceInUse(ctx, info.Key); used || err != nil {
		return err
	}
	if !sourceKey.MatchString(info.Key) {
		c.unknown(info.Key)
		return nil
	}
	if !c.Alone && time.Since(info.Modified) < grace {
		return nil
	}
	if waits, err := c.discarded(ctx, info.Key); waits || err != nil {
		return err
	}
	return c.discard(ctx, Finding{Kind: Unreferenced, Key: info.Key, Message: "no video was made of these bytes"})
}

// forever is later than anything is due.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// discarded tells whether one of these keys or prefixes waits for its removal
// anyway, as its readers may need it until then. What is discarded is so in the
// transaction after which nobody refers to it: ask after that was seen.
func (c *check) discarded(ctx context.Context, names ...string) (bool, error) {
	c.garbageMu.Lock()
	defer c.garbageMu.Unlock()
	known := func(name string) bool { return c.garbage[name] }
	if slices.ContainsFunc(names, known) {
		return true, nil
	}
	garbage, err := c.Store.Garbage(ctx, forever, math.MaxInt32)
	if err != nil {
		return false, err
	}
	c.garbage = make(map[string]bool, len(garbage))
	for _, name := range garbage {
		c.garbage[name] = true
	}
	return slices.ContainsFunc(names, known), nil
}

// group is a video and what there is below its prefix.
type group struct {
	id    string
	video *models.Video // nil where there is none
	dirs  []string      // <stage>@<run>
}

// videos looks at all videos, and at files of such as there are not.
func (c *check) videos(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(workers)
	for g, err := range c.groups(ctx) {
		work.Go(func() error {
			switch {
			case err != nil:
				return err
			case g.video == nil:
				return c.orphan(ctx, g)
			}
			return c.video(ctx, g)
		})
	}
	return work.Wait()
}

// groups brings the videos together with their files, by both being in the
// order of the videos' ids. An error is the last it yields.
func (c *check) groups(ctx context.Context) iter.Seq2[group, error] {
	return func(yield func(group, error) bool) {
		next, stop := iter.Pull2(c.rows(ctx, ""))
		defer stop()
		last := "" // video that was yielded
		v, err, more := next()
		until := func(id string) bool { // yields the videos before an id, which have no files
			for ; more && err == nil && v.ID < id; v, err, more = next() {
				if last = v.ID; !yield(group{id: last, video: v}, nil) {
					return false
				}
			}
			return err == nil || yield(group{}, err) && false
		}
		for g, listed := range c.dirs(ctx) {
			if listed != nil {
				yield(group{}, listed)
				return
			}
			if !until(g.id) {
				return
			}
			if more && v.ID == g.id {
				g.video, last = v, v.ID
				v, err, more = next()
			} else if g.video, err = c.find(ctx, last, g.id); err != nil { // it may be new
				yield(group{}, err)
				return
			}
			if !yield(g, nil) {
				return
			}
		}
		until("~") // past any id
	}
}

// rows goes through the videos after an id.
func (c *check) rows(ctx context.Context, after string) iter.Seq2[*models.Video, error] {
	const page = 100
	return func(yield func(*models.Video, error) bool) {
		for {
			videos, err := c.Store.EachVideo(ctx, after, page)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, v := range videos {
				if !yield(v, nil) {
					return
				}
				after = v.ID
			}
			if len(videos) < page {
				return
			}
		}
	}
}

// find looks for a video among those after an id. None is no error.
func (c *check) find(ctx context.Context, after, id string) (*models.Video, error) {
	for v, err := range c.rows(ctx, after) {
		if err != nil || v.ID == id {
			return v, err
		}
		if v.ID > id {
			break
		}
	}
	return nil, nil
}

// dirs goes through what lies below the prefixes of videos.
func (c *check) dirs(ctx context.Context) iter.Seq2[group, error] {
	return func(yield func(group, error) bool) {
		var g group
		for info, err := range blob.All(ctx, c.Blobs, "videos/") {
			if err != nil {
				yield(group{}, err)
				return
			}
			c.listed()
			m := runKey.FindStringSubmatch(info.Key)
			if m == nil {
				c.unknown(info.Key)
				continue
			}
			if m[1] != g.id {
				if g.id != "" && !yield(g, nil) {
					return
				}
				g = group{id: m[1]}
			}
			if len(g.dirs) == 0 || g.dirs[len(g.dirs)-1] != m[2] {
				g.dirs = append(g.dirs, m[2])
			}
		}
		if g.id != "" {
			yield(g, nil)
		}
	}
}

// orphan is about files below the prefix of a video that there is not. Ids are
// not given twice, so they will be nobody's.
func (c *check) orphan(ctx context.Context, g group) error {
	for _, dir := range g.dirs {
		prefix := "videos/" + g.id + "/" + dir + "/"
		if waits, err := c.discarded(ctx, prefix, "videos/"+g.id+"/"); waits || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := c.discard(ctx, Finding{Kind: Unreferenced, Video: g.id, Key: prefix, Message: "there is no such video"}); err != nil {
			return err
		}
	}
	return nil
}
