package app

import (
	"strconv"

	"github.com/cuepoint/cuepoint/models"
)

// DocumentMedia is what a source holds.
type DocumentMedia struct {
	Container string            `json:"container"`
	Duration  Seconds           `json:"duration"`
	BitRate   int64             `json:"bitrate"`
	Streams   []DocumentStream  `json:"streams"`
	Chapters  []DocumentChapter `json:"chapters"`
	Tags      models.Tags       `json:"tags"`
}

// DocumentStream is one elementary stream of a source.
type DocumentStream struct {
	Index             int               `json:"index"`
	Kind              models.StreamKind `json:"kind"`
	Codec             string            `json:"codec"`
	Profile           string            `json:"profile,omitempty"`
	Language          string            `json:"language,omitempty"`
	Duration          Seconds           `json:"duration,omitempty"`
	Width             int               `json:"width,omitempty"`
	Height            int               `json:"height,omitempty"`
	FPS               float64           `json:"fps,omitempty"`
	VariableFPS       bool              `json:"variable_fps,omitempty"`
	Rotation          int               `json:"rotation,omitempty"`
	SampleAspectRatio string            `json:"sample_aspect_ratio,omitempty"`
	PixelFormat       string            `json:"pixel_format,omitempty"`
	Color             *models.Color     `json:"color,omitempty"`
	SampleRate        int               `json:"sample_rate,omitempty"`
	Channels          int               `json:"channels,omitempty"`
	ChannelLayout     string            `json:"channel_layout,omitempty"`
	Tags              models.Tags       `json:"tags,omitempty"`
}

func mediaDocument(m *models.MediaInfo) *DocumentMedia {
	d := &DocumentMedia{
		Container: m.Container, Duration: Seconds(m.Duration), BitRate: m.BitRate, Tags: m.Tags,
		Streams: []DocumentStream{}, Chapters: []DocumentChapter{},
	}
	for _, c := range m.Chapters {
		d.Chapters = append(d.Chapters, DocumentChapter{Start: Seconds(c.Start), End: Seconds(c.End), Title: c.Title})
	}
	for _, s := range m.Streams {
		stream := DocumentStream{
			Index: s.Index, Kind: s.Kind, Codec: s.Codec, Profile: s.Profile, Language: s.Language, Duration: Seconds(s.Duration),
			Width: s.Width, Height: s.Height, FPS: s.FrameRate.Float(), VariableFPS: s.VariableFPS,
			Rotation: s.Rotation, PixelFormat: s.PixelFormat,
			SampleRate: s.SampleRate, Channels: s.Channels, ChannelLayout: s.ChannelLayout, Tags: s.Tags,
		}
		if s.SampleRatio.Den > 0 {
			stream.SampleAspectRatio = strconv.Itoa(s.SampleRatio.Num) + ":" + strconv.Itoa(s.SampleRatio.Den)
		}
		if s.Color != (models.Color{}) {
			stream.Color = &s.Color
		}
		d.Streams = append(d.Streams, stream)
	}
	return d
}
