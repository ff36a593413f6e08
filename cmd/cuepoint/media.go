package main

import (
	"strings"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// mediaDocument is what a source holds.
type mediaDocument struct {
	Container string            `json:"container"`
	Duration  seconds           `json:"duration"`
	BitRate   int64             `json:"bitrate"`
	Streams   []streamDocument  `json:"streams"`
	Chapters  []chapterDocument `json:"chapters"`
	Tags      map[string]string `json:"tags"`
}

// streamDocument is one elementary stream of a source.
type streamDocument struct {
	Index             int32             `json:"index"`
	Kind              models.StreamKind `json:"kind"`
	Codec             string            `json:"codec"`
	Profile           string            `json:"profile,omitempty"`
	Language          string            `json:"language,omitempty"`
	Duration          seconds           `json:"duration,omitempty"`
	Width             int32             `json:"width,omitempty"`
	Height            int32             `json:"height,omitempty"`
	FPS               float64           `json:"fps,omitempty"`
	VariableFPS       bool              `json:"variable_fps,omitempty"`
	Rotation          int32             `json:"rotation,omitempty"`
	SampleAspectRatio string            `json:"sample_aspect_ratio,omitempty"`
	PixelFormat       string            `json:"pixel_format,omitempty"`
	Color             *models.Color     `json:"color,omitempty"`
	SampleRate        int32             `json:"sample_rate,omitempty"`
	Channels          int32             `json:"channels,omitempty"`
	ChannelLayout     string            `json:"channel_layout,omitempty"`
	Tags              map[string]string `json:"tags,omitempty"`
}

// mediaOf is what a source holds, nil where nobody has looked yet.
func mediaOf(m *cuepointv1.MediaInfo) *mediaDocument {
	if m == nil {
		return nil
	}
	d := &mediaDocument{
		Container: m.GetContainer(), Duration: seconds(m.GetDuration().AsDuration()), BitRate: m.GetBitRate(), Tags: m.GetTags(),
		Streams: []streamDocument{}, Chapters: []chapterDocument{},
	}
	for _, c := range m.GetChapters() {
		d.Chapters = append(d.Chapters, chapterDocument{seconds(c.GetStartOffset().AsDuration()), seconds(c.GetEndOffset().AsDuration()), c.GetTitle()})
	}
	for _, s := range m.GetStreams() {
		d.Streams = append(d.Streams, streamOf(s))
	}
	return d
}

func streamOf(s *cuepointv1.MediaStream) streamDocument {
	d := streamDocument{
		Index: s.GetIndex(), Kind: models.StreamKind(word(s.GetKind().String(), "KIND_")), Codec: s.GetCodec(), Profile: s.GetProfile(),
		Language: s.GetLanguageCode(), Duration: seconds(s.GetDuration().AsDuration()),
		Width: s.GetWidth(), Height: s.GetHeight(), FPS: s.GetFrameRate(), VariableFPS: s.GetVariableFrameRate(),
		Rotation: s.GetRotation(), SampleAspectRatio: s.GetSampleAspectRatio(), PixelFormat: s.GetPixelFormat(),
		SampleRate: s.GetSampleRate(), Channels: s.GetChannels(), ChannelLayout: s.GetChannelLayout(), Tags: s.GetTags(),
	}
	if s.GetKind() == cuepointv1.MediaStream_KIND_UNSPECIFIED {
		d.Kind = models.StreamOther
	}
	color := models.Color{Primaries: s.GetColorPrimaries(), Transfer: s.GetColorTransfer(), Space: s.GetColorSpace(), Range: s.GetColorRange()}
	if color != (models.Color{}) {
		d.Color = &color
	}
	return d
}

// word is an enum's value as the command line writes it.
func word(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }
