package api

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// videoMessage translates what is known of a video itself.
func videoMessage(v *models.Video) *cuepointv1.Video {
	m := &cuepointv1.Video{
		Name:         videoName(v.ID),
		Title:        valid(v.Title),
		Source:       valid(v.Source),
		State:        enum[cuepointv1.Video_State](cuepointv1.Video_State_value, "STATE_", string(v.State)),
		Error:        errorMessage(v.Error),
		LanguageCode: v.Language,
		CreateTime:   timeMessage(v.Created),
		UpdateTime:   timeMessage(v.Updated),
		Labels:       v.Labels,
		ExternalId:   valid(v.ExternalID),
		Etag:         Etag(v.Revision),
		DeleteTime:   timeMessage(v.Deleted),
		PurgeTime:    timeMessage(v.Purge),
	}
	if v.Media != nil {
		m.Duration = durationpb.New(v.Media.Duration)
		m.Media = mediaMessage(v.Media)
	}
	for _, run := range v.Runs {
		m.Stages = append(m.Stages, stageMessage(&run))
	}
	return m
}

func stageMessage(run *models.StageRun) *cuepointv1.StageRun {
	m := &cuepointv1.StageRun{
		Stage:     run.Stage,
		Status:    enum[cuepointv1.StageRun_Status](cuepointv1.StageRun_Status_value, "STATUS_", string(run.Status)),
		Error:     errorMessage(run.Error),
		Attempt:   int32(run.Attempt),
		Failures:  int32(run.Failures),
		StartTime: timeMessage(run.Started),
		EndTime:   timeMessage(run.Finished),
	}
	if run.Status == models.StageRunning {
		m.Progress = run.Progress
	}
	return m
}

func mediaMessage(info *models.MediaInfo) *cuepointv1.MediaInfo {
	m := &cuepointv1.MediaInfo{
		Container: info.Container,
		Duration:  durationpb.New(info.Duration),
		BitRate:   info.BitRate,
		Tags:      tagsMessage(info.Tags),
	}
	for _, c := range info.Chapters {
		m.Chapters = append(m.Chapters, &cuepointv1.MediaChapter{
			StartOffset: durationpb.New(c.Start), EndOffset: durationpb.New(c.End), Title: valid(c.Title),
		})
	}
	for i := range info.Streams {
		m.Streams = append(m.Streams, streamMessage(&info.Streams[i]))
	}
	return m
}

func tagsMessage(tags models.Tags) map[string]string {
	m := make(map[string]string, len(tags))
	for key, value := range tags {
		m[valid(key)] = valid(value)
	}
	return m
}

func streamMessage(s *models.Stream) *cuepointv1.MediaStream {
	m := &cuepointv1.MediaStream{
		Index:          int32(s.Index),
		Kind:           enum[cuepointv1.MediaStream_Kind](cuepointv1.MediaStream_Kind_value, "KIND_", string(s.Kind)),
		Codec:          s.Codec,
		Profile:        valid(s.Profile),
		LanguageCode:   valid(s.Language),
		Title:          valid(s.Title),
		Width:          int32(s.Width),
		Height:         int32(s.Height),
		FrameRate:      s.FrameRate.Float(),
		Rotation:       int32(s.Rotation),
		PixelFormat:    s.PixelFormat,
		SampleRate:     int32(s.SampleRate),
		Channels:       int32(s.Channels),
		ChannelLayout:  valid(s.ChannelLayout),
		ColorPrimaries: s.Color.Primaries,
		ColorTransfer:  s.Color.Transfer,
		ColorSpace:     s.Color.Space,
		ColorRange:     s.Color.Range,

		VariableFrameRate: s.VariableFPS,
		Tags:              tagsMessage(s.Tags),
	}
	if s.Duration > 0 {
		m.Duration = durationpb.New(s.Duration)
	}
	if s.SampleRatio.Den > 0 {
		m.SampleAspectRatio = fmt.Sprintf("%d:%d", s.SampleRatio.Num, s.SampleRatio.Den)
	}
	return m
}

// playbackMessage says where to play what was published, nil where nothing was
// packaged.
func playbackMessage(v *models.Video, artifacts []models.Artifact) (*cuepointv1.Playback, error) {
	m := &cuepointv1.Playback{PosterUri: mediaURI(models.Poster(v, artifacts))}
	for i := range artifacts {
		a := &artifacts[i]
		switch a.Kind {
		case models.ArtifactHLS:
			m.HlsUri = mediaURI(a)
			packaging, err := models.PackagingOf(*a)
			if err != nil {
				return nil, err
			}
			m.Renditions = renditionMessages(packaging)
		case models.ArtifactDASH:
			m.DashUri = mediaURI(a)
		case models.ArtifactStoryboard:
			m.StoryboardUri = mediaURI(a)
		case models.ArtifactChapters:
			m.ChaptersUri = mediaURI(a)
		case models.ArtifactCaptions:
			if strings.HasPrefix(a.Type, "text/vtt") {
				m.Captions = append(m.Captions, &cuepointv1.CaptionTrack{
					LanguageCode: a.Language, Uri: mediaURI(a), Transcript: transcriptName(a.VideoID, a.Language),
				})
			}
		default: // found through the shots, or not for players
		}
	}
	if m.GetHlsUri() == "" {
		return nil, nil
	}
	return m, nil
}

func renditionMessages(p models.Packaging) []*cuepointv1.Rendition {
	var all []*cuepointv1.Rendition
	for _, r := range p.Renditions {
		all = append(all, &cuepointv1.Rendition{
			Name: r.Name, Width: int32(r.Width), Height: int32(r.Height), BitRate: r.Bitrate, AverageBitRate: r.Average,
			Codecs: r.Codecs, FrameRate: r.FrameRate, LanguageCode: r.Language, Channels: int32(r.Channels),
		})
	}
	return all
}

// shotMessages translates shots, each with its thumbnail. They are those of the
// cues, one by one, which know the ids.
func shotMessages(cues []models.Cue, artifacts []models.Artifact) ([]*cuepointv1.Shot, error) {
	shots, err := models.ShotsOf(cues)
	if err != nil {
		return nil, err
	}
	var all []*cuepointv1.Shot
	for i, shot := range shots {
		all = append(all, &cuepointv1.Shot{
			Id:           cues[i].ID,
			StartOffset:  durationpb.New(shot.Start),
			EndOffset:    durationpb.New(shot.End),
			Transition:   enum[cuepointv1.Shot_Transition](cuepointv1.Shot_Transition_value, "TRANSITION_", string(shot.Transition)),
			Confidence:   shot.Confidence,
			ThumbnailUri: mediaURI(models.Thumbnail(artifacts, shot.Start, shot.End)),
		})
	}
	return all, nil
}

// chapterMessages translates chapters of a video.
func chapterMessages(video string, cues []models.Cue) []*cuepointv1.Chapter {
	var all []*cuepointv1.Chapter
	for _, c := range cues {
		m := &cuepointv1.Chapter{
			Name: chapterName(video, c.ID), Id: c.ID, StartOffset: durationpb.New(c.Start), EndOffset: durationpb.New(c.End), Title: valid(c.Text), Confidence: c.Confidence,
		}
		if c.Edit != "" {
			m.Edit = editName(video, c.Edit)
		}
		all = append(all, m)
	}
	return all
}

// errorMessage is the lasting form of an error, such as a failed stage's.
func errorMessage(e *models.Error) *status.Status {
	if e == nil {
		return nil
	}
	return statusOf(e).Proto()
}

func timeMessage(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// enum translates a word of the models package to the enum value named after
// it, and to the unspecified one where there is none.
func enum[E ~int32](values map[string]int32, prefix, word string) E {
	return E(values[prefix+strings.ToUpper(word)])
}
