package streaming

import (
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// tracks are two rungs and two soundtracks of 13 s at 23.976 frames per second.
func tracks() []*track {
	var out []*track
	for _, r := range []struct {
		name          string
		width, height int
		bytes         int64
	}{{"720p", 1280, 720, 2_000_000}, {"360p", 640, 360, 500_000}} {
		t := &track{
			Name: r.name, Kind: models.StreamVideo, Codec: "avc1.64001f", Timescale: 24000,
			Width: r.width, Height: r.height, FrameRate: models.Ratio{Num: 24000, Den: 1001},
		}
		for i, frames := range []int64{144, 144, 24} {
			t.Segments = append(t.Segments, segment{
				Start: int64(i) * 144 * 1001, Duration: frames * 1001, Bytes: r.bytes * frames / 144, Key: true,
			})
		}
		out = append(out, t)
	}
	for _, a := range []struct{ name, label, language string }{{"audio-en", "en", "en"}, {"audio", `the "other" one`, ""}} {
		out = append(out, &track{
			Name: a.name, Kind: models.StreamAudio, Codec: "mp4a.40.2", Timescale: 48000, Priming: 1024,
			Channels: 2, Language: a.language, Label: a.label,
			Segments: []segment{
				{Start: 0, Duration: 283 * 1024, Bytes: 96_000, Key: true},
				{Start: 283 * 1024, Duration: 281 * 1024, Bytes: 95_000, Key: true},
				{Start: 564 * 1024, Duration: 47 * 1024, Bytes: 16_000, Key: true},
			},
		})
	}
	return out
}

func TestPlaylists(t *testing.T) {
	t.Parallel()
	all := tracks()
	golden(t, "master.m3u8", masterPlaylist(all))
	golden(t, "video.m3u8", mediaPlaylist(all[0]))
	golden(t, "audio.m3u8", mediaPlaylist(all[2]))
	golden(t, "manifest.mpd", manifest(all))
	golden(t, "silent.m3u8", masterPlaylist(all[:2]))
	golden(t, "sound.m3u8", masterPlaylist(all[2:3]))
	golden(t, "sounds.m3u8", masterPlaylist(all[2:]))
}

func TestPeakIsOfNeighboursThatTogetherLastHalfATargetDuration(t *testing.T) {
	t.Parallel()
	seconds := func(lengths ...int64) *track {
		tr := &track{Timescale: 1}
		at := int64(0)
		for _, d := range lengths {
			tr.Segments = append(tr.Segments, segment{Start: at, Duration: d, Bytes: 1000 * d})
			at += d
		}
		return tr
	}
	even := seconds(6, 6, 6)
	if got := even.peak(); got != 8000 {
		t.Errorf("even segments: %d", got)
	}
	burst := seconds(6, 6, 1)
	burst.Segments[2].Bytes = 100_000 // counts together with its neighbour
	if got, want := burst.peak(), bitrate(106_000, 7*time.Second); got != want {
		t.Errorf("a burst at the end: %d, want %d", got, want)
	}
	short := seconds(1)
	if got := short.peak(); got != 8000 {
		t.Errorf("a short video: %d", got)
	}
}

func TestShownTimesAddUpWithoutDrift(t *testing.T) {
	t.Parallel()
	for _, tr := range tracks() {
		sum := time.Duration(0)
		for i := range tr.Segments {
			sum += tr.shown(i)
		}
		if (sum - tr.duration()).Abs() > time.Duration(len(tr.Segments)) {
			t.Errorf("%s: %v, not %v", tr.Name, sum, tr.duration())
		}
	}
}
