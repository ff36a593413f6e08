package api

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/search"
	"github.com/cuepoint/cuepoint/models"
)

// searchService implements cuepoint.v1.SearchService.
type searchService struct {
	cuepointv1.UnimplementedSearchServiceServer
	libraries Libraries
}

func (s *searchService) Search(ctx context.Context, req *cuepointv1.SearchRequest) (*cuepointv1.SearchResponse, error) {
	q, err := searchQuery(req)
	if err != nil {
		return nil, err
	}
	hits, err := search.New(libraryOf(ctx, s.libraries)).Search(ctx, q)
	if err != nil {
		return nil, about("query", err)
	}
	resp := &cuepointv1.SearchResponse{}
	for _, hit := range hits {
		resp.Moments = append(resp.Moments, momentMessage(hit))
	}
	return resp, nil
}

func searchQuery(req *cuepointv1.SearchRequest) (q search.Query, err error) {
	q.Text = req.GetQuery()
	if q.Limit, err = pageSize(req.GetPageSize(), search.DefaultLimit, search.MaxLimit); err != nil {
		return q, err
	}
	if req.GetVideo() != "" {
		if q.VideoID, err = parseVideo("video", req.GetVideo()); err != nil {
			return q, err
		}
	}
	q.Kinds = kindsOf(req.GetKinds())
	return q, nil
}

// kindsOf translates the kinds of moments that a question is about.
func kindsOf(names []string) (kinds []models.CueKind) {
	for _, name := range names {
		kinds = append(kinds, models.CueKind(name))
	}
	return kinds
}

func momentMessage(h search.Hit) *cuepointv1.Moment {
	m := &cuepointv1.Moment{
		Video:        videoName(h.Video.ID),
		VideoTitle:   valid(h.Video.Title),
		CueId:        h.Cue.ID,
		Kind:         string(h.Cue.Kind),
		StartOffset:  durationpb.New(h.Cue.Start),
		EndOffset:    durationpb.New(h.Cue.End),
		ThumbnailUri: mediaURI(h.Thumbnail),
		Score:        h.Score,
		Why:          &cuepointv1.Why{Words: h.Why.Words},
		Text:         valid(h.Cue.Text),
	}
	for _, matched := range h.Why.Matched {
		m.Why.Matched = append(m.Why.Matched, valid(matched))
	}
	for _, p := range h.Snippet {
		m.Snippet = append(m.Snippet, &cuepointv1.SnippetPart{Text: valid(p.Text), Hit: p.Hit})
	}
	return m
}
