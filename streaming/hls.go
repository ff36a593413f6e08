package streaming

import (
	"fmt"
	"strings"

	"github.com/cuepoint/cuepoint/models"
)

// audioGroup is the name by which variants refer to the soundtracks.
const audioGroup = "audio"

// masterPlaylist writes the multivariant playlist (RFC 8216, 4.3.4): a variant
// per rung, highest first, with the soundtracks as alternatives of each other.
func masterPlaylist(tracks []*track) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	video, audio := split(tracks)
	group, peak, average, codec := "", int64(0), int64(0), ""
	if len(audio) > 0 && (len(video) > 0 || len(audio) > 1) {
		b.WriteString("\n")
		for i, t := range audio {
			b.WriteString(mediaTag(t, i == 0))
			peak, average = max(peak, t.peak()), max(average, t.average())
		}
		group, codec = fmt.Sprintf(",AUDIO=%q", audioGroup), ","+audio[0].Codec
	}
	b.WriteString("\n")
	for _, t := range video {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=%q,RESOLUTION=%dx%d,FRAME-RATE=%.3f%s\n%s\n",
			t.peak()+peak, t.average()+average, t.Codec+codec, t.Width, t.Height, t.FrameRate.Float(), group, t.playlistPath())
	}
	if len(video) == 0 {
		t := audio[0]
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=%q%s\n%s\n",
			max(peak, t.peak()), max(average, t.average()), t.Codec, group, t.playlistPath())
	}
	return b.String()
}

// mediaTag offers a soundtrack (RFC 8216, 4.3.4.1).
func mediaTag(t *track, first bool) string {
	language, isDefault := "", "NO"
	if t.Language != "" {
		language = fmt.Sprintf(",LANGUAGE=%q", t.Language)
	}
	if first {
		isDefault = "YES"
	}
	return fmt.Sprintf("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=%q,NAME=\"%s\"%s,DEFAULT=%s,AUTOSELECT=YES,CHANNELS=\"%d\",URI=%q\n",
		audioGroup, quotable(t.Label), language, isDefault, t.Channels, t.playlistPath())
}

// quotable drops what a quoted string cannot hold (RFC 8216, 4.2).
func quotable(s string) string {
	return strings.NewReplacer("\"", "'", "\n", " ", "\r", " ").Replace(s)
}

// mediaPlaylist lists the segments of a track (RFC 8216, 4.3.3).
func mediaPlaylist(t *track) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n", int(t.target().Seconds()))
	b.WriteString("#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	fmt.Fprintf(&b, "#EXT-X-MAP:URI=%q\n", initName)
	for i := range t.Segments {
		fmt.Fprintf(&b, "#EXTINF:%.6f,\n%s\n", t.shown(i).Seconds(), segmentName(i))
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

func split(tracks []*track) (video, audio []*track) {
	for _, t := range tracks {
		if t.Kind == models.StreamVideo {
			video = append(video, t)
		} else {
			audio = append(audio, t)
		}
	}
	return video, audio
}
