package vision

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// Engine looks at videos.
type Engine interface {
	// Shots finds the shots of a video. The input is a file that FFmpeg may
	// open, of any size; a small one is as good. NO_MEDIA where it has no
	// picture that can be read.
	Shots(ctx context.Context, r ShotsRequest, progress func(float64)) (*ShotsResult, error)

	// Thumbs makes the pictures that stand for a video, its shots and its
	// course, and writes them to a directory. NO_MEDIA as above.
	Thumbs(ctx context.Context, r ThumbsRequest, progress func(float64)) (*ThumbsResult, error)
}

// ShotsRequest are the parameters of method "shots".
type ShotsRequest struct {
	Input    string        `json:"input"`              // absolute path
	Rate     models.Ratio  `json:"rate"`               // frames per second to look at; the video's own
	Portrait bool          `json:"portrait,omitempty"` // higher than wide
	Duration time.Duration `json:"duration"`           // of the timeline; frames past it are left out
	Scores   string        `json:"scores,omitempty"`   // path to write the scores to, as CSV
}

// ShotsResult is the result of method "shots".
type ShotsResult struct {
	Shots  []models.Shot `json:"shots"`  // from 0 to the duration, without a gap
	Frames int           `json:"frames"` // looked at
}

// ThumbsRequest are the parameters of method "thumbs".
type ThumbsRequest struct {
	Input    string        `json:"input"` // absolute path; large enough for a poster
	Rate     models.Ratio  `json:"rate"`  // the video's own
	Width    int           `json:"width"` // as displayed, in square pixels
	Height   int           `json:"height"`
	Duration time.Duration `json:"duration"`
	Shots    []models.Shot `json:"shots"` // in order
	Dir      string        `json:"dir"`   // where to write, an existing directory
}

// ThumbsResult is the result of method "thumbs". Paths are relative to the directory.
type ThumbsResult struct {
	Poster     Image   `json:"poster"`
	Thumbs     []Image `json:"thumbs"`     // one for each shot
	Storyboard string  `json:"storyboard"` // WebVTT
	Sheets     []Image `json:"sheets"`     // that the storyboard points into
}

// Image is a JPEG file.
type Image struct {
	Path   string        `json:"path"`
	Time   time.Duration `json:"time"` // of the frame that it shows, or the first one
	Width  int           `json:"width"`
	Height int           `json:"height"`
}
