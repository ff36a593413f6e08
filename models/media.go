package models

import "time"

// MediaInfo is what probing found in a source.
type MediaInfo struct {
	Container string        `json:"container"`                  // one of the accepted containers, in FFmpeg's short names: "mov", "matroska", …
	Duration  time.Duration `json:"duration"`                   // as decoded once packaged; the header's claim before
	Claimed   time.Duration `json:"claimed_duration,omitempty"` // the header's claim for good, 0 where it makes none
	BitRate   int64         `json:"bit_rate,omitempty"`
	Streams   []Stream      `json:"streams"`
	Chapters  []MediaMark   `json:"chapters,omitempty"` // those of the container, not the ones Cuepoint writes
	Tags      Tags          `json:"tags,omitempty"`
}

// Tags are a container's or stream's metadata: at most 4 KiB of valid UTF-8
// each, without control characters.
type Tags map[string]string

// MediaMark is a named span in a container, such as a DVD or podcast chapter.
type MediaMark struct {
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
	Title string        `json:"title,omitempty"`
}

// StreamKind tells what a stream carries.
type StreamKind string

// The kinds of stream.
const (
	StreamVideo    StreamKind = "video"
	StreamAudio    StreamKind = "audio"
	StreamSubtitle StreamKind = "subtitle"
	StreamImage    StreamKind = "image" // an attached picture: cover art, never video
	StreamOther    StreamKind = "other"
)

// Stream is one elementary stream of a source.
type Stream struct {
	Index    int           `json:"index"` // in the container
	Kind     StreamKind    `json:"kind"`
	Codec    string        `json:"codec"` // FFmpeg's name, "" where it knows none
	Profile  string        `json:"profile,omitempty"`
	Language string        `json:"language,omitempty"` // as tagged, "" for undetermined
	Title    string        `json:"title,omitempty"`
	Default  bool          `json:"default,omitempty"`
	Forced   bool          `json:"forced,omitempty"`   // subtitles of foreign words alone
	Start    time.Duration `json:"start,omitempty"`    // relative to the container's start
	Duration time.Duration `json:"duration,omitempty"` // as the header claims
	BitRate  int64         `json:"bit_rate,omitempty"`

	// Video and image.
	Width       int    `json:"width,omitempty"`  // coded, in pixels, before rotation
	Height      int    `json:"height,omitempty"` // coded
	FrameRate   Ratio  `json:"frame_rate,omitzero"`
	VariableFPS bool   `json:"variable_frame_rate,omitempty"`
	SampleRatio Ratio  `json:"sample_aspect_ratio,omitzero"` // of one pixel; 1:1 where unset
	Rotation    int    `json:"rotation,omitempty"`           // clockwise degrees to apply for display: 0, 90, 180, 270
	PixelFormat string `json:"pixel_format,omitempty"`
	Color       Color  `json:"color,omitzero"`
	Interlaced  bool   `json:"interlaced,omitempty"`

	// Audio.
	SampleRate    int    `json:"sample_rate,omitempty"` // in hertz
	Channels      int    `json:"channels,omitempty"`
	ChannelLayout string `json:"channel_layout,omitempty"`

	Tags Tags `json:"tags,omitempty"`
}

// Color names a video stream's colour, in FFmpeg's names.
type Color struct {
	Primaries string `json:"primaries,omitempty"`
	Transfer  string `json:"transfer,omitempty"`
	Space     string `json:"space,omitempty"`
	Range     string `json:"range,omitempty"`
}

// Display returns the size in square pixels that a viewer sees: sample aspect
// ratio and rotation applied.
func (s *Stream) Display() (width, height int) {
	width, height = s.Width, s.Height
	if s.SampleRatio.Num > 0 && s.SampleRatio.Den > 0 {
		width = int(float64(width)*s.SampleRatio.Float() + 0.5)
	}
	if s.Rotation == 90 || s.Rotation == 270 {
		return height, width
	}
	return width, height
}

// First returns the stream of a kind to use where only one can be: the first
// one marked default, else the first. It is nil where there is none.
func (m *MediaInfo) First(kind StreamKind) *Stream {
	var first *Stream
	for i := range m.Streams {
		s := &m.Streams[i]
		if s.Kind != kind {
			continue
		}
		if s.Default {
			return s
		}
		if first == nil {
			first = s
		}
	}
	return first
}

// Ratio is a fraction such as a frame rate (30000/1001 per second) or an aspect.
type Ratio struct {
	Num int `json:"num"`
	Den int `json:"den"`
}

// Float is the ratio's value, 0 where it has none.
func (r Ratio) Float() float64 {
	if r.Den == 0 {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}
