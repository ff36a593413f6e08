package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// The sizes of a page of insights.
const (
	usualInsights = 100
	mostInsights  = 1000
)

// insightService implements cuepoint.v1.InsightService.
type insightService struct {
	cuepointv1.UnimplementedInsightServiceServer
	videos *videoService
}

func (s *insightService) ListCues(ctx context.Context, req *cuepointv1.ListCuesRequest) (*cuepointv1.ListCuesResponse, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	kinds := kindsOf(req.GetKinds())
	query := store.CueQuery{VideoID: id, From: req.GetStartOffset().AsDuration(), To: req.GetEndOffset().AsDuration()}
	if req.GetEndOffset() != nil && query.To <= query.From {
		return nil, invalid("end_offset", "want one after start_offset")
	}
	if len(kinds) == 1 {
		query.Kind = kinds[0]
	}
	cues, next, err := s.page(ctx, req, query, kinds)
	if err != nil {
		return nil, err
	}
	resp := &cuepointv1.ListCuesResponse{NextPageToken: next}
	resp.Cues, err = cueMessages(cues)
	return resp, err
}

func (s *insightService) ListShots(ctx context.Context, req *cuepointv1.ListShotsRequest) (*cuepointv1.ListShotsResponse, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	cues, next, err := s.page(ctx, req, store.CueQuery{VideoID: id, Kind: models.CueShot}, nil)
	if err != nil {
		return nil, err
	}
	artifacts, err := libraryOf(ctx, s.videos.libraries).Artifacts(ctx, id)
	if err != nil {
		return nil, err
	}
	resp := &cuepointv1.ListShotsResponse{NextPageToken: next}
	resp.Shots, err = shotMessages(cues, artifacts)
	return resp, err
}

func (s *insightService) ListChapters(ctx context.Context, req *cuepointv1.ListChaptersRequest) (*cuepointv1.ListChaptersResponse, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	cues, next, err := s.page(ctx, req, store.CueQuery{VideoID: id, Kind: models.CueChapter}, nil)
	if err != nil {
		return nil, err
	}
	return &cuepointv1.ListChaptersResponse{Chapters: chapterMessages(id, cues), NextPageToken: next}, nil
}

func (s *insightService) GetDocument(ctx context.Context, req *cuepointv1.GetDocumentRequest) (*cuepointv1.Document, error) {
	id, err := parseDocument("name", req.GetName())
	if err != nil {
		return nil, err
	}
	library := libraryOf(ctx, s.videos.libraries)
	video, err := library.Video(ctx, id)
	if err != nil {
		return nil, err
	}
	doc := &cuepointv1.Document{Name: documentName(id)}
	if doc.Video, err = describe(ctx, library, video, cuepointv1.VideoView_VIDEO_VIEW_FULL); err != nil {
		return nil, err
	}
	cues, err := library.Cues(ctx, store.CueQuery{VideoID: id})
	if err != nil {
		return nil, err
	}
	said := slices.DeleteFunc(slices.Clone(cues), func(c models.Cue) bool { return c.Kind != models.CueSpeech })
	if len(said) > 0 {
		transcript, err := models.TranscriptOf(said)
		if err != nil {
			return nil, err
		}
		doc.Transcripts = append(doc.Transcripts, transcriptMessage(video, said, transcript))
	}
	doc.Cues, err = cueMessages(slices.DeleteFunc(cues, func(c models.Cue) bool {
		return c.Kind == models.CueSpeech || c.Kind == models.CueShot || c.Kind == models.CueChapter
	}))
	return doc, err
}

// page returns the cues of a page of a query, of these kinds where there are
// any, and the token of the next page.
func (s *insightService) page(ctx context.Context, req pagedRequest, query store.CueQuery, kinds []models.CueKind) (cues []models.Cue, next string, err error) {
	asked, err := readPage(req, usualInsights, mostInsights)
	if err != nil {
		return nil, "", err
	}
	library := libraryOf(ctx, s.videos.libraries)
	if _, err := library.Video(ctx, query.VideoID); err != nil {
		return nil, "", err
	}
	if cues, err = library.Cues(ctx, query); err != nil {
		return nil, "", err
	}
	if len(kinds) > 1 {
		cues = slices.DeleteFunc(cues, func(c models.Cue) bool { return !slices.Contains(kinds, c.Kind) })
	}
	cues, next = paged(cues, func(c models.Cue) time.Duration { return c.Start }, asked)
	return cues, next, nil
}

func cueMessages(cues []models.Cue) ([]*cuepointv1.Cue, error) {
	var all []*cuepointv1.Cue
	for _, c := range cues {
		m := &cuepointv1.Cue{
			Id: c.ID, Kind: string(c.Kind), Stage: c.Stage,
			StartOffset: durationpb.New(c.Start), EndOffset: durationpb.New(c.End),
			Text: valid(c.Text), Confidence: c.Confidence,
			Provenance: &cuepointv1.Provenance{
				Analyzer: c.Provenance.Analyzer, Version: int32(c.Provenance.Version), Model: c.Provenance.Model,
				Params: c.Provenance.Params, Run: c.Provenance.Run,
			},
		}
		if len(c.Data) > 0 {
			m.Data = new(structpb.Struct)
			if err := protojson.Unmarshal(c.Data, m.Data); err != nil {
				return nil, fmt.Errorf("data of %s cue %s: %w", c.Kind, c.ID, err)
			}
		}
		all = append(all, m)
	}
	return all, nil
}
