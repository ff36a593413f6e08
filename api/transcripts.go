package api

import (
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// transcriptService implements cuepoint.v1.TranscriptService.
type transcriptService struct {
	cuepointv1.UnimplementedTranscriptServiceServer
	libraries Libraries
}

func (s *transcriptService) GetTranscript(ctx context.Context, req *cuepointv1.GetTranscriptRequest) (*cuepointv1.Transcript, error) {
	id, language, err := parseTranscript("name", req.GetName())
	if err != nil {
		return nil, err
	}
	library := libraryOf(ctx, s.libraries)
	video, err := library.Video(ctx, id)
	if err != nil {
		return nil, err
	}
	cues, err := library.Cues(ctx, store.CueQuery{VideoID: id, Kind: models.CueSpeech})
	if err != nil {
		return nil, err
	}
	if len(cues) == 0 {
		return nil, noTranscript(video)
	}
	transcript, err := models.TranscriptOf(cues)
	if err != nil {
		return nil, err
	}
	if language != "-" && !strings.EqualFold(language, transcript.Language) {
		return nil, models.Errorf(models.CodeNotFound, "video %s has no transcript in %q, only %s",
			id, language, transcriptName(id, transcript.Language))
	}
	return transcriptMessage(id, cues, transcript), nil
}

// noTranscript says why there is none.
func noTranscript(v *models.Video) error {
	run := v.Run("speech")
	switch {
	case run == nil || run.Status == models.StagePending || run.Status == models.StageRunning:
		return models.Errorf(models.CodeNotFound, "video %s has no transcript yet", v.ID)
	case run.Error != nil:
		return models.Errorf(models.CodeNotFound, "video %s has no transcript: %s", v.ID, visible(run.Error).Message)
	}
	return models.Errorf(models.CodeNotFound, "video %s has no transcript: nothing was said in it", v.ID)
}

// transcriptMessage translates a transcript. Its segments are those of the cues,
// one by one, which know the ids.
func transcriptMessage(id string, cues []models.Cue, t models.Transcript) *cuepointv1.Transcript {
	m := &cuepointv1.Transcript{
		Name:         transcriptName(id, t.Language),
		LanguageCode: t.Language,
		Source:       enum[cuepointv1.Transcript_Source](cuepointv1.Transcript_Source_value, "SOURCE_", t.Source),
		Model:        t.Model,
	}
	for i, s := range t.Segments {
		segment := &cuepointv1.Segment{
			Id:          cues[i].ID,
			StartOffset: durationpb.New(s.Start),
			EndOffset:   durationpb.New(s.End),
			Text:        valid(s.Text),
			Confidence:  s.Confidence,
			Speaker:     valid(s.Speaker),
		}
		for _, w := range s.Words {
			segment.Words = append(segment.Words, &cuepointv1.Word{
				StartOffset: durationpb.New(w.Start), EndOffset: durationpb.New(w.End), Word: valid(w.Text), Confidence: w.Confidence,
			})
		}
		m.Segments = append(m.Segments, segment)
	}
	return m
}
