package models

import (
	"encoding/json"
	"time"
)

// ArtifactKind tells what a published file is for.
type ArtifactKind string

// The kinds of artifact.
const (
	ArtifactHLS        ArtifactKind = "hls"        // the multivariant playlist; Data is Packaging
	ArtifactDASH       ArtifactKind = "dash"       // the MPD
	ArtifactSpeech     ArtifactKind = "speech"     // 16 kHz mono FLAC for engines, never served
	ArtifactCaptions   ArtifactKind = "captions"   // WebVTT, SRT, TXT or JSON by media type; Language is set
	ArtifactScores     ArtifactKind = "scores"     // shot scores as CSV
	ArtifactPoster     ArtifactKind = "poster"     // the picture that stands for the video
	ArtifactThumbnail  ArtifactKind = "thumbnail"  // one per shot, at Time
	ArtifactStoryboard ArtifactKind = "storyboard" // WebVTT over sprite sheets
	ArtifactSprite     ArtifactKind = "sprite"     // one sheet of a storyboard
	ArtifactChapters   ArtifactKind = "chapters"   // WebVTT
)

// Artifact is a file that a stage published. Its bytes lie among the blobs, with
// those of the run's other files: see [RunPrefix].
type Artifact struct {
	VideoID  string
	Stage    string
	Run      string
	Kind     ArtifactKind
	Path     string // within the run's directory, slash-separated
	Type     string // media type
	Language string // BCP 47, where it has one
	Time     time.Duration
	Width    int
	Height   int
	Data     json.RawMessage
}

// RunPrefix is what the keys of all files of a run begin with.
func RunPrefix(video, stage, run string) string {
	return "videos/" + video + "/" + stage + "@" + run + "/"
}

// Key names the artifact's bytes among the blobs.
func (a *Artifact) Key() string { return RunPrefix(a.VideoID, a.Stage, a.Run) + a.Path }

// Packaging is what the ladder turned out to be: the Data of the HLS artifact.
type Packaging struct {
	Duration   time.Duration `json:"duration"` // measured
	Renditions []Rendition   `json:"renditions"`
}

// Rendition is one encoding of a video's picture or sound.
type Rendition struct {
	Name      string     `json:"name"` // "720p", "audio-en"; also its directory
	Kind      StreamKind `json:"kind"`
	Width     int        `json:"width"`  // 0 for sound
	Height    int        `json:"height"` // 0 for sound
	FrameRate float64    `json:"frame_rate,omitempty"`
	Bitrate   int64      `json:"bitrate"` // measured peak over a segment, bits per second
	Average   int64      `json:"average"` // measured, bits per second
	Codecs    string     `json:"codecs"`  // RFC 6381
	Language  string     `json:"language,omitempty"`
	Channels  int        `json:"channels,omitempty"`
}

// Poster returns the picture that stands for a video: of its pictures the nearest
// to where its owner has it, or else the best one. nil where none were made.
func Poster(v *Video, artifacts []Artifact) (nearest *Artifact) {
	for i := range artifacts {
		switch a := &artifacts[i]; {
		case a.Kind != ArtifactPoster && (v.Poster == nil || a.Kind != ArtifactThumbnail):
		case nearest == nil, v.Poster != nil && (a.Time-*v.Poster).Abs() < (nearest.Time-*v.Poster).Abs():
			nearest = a
		}
	}
	return nearest
}

// Thumbnail returns the thumbnail that was taken within a span of time, or nil.
func Thumbnail(artifacts []Artifact, start, end time.Duration) *Artifact {
	for i := range artifacts {
		if a := &artifacts[i]; a.Kind == ArtifactThumbnail && start <= a.Time && a.Time < end {
			return a
		}
	}
	return nil
}
