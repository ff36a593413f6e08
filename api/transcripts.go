package api

import (
	"bytes"
	"context"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/transcribe"
)

// transcriptService implements cuepoint.v1.TranscriptService.
type transcriptService struct {
	cuepointv1.UnimplementedTranscriptServiceServer
	libraries Libraries
	commands  func(workspace string) Commands // nil where none are taken
	feed      *events.Feed
	pulse     time.Duration
}

func (s *transcriptService) ListTranscripts(ctx context.Context, req *cuepointv1.ListTranscriptsRequest) (*cuepointv1.ListTranscriptsResponse, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	if _, err := pageSize(req.GetPageSize(), usualInsights, mostInsights); err != nil {
		return nil, err
	}
	if req.GetPageToken() != "" { // a video has one transcript at most
		return nil, errToken()
	}
	video, said, err := s.said(ctx, id)
	if err != nil || len(said) == 0 {
		return &cuepointv1.ListTranscriptsResponse{}, err
	}
	transcript, err := models.TranscriptOf(said[:1])
	if err != nil {
		return nil, err
	}
	transcript.Segments = nil
	return &cuepointv1.ListTranscriptsResponse{Transcripts: []*cuepointv1.Transcript{transcriptMessage(video, nil, transcript)}}, nil
}

func (s *transcriptService) GetTranscript(ctx context.Context, req *cuepointv1.GetTranscriptRequest) (*cuepointv1.Transcript, error) {
	video, said, transcript, err := s.transcript(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return transcriptMessage(video, said, transcript), nil
}

func (s *transcriptService) ExportTranscript(ctx context.Context, req *cuepointv1.ExportTranscriptRequest) (*httpbody.HttpBody, error) {
	word := strings.TrimPrefix(req.GetFormat().String(), "TRANSCRIPT_FORMAT_")
	if req.GetFormat() == cuepointv1.TranscriptFormat_TRANSCRIPT_FORMAT_UNSPECIFIED {
		word = "VTT"
	}
	format, err := transcribe.FormatOf(strings.ToLower(word))
	if err != nil {
		return nil, err
	}
	video, _, transcript, err := s.transcript(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := format.Write(&body, &transcript); err != nil {
		return nil, err
	}
	end := "." + transcript.Language + "." + format.Name
	header := metadata.Pairs(dispositionHeader, disposition(video.ID+end, video.Title+end))
	if err := grpc.SetHeader(ctx, header); err != nil {
		return nil, err
	}
	return &httpbody.HttpBody{ContentType: format.Type, Data: bytes.ToValidUTF8(body.Bytes(), []byte("\uFFFD"))}, nil
}

// transcript returns the transcript of a name, its video and the cues it is made
// of.
func (s *transcriptService) transcript(ctx context.Context, name string) (video *models.Video, said []models.Cue, t models.Transcript, err error) {
	id, language, err := parseTranscript("name", name)
	if err != nil {
		return nil, nil, t, err
	}
	if video, err = libraryOf(ctx, s.libraries).Video(ctx, id); err != nil {
		return nil, nil, t, err
	}
	said, t, err = s.transcriptOf(ctx, video, language)
	return video, said, t, err
}

// transcriptOf returns the transcript of a video in a language, "-" for its own,
// and the cues it is made of.
func (s *transcriptService) transcriptOf(ctx context.Context, video *models.Video, language string) (said []models.Cue, t models.Transcript, err error) {
	said, err = libraryOf(ctx, s.libraries).Cues(ctx, store.CueQuery{VideoID: video.ID, Kind: models.CueSpeech})
	if err != nil {
		return nil, t, err
	}
	if len(said) == 0 {
		return nil, t, noTranscript(video)
	}
	if t, err = models.TranscriptOf(said); err != nil {
		return nil, t, err
	}
	if language != "-" && !strings.EqualFold(language, t.Language) {
		return nil, t, models.Errorf(models.CodeNotFound, "video %s has no transcript in %q, only %s",
			video.ID, language, transcriptName(video.ID, t.Language))
	}
	return said, t, nil
}

// said returns a video and what was said in it.
func (s *transcriptService) said(ctx context.Context, id string) (*models.Video, []models.Cue, error) {
	library := libraryOf(ctx, s.libraries)
	video, err := library.Video(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	cues, err := library.Cues(ctx, store.CueQuery{VideoID: id, Kind: models.CueSpeech})
	return video, cues, err
}

// noTranscript says why there is none.
func noTranscript(v *models.Video) error {
	run := v.Run("speech")
	switch {
	case v.State == models.VideoDeleted:
		return models.Errorf(models.CodeNotFound, "video %s is deleted; undelete it first", v.ID)
	case run == nil || run.Status == models.StagePending || run.Status == models.StageRunning:
		return models.Errorf(models.CodeNotFound, "video %s has no transcript yet", v.ID)
	case run.Error != nil:
		return models.Errorf(models.CodeNotFound, "video %s has no transcript: %s", v.ID, visible(run.Error).Message)
	}
	return models.Errorf(models.CodeNotFound, "video %s has no transcript: nothing was said in it", v.ID)
}

// transcriptMessage translates a transcript. Its segments are those of the cues,
// one by one, which know the ids.
func transcriptMessage(v *models.Video, cues []models.Cue, t models.Transcript) *cuepointv1.Transcript {
	m := &cuepointv1.Transcript{
		Name:         transcriptName(v.ID, t.Language),
		LanguageCode: t.Language,
		Source:       enum[cuepointv1.Transcript_Source](cuepointv1.Transcript_Source_value, "SOURCE_", t.Source),
		Model:        t.Model,
		Etag:         Etag(v.Revision),
	}
	for i, s := range t.Segments {
		m.Segments = append(m.Segments, segmentMessage(v.ID, t.Language, cues[i], s))
	}
	return m
}

// segmentMessage translates a segment of the transcript of a video in a
// language, and the cue it is made of.
func segmentMessage(video, language string, c models.Cue, s models.Segment) *cuepointv1.Segment {
	m := &cuepointv1.Segment{
		Name:        segmentName(video, language, c.ID),
		Id:          c.ID,
		StartOffset: durationpb.New(s.Start),
		EndOffset:   durationpb.New(s.End),
		Text:        valid(s.Text),
		Confidence:  s.Confidence,
		Speaker:     valid(s.Speaker),
	}
	if c.Edit != "" {
		m.Edit = editName(video, c.Edit)
	}
	for _, w := range s.Words {
		m.Words = append(m.Words, &cuepointv1.Word{
			StartOffset: durationpb.New(w.Start), EndOffset: durationpb.New(w.End), Word: valid(w.Text), Confidence: w.Confidence,
		})
	}
	return m
}
