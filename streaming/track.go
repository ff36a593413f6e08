package streaming

import (
	"fmt"
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
	Segments  []segment

	Width, Height int          // as shown, in square pixels
	FrameRate     models.Ratio // of video
	Channels      int
	Language      string // BCP 47
	Label         string // for people
}

// segment is one file of a track. Its times are in the track's ticks from the
// beginning of the media, priming included.
type segment struct {
	Start, Duration int64
	Bytes           int64
	// Key is true where the first sample can be decoded without any before it.
	Key bool
}

const (
	initName     = "init.mp4"
	playlistName = "index.m3u8"
)

// segmentName is the file name of the segment of an index from 0.
func segmentName(i int) string { return fmt.Sprintf("%05d.m4s", i+1) }

func (t *track) initPath() string     { return path.Join(t.Name, initName) }
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

// peak is the highest bit rate of a segment. The last one does not count where
// it is shorter than half of the first: a rate over a moment says nothing
// (RFC 8216, 4.1 has players see half a target duration at least).
func (t *track) peak() int64 {
	rate := int64(0)
	for i, s := range t.Segments {
		d := t.shown(i)
		if i > 0 && i == len(t.Segments)-1 && d < t.shown(0)/2 || d <= 0 {
			continue
		}
		rate = max(rate, int64(float64(s.Bytes*8)/d.Seconds()))
	}
	return rate
}

// average is the bit rate of the whole track.
func (t *track) average() int64 {
	bytes := int64(0)
	for _, s := range t.Segments {
		bytes += s.Bytes
	}
	if d := t.duration(); d > 0 {
		return int64(float64(bytes*8) / d.Seconds())
	}
	return 0
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
	if trak.Edts != nil {
		for _, elst := range trak.Edts.Elst {
			if len(elst.Entries) > 0 {
				t.Priming = max(0, elst.Entries[0].MediaTime)
			}
		}
	}
	return nil
}

// audioObject reads the type of AAC from its configuration (ISO/IEC 14496-3, 1.6.2.1).
func audioObject(esds *mp4.EsdsBox) (int, error) {
	d := esds.DecConfigDescriptor
	if d == nil || d.DecSpecificInfo == nil || len(d.DecSpecificInfo.DecConfig) == 0 {
		return 0, fmt.Errorf("no AAC configuration")
	}
	return int(d.DecSpecificInfo.DecConfig[0] >> 3), nil
}
