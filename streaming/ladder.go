package streaming

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/cuepoint/cuepoint/internal/ffmpeg"
	"github.com/cuepoint/cuepoint/models"
)

// Ladder is what to make of a source: the renditions and the grid of frames and
// segments that all of them share. [Plan] makes one.
type Ladder struct {
	Container string
	// Duration is where the last stream that is used ends.
	Duration time.Duration
	Video    *Video // nil for audio-only sources
	Audio    []Audio
}

// Video is the picture and its rungs, highest first. All rungs have the same
// frames at the same times.
type Video struct {
	Stream    models.Stream
	FrameRate models.Ratio // constant
	GOP       int          // frames from one keyframe to the next: 2 s, rounded to a frame
	Rungs     []Rung
	// Shift puts the pictures onto the grid of constant frames: half a frame at
	// most, where they keep to a grid of their own.
	Shift time.Duration
	// Hold is how long the last picture stays, for sound that goes on.
	Hold time.Duration
}

// Rung is one size of the picture.
type Rung struct {
	Name          string // its shorter side, such as "720p"
	Width, Height int    // coded, even
	// SampleRatio of its pixels is 1:1 unless an even size cannot show the
	// source's shape.
	SampleRatio models.Ratio
	Ceiling     int // bits per second that no segment is to exceed
}

// Audio is one soundtrack's rendition: AAC at 48 kHz.
type Audio struct {
	Stream   models.Stream
	Name     string // of its directory: "audio", "audio-de", "audio-2"
	Label    string // for people
	Language string // BCP 47, "" where unknown
	Channels int    // 1 or 2
	Bitrate  int
	// Mix says that nobody knows where its channels stand, as on a recorder's
	// many tracks: all of them are heard, in the middle.
	Mix bool
	// Pad is silence to add at its end, for a picture that goes on.
	Pad time.Duration
}

const (
	gopSeconds    = 2
	gopsInSegment = 3 // segments of 6 s
	audioRate     = 48000
	audioFrame    = 1024 // samples in one frame of AAC
	speechRate    = 16000
	maxAudio      = 8
	maxSide       = 4096 // browsers' decoders take no more
	maxRate       = 60

	slack = 15 * time.Millisecond // what streams may differ by at either end
)

// heights are the rungs by their shorter side, with their ceilings.
var heights = []struct{ side, ceiling int }{
	{1080, 5_000_000}, {720, 2_800_000}, {480, 1_400_000}, {360, 800_000},
}

// Plan decides what to make of a source, from what its header says and what
// scanning its timestamps found. NO_MEDIA where no stream has a packet.
func Plan(media *models.MediaInfo, scan *ffmpeg.Scan) (*Ladder, error) {
	l := &Ladder{Container: media.Container}
	if s := pick(media, scan); s != nil {
		span := scan.Streams[s.Index]
		l.Video = planVideo(*s, span)
		l.Duration = span.End + l.Video.Shift
	}
	for _, s := range soundtracks(media, scan) {
		l.Audio = append(l.Audio, planAudio(s, l.Audio))
		l.Duration = max(l.Duration, scan.Streams[s.Index].End)
	}
	if l.Video == nil && len(l.Audio) == 0 || l.Duration <= 0 {
		return nil, models.Errorf(models.CodeNoMedia,
			"the file holds neither picture nor sound; it may be damaged: export or download it again")
	}
	if v := l.Video; v != nil {
		v.Hold = missing(l.Duration, scan.Streams[v.Stream.Index].End+v.Shift)
	}
	for i := range l.Audio {
		a := &l.Audio[i]
		a.Pad = missing(l.Duration, scan.Streams[a.Stream.Index].End)
	}
	return l, nil
}

// missing is what a stream lacks at its end, where that is worth filling.
func missing(end, own time.Duration) time.Duration {
	if end-own <= slack {
		return 0
	}
	return end - own
}

// pick returns the video stream to show: the default one where it has packets.
func pick(media *models.MediaInfo, scan *ffmpeg.Scan) *models.Stream {
	there := models.MediaInfo{Streams: slices.DeleteFunc(slices.Clone(media.Streams), func(s models.Stream) bool {
		return scan.Streams[s.Index].Packets == 0
	})}
	return there.First(models.StreamVideo)
}

// soundtracks returns the audio streams that have packets, the default one first.
func soundtracks(media *models.MediaInfo, scan *ffmpeg.Scan) []models.Stream {
	var out []models.Stream
	for _, s := range media.Streams {
		if s.Kind == models.StreamAudio && scan.Streams[s.Index].Packets > 0 {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b models.Stream) int {
		switch {
		case a.Default == b.Default:
			return 0
		case a.Default:
			return -1
		}
		return 1
	})
	return out[:min(len(out), maxAudio)]
}

func planVideo(s models.Stream, span ffmpeg.Span) *Video {
	v := &Video{Stream: s, FrameRate: gridRate(s, span)}
	v.GOP = max(1, int(math.Round(gopSeconds*v.FrameRate.Float())))
	v.Shift = shift(v.FrameRate, span)
	width, height := s.Display()
	width, height = max(1, width), max(1, height)
	for _, h := range heights {
		if h.side > min(width, height) {
			continue
		}
		r := largest(width, height, float64(h.side)/float64(min(width, height)), h.ceiling)
		if last := len(v.Rungs) - 1; last < 0 || r.Width < v.Rungs[last].Width && r.Height < v.Rungs[last].Height {
			v.Rungs = append(v.Rungs, r)
		}
	}
	if len(v.Rungs) == 0 {
		v.Rungs = []Rung{largest(width, height, 1, heights[len(heights)-1].ceiling)}
	}
	return v
}

// largest is a rung of a picture at a scale, or below it where more is beyond
// what decoders of level 4.2 take (ISO/IEC 14496-10, A.3.4): 8704 macroblocks in
// a frame, which at 60 frames per second is the most in a second too.
func largest(width, height int, scale float64, ceiling int) Rung {
	const most = 8704
	scale = min(scale, maxSide/float64(max(width, height)))
	r := newRung(width, height, scale, ceiling)
	for blocks(r.Width)*blocks(r.Height) > most {
		scale *= 0.995
		r = newRung(width, height, scale, ceiling)
	}
	return r
}

// blocks is how many macroblocks cover a side.
func blocks(side int) int { return (side + 15) / 16 }

func newRung(width, height int, scale float64, ceiling int) Rung {
	r := Rung{
		Width:       even(float64(width)*scale, width),
		Height:      even(float64(height)*scale, height),
		SampleRatio: models.Ratio{Num: 1, Den: 1},
		Ceiling:     ceiling,
	}
	r.Name = strconv.Itoa(min(r.Width, r.Height)) + "p"
	shape := float64(width) / float64(height)
	if off := float64(r.Width) / float64(r.Height) / shape; math.Abs(off-1) > 0.005 {
		r.SampleRatio = reduce(width*r.Height, height*r.Width)
	}
	return r
}

// even rounds to a number of pixels that 4:2:0 can have, not above limit unless
// that is 1.
func even(x float64, limit int) int {
	n := int(math.Round(x/2)) * 2
	if n > limit {
		n -= 2
	}
	return max(n, 2)
}

// reduce returns a fraction that fits the fields of H.264 (16 bits each).
func reduce(num, den int) models.Ratio {
	for a, b := num, den; ; {
		if b == 0 {
			num, den = num/a, den/a
			break
		}
		a, b = b, a%b
	}
	for num > math.MaxUint16 || den > math.MaxUint16 {
		num, den = (num+1)/2, (den+1)/2
	}
	return models.Ratio{Num: num, Den: den}
}

func planAudio(s models.Stream, before []Audio) Audio {
	a := Audio{Stream: s, Channels: min(max(s.Channels, 1), 2), Language: bcp47(s.Language)}
	if a.Mix = s.Channels > 2 && placeless(s.ChannelLayout); a.Mix {
		a.Channels = 1
	}
	switch {
	case a.Channels == 1:
		a.Bitrate = 96_000
	case s.Channels == 2:
		a.Bitrate = 128_000
	default:
		a.Bitrate = 192_000
	}
	base := "audio"
	if a.Language != "" {
		base += "-" + strings.ToLower(a.Language)
	}
	a.Label = s.Title
	if a.Label == "" && a.Language != "" {
		a.Label = display.Self.Name(language.Make(a.Language)) // "Deutsch"
	}
	a.Name = unique(base, func(name string) bool {
		return slices.ContainsFunc(before, func(b Audio) bool { return b.Name == name })
	})
	if a.Label == "" {
		a.Label = fmt.Sprintf("Audio %d", len(before)+1)
	}
	a.Label = unique(a.Label, func(label string) bool {
		return slices.ContainsFunc(before, func(b Audio) bool { return b.Label == label })
	})
	return a
}

// placeless tells whether a layout gives channels no place: "", "10 channels",
// "ambisonic 2".
func placeless(layout string) bool {
	return layout == "" || strings.HasSuffix(layout, "channels") || strings.HasPrefix(layout, "ambisonic")
}

// unique appends the first number that makes a name one that is not taken.
func unique(base string, taken func(string) bool) string {
	name := base
	for n := 2; taken(name); n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	return name
}

// bcp47 turns the three letters of containers into a language tag: "ger" into "de".
func bcp47(tagged string) string {
	tag, err := language.Parse(tagged)
	if err != nil || tag == language.Und {
		return ""
	}
	return tag.String()
}

// segment is how many seconds a segment takes, as a fraction.
func (l *Ladder) segment() models.Ratio {
	if l.Video == nil {
		return models.Ratio{Num: gopSeconds * gopsInSegment, Den: 1}
	}
	v := l.Video
	return models.Ratio{Num: gopsInSegment * v.GOP * v.FrameRate.Den, Den: v.FrameRate.Num}
}
