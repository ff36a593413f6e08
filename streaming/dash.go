package streaming

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"time"

	"github.com/cuepoint/cuepoint/models"
)

// The elements of a media presentation description (ISO/IEC 23009-1, 5.3 to 5.5).
type (
	mpd struct {
		XMLName   xml.Name  `xml:"urn:mpeg:dash:schema:mpd:2011 MPD"`
		Profiles  string    `xml:"profiles,attr"`
		Type      string    `xml:"type,attr"`
		MinBuffer string    `xml:"minBufferTime,attr"`
		Duration  string    `xml:"mediaPresentationDuration,attr"`
		Period    mpdPeriod `xml:"Period"`
	}
	mpdPeriod struct {
		ID    string          `xml:"id,attr"`
		Start string          `xml:"start,attr"`
		Sets  []adaptationSet `xml:"AdaptationSet"`
	}
	adaptationSet struct {
		ID              int              `xml:"id,attr"`
		ContentType     string           `xml:"contentType,attr"`
		MimeType        string           `xml:"mimeType,attr"`
		Language        string           `xml:"lang,attr,omitempty"`
		Aligned         bool             `xml:"segmentAlignment,attr"`
		StartWithSAP    int              `xml:"startWithSAP,attr"`
		Label           string           `xml:"Label,omitempty"`
		Role            *mpdDescriptor   `xml:"Role"`
		Representations []representation `xml:"Representation"`
	}
	representation struct {
		ID         string          `xml:"id,attr"`
		Codecs     string          `xml:"codecs,attr"`
		Bandwidth  int64           `xml:"bandwidth,attr"`
		Width      int             `xml:"width,attr,omitempty"`
		Height     int             `xml:"height,attr,omitempty"`
		FrameRate  string          `xml:"frameRate,attr,omitempty"`
		SampleRate int             `xml:"audioSamplingRate,attr,omitempty"`
		Channels   *mpdDescriptor  `xml:"AudioChannelConfiguration"`
		Template   segmentTemplate `xml:"SegmentTemplate"`
	}
	mpdDescriptor struct {
		Scheme string `xml:"schemeIdUri,attr"`
		Value  string `xml:"value,attr"`
	}
	segmentTemplate struct {
		Timescale int64          `xml:"timescale,attr"`
		Offset    int64          `xml:"presentationTimeOffset,attr,omitempty"`
		Init      string         `xml:"initialization,attr"`
		Media     string         `xml:"media,attr"`
		First     int            `xml:"startNumber,attr"`
		Timeline  []timelineSpan `xml:"SegmentTimeline>S"`
	}
	timelineSpan struct {
		Start    *int64 `xml:"t,attr"`
		Duration int64  `xml:"d,attr"`
		Repeat   int    `xml:"r,attr,omitempty"`
	}
)

// manifest writes the MPD over the segments that the HLS playlists list too.
func manifest(tracks []*track) string {
	total := time.Duration(0)
	video, audio := split(tracks)
	period := mpdPeriod{ID: "0", Start: "PT0S"}
	if len(video) > 0 {
		set := adaptationSet{ContentType: "video", MimeType: "video/mp4", Aligned: true, StartWithSAP: 1}
		for _, t := range video {
			set.Representations = append(set.Representations, t.representation())
		}
		period.Sets = append(period.Sets, set)
	}
	for i, t := range audio {
		role := "alternate"
		if i == 0 {
			role = "main"
		}
		period.Sets = append(period.Sets, adaptationSet{
			ID: len(period.Sets), ContentType: "audio", MimeType: "audio/mp4", Language: t.Language, Aligned: true, StartWithSAP: 1,
			Label: t.Label, Role: &mpdDescriptor{"urn:mpeg:dash:role:2011", role},
			Representations: []representation{t.representation()},
		})
	}
	for _, t := range tracks {
		total = max(total, t.duration())
	}
	out, err := xml.MarshalIndent(mpd{
		Profiles: "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019",
		Type:     "static", MinBuffer: "PT6S", Duration: isoDuration(total), Period: period,
	}, "", "  ")
	if err != nil {
		panic(err) // unreachable: the types above marshal
	}
	return xml.Header + string(out) + "\n"
}

func (t *track) representation() representation {
	r := representation{ID: t.Name, Codecs: t.Codec, Bandwidth: t.peak(), Template: t.template()}
	if t.Kind == models.StreamVideo {
		r.Width, r.Height, r.FrameRate = t.Width, t.Height, fraction(t.FrameRate, "/")
		return r
	}
	r.SampleRate = audioRate
	r.Channels = &mpdDescriptor{"urn:mpeg:dash:23003:3:audio_channel_configuration:2011", strconv.Itoa(t.Channels)}
	return r
}

func (t *track) template() segmentTemplate {
	s := segmentTemplate{
		Timescale: t.Timescale, First: 1,
		Init: "$RepresentationID$/" + initName, Media: "$RepresentationID$/$Number%05d$.m4s",
	}
	for i, seg := range t.Segments {
		if last := len(s.Timeline) - 1; i > 0 && s.Timeline[last].Duration == seg.Duration {
			s.Timeline[last].Repeat++
			continue
		}
		span := timelineSpan{Duration: seg.Duration}
		if i == 0 {
			span.Start = &t.Segments[0].Start
		}
		s.Timeline = append(s.Timeline, span)
	}
	return s
}

// isoDuration writes a duration as XML Schema does.
func isoDuration(d time.Duration) string {
	return fmt.Sprintf("PT%.3fS", d.Seconds())
}
