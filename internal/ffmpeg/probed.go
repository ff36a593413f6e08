package ffmpeg

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
)

// probed is what ffprobe prints as JSON.
type probed struct {
	Streams  []probedStream  `json:"streams"`
	Chapters []probedChapter `json:"chapters"`
	Format   struct {
		StartTime string            `json:"start_time"`
		Duration  string            `json:"duration"`
		BitRate   string            `json:"bit_rate"`
		Tags      map[string]string `json:"tags"`
	} `json:"format"`
}

type probedChapter struct {
	Start string            `json:"start_time"`
	End   string            `json:"end_time"`
	Tags  map[string]string `json:"tags"`
}

type probedStream struct {
	Index         int               `json:"index"`
	CodecType     string            `json:"codec_type"`
	CodecName     string            `json:"codec_name"`
	CodecTag      string            `json:"codec_tag_string"`
	Profile       string            `json:"profile"`
	Width         int               `json:"width"`
	Height        int               `json:"height"`
	SampleRatio   string            `json:"sample_aspect_ratio"`
	PixelFormat   string            `json:"pix_fmt"`
	FieldOrder    string            `json:"field_order"`
	ColorRange    string            `json:"color_range"`
	ColorSpace    string            `json:"color_space"`
	ColorTransfer string            `json:"color_transfer"`
	Primaries     string            `json:"color_primaries"`
	BaseRate      string            `json:"r_frame_rate"`
	AverageRate   string            `json:"avg_frame_rate"`
	SampleRate    string            `json:"sample_rate"`
	Channels      int               `json:"channels"`
	ChannelLayout string            `json:"channel_layout"`
	StartTime     string            `json:"start_time"`
	Duration      string            `json:"duration"`
	BitRate       string            `json:"bit_rate"`
	Disposition   map[string]int    `json:"disposition"`
	Tags          map[string]string `json:"tags"`
	SideData      []struct {
		Type     string  `json:"side_data_type"`
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

// encryptedTags are the sample entries of protected streams: Common Encryption
// (ISO/IEC 23001-7) and Apple's FairPlay.
var encryptedTags = map[string]bool{"encv": true, "enca": true, "drms": true, "drmi": true, "p608": true}

func (s *probedStream) encrypted() bool {
	for _, d := range s.SideData {
		if strings.HasPrefix(d.Type, "Encryption") {
			return true
		}
	}
	return encryptedTags[s.CodecTag]
}

func (s *probedStream) kind() models.StreamKind {
	switch {
	case s.CodecType == "video" && (s.Disposition["attached_pic"] == 1 || s.Disposition["timed_thumbnails"] == 1):
		return models.StreamImage
	case s.CodecType == "video":
		return models.StreamVideo
	case s.CodecType == "audio":
		return models.StreamAudio
	case s.CodecType == "subtitle":
		return models.StreamSubtitle
	}
	return models.StreamOther
}

// codec is FFmpeg's name, "" where it knows none.
func (s *probedStream) codec() string {
	if s.CodecName == "unknown" || s.CodecName == "none" {
		return ""
	}
	return s.CodecName
}

func (s *probedStream) codecForPeople() string {
	if name := s.codec(); name != "" {
		return name
	}
	return "tagged " + clean(s.CodecTag, 32)
}

// sinceZero are the containers whose muxers write as the duration where the file
// ends, though its times may begin late, as in a cut of a live recording.
var sinceZero = map[string]bool{MOV: true, Matroska: true, FLV: true}

// media turns ffprobe's answer into ours.
func (p *probed) media(container string, decoders map[string]bool, l Limits) *models.MediaInfo {
	m := &models.MediaInfo{
		Container: container,
		Duration:  max(0, seconds(p.Format.Duration)),
		BitRate:   integer(p.Format.BitRate),
		Tags:      tags(p.Format.Tags, l),
	}
	start := seconds(p.Format.StartTime)
	if sinceZero[container] && start > 0 && start < m.Duration {
		m.Duration -= start
	}
	for i := range p.Streams {
		s := p.Streams[i].stream(start, l)
		lost := s.Kind == models.StreamVideo && (s.Width <= 0 || s.Height <= 0) ||
			s.Kind == models.StreamAudio && s.Channels <= 0
		if p.Streams[i].encrypted() || lost || !decoders[s.Codec] && s.Kind != models.StreamSubtitle {
			s.Kind = models.StreamOther
		}
		m.Streams = append(m.Streams, s)
	}
	for _, c := range p.Chapters[:min(len(p.Chapters), l.Chapters)] {
		mark := models.MediaMark{Start: max(0, seconds(c.Start)-start), End: max(0, seconds(c.End)-start)}
		mark.Title = clean(tag(c.Tags, "title"), l.TagBytes)
		m.Chapters = append(m.Chapters, mark)
	}
	return m
}

func (s *probedStream) stream(start time.Duration, l Limits) models.Stream {
	out := models.Stream{
		Index:    s.Index,
		Kind:     s.kind(),
		Codec:    s.codec(),
		Profile:  known(s.Profile),
		Language: language(s.Tags),
		Title:    clean(tag(s.Tags, "title"), l.TagBytes),
		Default:  s.Disposition["default"] == 1,
		Forced:   s.Disposition["forced"] == 1,
		Start:    seconds(s.StartTime) - start,
		Duration: max(0, seconds(s.Duration)),
		BitRate:  integer(s.BitRate),
		Tags:     tags(s.Tags, l),
	}
	if s.StartTime == "" {
		out.Start = 0
	}
	switch s.CodecType {
	case "video":
		s.picture(&out)
	case "audio":
		out.SampleRate = int(integer(s.SampleRate))
		out.Channels = s.Channels
		out.ChannelLayout = known(s.ChannelLayout)
	}
	return out
}

func (s *probedStream) picture(out *models.Stream) {
	out.Width, out.Height = s.Width, s.Height
	out.SampleRatio = ratio(s.SampleRatio, ":")
	if out.SampleRatio.Num <= 0 || out.SampleRatio.Den <= 0 {
		out.SampleRatio = models.Ratio{Num: 1, Den: 1}
	}
	base, average := ratio(s.BaseRate, "/"), ratio(s.AverageRate, "/")
	out.FrameRate = average
	if average.Num == 0 {
		out.FrameRate = base
	}
	out.VariableFPS = base.Num > 0 && average.Num > 0 && math.Abs(base.Float()/average.Float()-1) > 0.01
	out.PixelFormat = known(s.PixelFormat)
	out.Color = models.Color{
		Primaries: known(s.Primaries), Transfer: known(s.ColorTransfer),
		Space: known(s.ColorSpace), Range: known(s.ColorRange),
	}
	out.Interlaced = map[string]bool{"tt": true, "bb": true, "tb": true, "bt": true}[s.FieldOrder]
	for _, d := range s.SideData {
		if d.Type == "Display Matrix" { // its angle is counterclockwise
			out.Rotation = (int(math.Round(-d.Rotation/90))%4 + 4) % 4 * 90
		}
	}
}

// known drops the words by which ffprobe says that it does not know.
func known(s string) string {
	switch s {
	case "unknown", "unspecified", "reserved", "N/A":
		return ""
	}
	return clean(s, 64)
}

// seconds reads a time such as "12.345", 0 where there is none.
func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt64/float64(time.Second)/4 {
		return 0
	}
	return time.Duration(math.Round(f * float64(time.Second)))
}

func integer(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// ratio reads a fraction such as "30000/1001", the zero Ratio where it is none.
func ratio(s, separator string) models.Ratio {
	num, den, _ := strings.Cut(s, separator)
	n, d := integer(num), integer(den)
	if n <= 0 || d <= 0 || n > math.MaxInt32 || d > math.MaxInt32 {
		return models.Ratio{}
	}
	return models.Ratio{Num: int(n), Den: int(d)}
}

// tag looks a tag up whatever its case is.
func tag(tags map[string]string, key string) string {
	for k, v := range tags {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

func language(tags map[string]string) string {
	switch l := clean(tag(tags, "language"), 35); strings.ToLower(l) {
	case "und", "unk", "zxx", "mis":
		return ""
	default:
		return l
	}
}

func tags(all map[string]string, l Limits) models.Tags {
	out := models.Tags{}
	for k, v := range all {
		if k, v = clean(k, 256), clean(v, l.TagBytes); k != "" && v != "" {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// clean returns at most limit bytes of s as valid UTF-8 without control characters.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
