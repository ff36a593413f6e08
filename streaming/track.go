package streaming

import (
	"fmt"
	"math"
	"path"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/cuepoint/cuepoint/models"
)

// track is one rendition as it came out: everything that playlists say is
// taken from here, and everything here from the bytes that were written.
type track struct {
	Name      string // its directory
	Kind      models.StreamKind
	Codec     string // RFC 6381
	Timescale int64  // ticks per second
	Priming   int64  // ticks of sound before time 0, which players drop (ISO/IEC 14496-12, 8.6.6)
	Lead      int    // frames of silence that sound needs first, as it begins late
	Segments  []segment

	Width, Height int          // as shown, in square pixels
	FrameRate     models.Ratio // of video
	GOP           int          // frames of video from one keyframe to the next
	Channels      int
	Language      string // BCP 47
	Label         string // for people
}

// segment is one file of a track. Its times are in the track's ticks from the
// beginning of the media, priming included.
type segment struct {
	Start, Duration int64
	Bytes           int64
	// Key is true where the first sample can be decoded without any before it,
	// and of pictures the first of every further GOP, but no other.
	Key bool
}

const (
	initName     = "init.mp4"
	playlistName = "index.m3u8"
)

// segmentName is the file name of the segment of an index from 0.
func segmentName(i int) string { return fmt.Sprintf("%05d.m4s", i+1) }

func (t *track) playlistPath() string { return path.Join(t.Name, playlistName) }

// ticks turns ticks into time.
func (t *track) ticks(n int64) time.Duration {
	whole, part := n/t.Timescale, n%t.Timescale
	return time.Duration(whole)*time.Second + time.Duration(part)*time.Second/time.Duration(t.Timescale)
}

// shown is how long a segment plays: what of it is not priming.
func (t *track) shown(i int) time.Duration {
	s := t.Segments[i]
	if i == 0 {
		return t.ticks(s.Duration - t.Priming)
	}
	return t.ticks(s.Start+s.Duration-t.Priming) - t.ticks(s.Start-t.Priming)
}

// duration is where the track ends on the video's timeline.
func (t *track) duration() time.Duration {
	if len(t.Segments) == 0 {
		return 0
	}
	last := t.Segments[len(t.Segments)-1]
	return t.ticks(last.Start + last.Duration - t.Priming)
}

// peak is the highest bit rate of neighbouring segments that together last
// between half and one and a half times the target duration (RFC 8216, 4.1).
func (t *track) peak() int64 {
	rate, target := t.average(), t.target()
	for first := range t.Segments {
		bytes, length := int64(0), time.Duration(0)
		for i := first; i < len(t.Segments) && length+t.shown(i) <= target*3/2; i++ {
			bytes += t.Segments[i].Bytes
			if length += t.shown(i); length >= target/2 {
				rate = max(rate, bitrate(bytes, length))
			}
		}
	}
	return rate
}

// target is the longest segment's duration to the nearest second, 1 s at least
// (RFC 8216, 4.3.3.1).
func (t *track) target() time.Duration {
	target := time.Second
	for i := range t.Segments {
		target = max(target, t.shown(i).Round(time.Second))
	}
	return target
}

// average is the bit rate of the whole track.
func (t *track) average() int64 {
	bytes := int64(0)
	for _, s := range t.Segments {
		bytes += s.Bytes
	}
	return bitrate(bytes, t.duration())
}

func bitrate(bytes int64, over time.Duration) int64 {
	if over <= 0 {
		return 0
	}
	return int64(math.Round(float64(bytes*8) / over.Seconds()))
}

// describe reads from an initialization segment what it alone knows.
func (t *track) describe(moov *mp4.MoovBox) error {
	trak := moov.Trak
	if trak == nil || trak.Mdia == nil || trak.Mdia.Mdhd == nil || trak.Mdia.Minf == nil || trak.Mdia.Minf.Stbl == nil {
		return fmt.Errorf("%s: no track in its initialization segment", t.Name)
	}
	t.Timescale = int64(trak.Mdia.Mdhd.Timescale)
	stsd := trak.Mdia.Minf.Stbl.Stsd
	switch {
	case t.Timescale == 0 || stsd == nil:
		return fmt.Errorf("%s: its initialization segment is incomplete", t.Name)
	case stsd.AvcX != nil && stsd.AvcX.AvcC != nil:
		c := stsd.AvcX.AvcC
		t.Codec = fmt.Sprintf("avc1.%02x%02x%02x", c.AVCProfileIndication, c.ProfileCompatibility, c.AVCLevelIndication)
	case stsd.Mp4a != nil && stsd.Mp4a.Esds != nil:
		object, err := audioObject(stsd.Mp4a.Esds)
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
		t.Codec = fmt.Sprintf("mp4a.40.%d", object)
	default:
		return fmt.Errorf("%s: a codec that was not asked for", t.Name)
	}
	t.cleanEdits(moov)
	return nil
}

// cleanEdits leaves a track's edit list nothing but where its media begins:
// priming of sound, reordering delay of pictures. Few players heed an empty
// edit: for sound, frames of silence take its place, of which the priming cuts
// off what is too much.
func (t *track) cleanEdits(moov *mp4.MoovBox) {
	if moov.Trak.Edts == nil || len(moov.Trak.Edts.Elst) == 0 {
		return
	}
	elst := moov.Trak.Edts.Elst[0]
	empty := int64(0) // in ticks of the movie
	for _, e := range elst.Entries {
		if e.MediaTime < 0 {
			empty += int64(e.SegmentDuration)
			continue
		}
		if t.Kind == models.StreamAudio && moov.Mvhd != nil && moov.Mvhd.Timescale > 0 {
			late := empty * t.Timescale / int64(moov.Mvhd.Timescale)
			t.Lead = int((late + audioFrame - 1) / audioFrame)
			e.MediaTime += int64(t.Lead)*audioFrame - late
			t.Priming = e.MediaTime
		}
		e.SegmentDuration = 0
		elst.Entries = []mp4.ElstEntry{e}
		return
	}
}

// audioObject reads the type of AAC from its configuration (ISO/IEC 14496-3, 1.6.2.1).
func audioObject(esds *mp4.EsdsBox) (int, error) {
	d := esds.DecConfigDescriptor
	if d == nil || d.DecSpecificInfo == nil || len(d.DecSpecificInfo.DecConfig) == 0 {
		return 0, fmt.Errorf("no AAC configuration")
	}
	return int(d.DecSpecificInfo.DecConfig[0] >> 3), nil
}
