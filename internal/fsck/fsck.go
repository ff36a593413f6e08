// Package fsck holds what a library's database says against the bytes that its
// blobs hold, tells what is wrong, and mends what it can. It runs no stage, and
// looks into no file beyond its hash.
package fsck

import (
	"context"
	"fmt"
	"sync"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/blob"
)

// Config says what is looked at, and how. Others may work with the library
// meanwhile: what changes while it is looked at is nothing wrong.
type Config struct {
	Store  store.Store
	Blobs  blob.Store
	Stages []string // that the pipeline knows

	Quick bool // compare what is there, and sizes where they are known, and read no bytes
	// Alone says that nobody else changes the library, so that no file is young
	// because its owner has yet to be written down.
	Alone  bool
	Mender Mender // nil to change nothing

	Found  func(Finding)    // hears of each finding, one at a time
	Looked func(videos int) // hears after each video how many were looked at; nil for nobody
}

// Mender brings stages to run. Both methods may be called twice.
type Mender interface {
	// Redo makes stages run again although they are done, and what rests on them.
	Redo(ctx context.Context, workspace, video string, stages []string) error

	// Replan makes due whatever in a video should be, and settles its state.
	Replan(ctx context.Context, workspace, video string) error
}

// Kind says what is wrong, from a closed list.
type Kind string

// The kinds of findings.
const (
	Missing      Kind = "missing"       // a source, captions, or a file of a result
	Damaged      Kind = "damaged"       // the same, with other bytes
	Unlisted     Kind = "unlisted"      // a file of a result that its list does not have
	BadArtifact  Kind = "bad_artifact"  // a row that names a file which its result does not have
	NoResult     Kind = "no_result"     // a stage that is done and has no result
	Stalled      Kind = "stalled"       // a video that waits for stages of which none will run
	Unreferenced Kind = "unreferenced"  // files that nobody refers to
	UnknownStage Kind = "unknown_stage" // a row of a stage that the pipeline does not have
	UnknownFile  Kind = "unknown_file"  // a file that is not one of ours
)

// Remark tells whether nothing is wrong after all: it is worth saying only.
func (k Kind) Remark() bool { return k == UnknownStage || k == UnknownFile }

// Finding is one thing that is wrong.
type Finding struct {
	Kind      Kind   `json:"kind"`
	Workspace string `json:"workspace,omitempty"`
	Video     string `json:"video,omitempty"`
	Stage     string `json:"stage,omitempty"`
	Key       string `json:"key,omitempty"` // of a blob, or a prefix of keys
	Message   string `json:"message"`       // what is wrong, for people
	Mended    bool   `json:"mended"`        // or will be, by a stage that runs again
	Advice    string `json:"advice"`        // what was done, or what to do
}

// Report is how a check went.
type Report struct {
	Videos  int `json:"videos"`  // looked at
	Blobs   int `json:"blobs"`   // listed
	Wrong   int `json:"wrong"`   // findings
	Mended  int `json:"mended"`  // of them
	Remarks int `json:"remarks"` // findings beside those, of what harms nobody
}

// Sound tells whether all that was wrong is mended.
func (r Report) Sound() bool { return r.Wrong == r.Mended }

// Check looks at a whole library. It holds a few videos in memory at a time.
// What it finds goes to [Config.Found]; an error is about the library, and the
// check can be run again. INVALID_ARGUMENT where mending would mean to delete
// all files because the database has no video: then it may be another library's.
func Check(ctx context.Context, cfg Config) (Report, error) {
	c := &check{Config: cfg}
	for _, part := range []func(context.Context) error{c.trust, c.elements, c.sources, c.videos} {
		if err := part(ctx); err != nil {
			return c.report, fmt.Errorf("check the library: %w", err)
		}
	}
	return c.report, nil
}

// trust refuses to mend by a database that is none, or another one.
func (c *check) trust(ctx context.Context) error {
	if c.Mender == nil {
		return nil
	}
	videos, err := c.Store.EachVideo(ctx, "", 1)
	if err != nil || len(videos) > 0 {
		return err
	}
	blobs, err := c.Blobs.List(ctx, "", "", 1)
	if err != nil || len(blobs) == 0 {
		return err
	}
	return models.Errorf(models.CodeInvalidArgument,
		"the database has no video, but there are files, and all of them would be deleted; check that --database and --blobs name the same library")
}

// workers is how many videos are looked at at once, and sources.
const workers = 4

// check is one check under way.
type check struct {
	Config

	mu     sync.Mutex
	report Report

	garbageMu sync.Mutex
	garbage   map[string]bool // prefixes and keys that were discarded, as of the last time they were read
}

// tell counts a finding and tells of it.
func (c *check) tell(f Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.Kind.Remark():
		c.report.Remarks++
	case f.Mended:
		c.report.Mended++
		fallthrough
	default:
		c.report.Wrong++
	}
	c.Found(f)
}

// looked counts a video.
func (c *check) looked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Videos++
	if c.Looked != nil {
		c.Looked(c.report.Videos)
	}
}

// listed counts a blob.
func (c *check) listed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Blobs++
}

// gone tells whether an error says that something is not there.
func gone(err error) bool { return models.ErrorCode(err) == models.CodeNotFound }
