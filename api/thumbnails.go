package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func (s *insightService) ListThumbnails(ctx context.Context, req *cuepointv1.ListThumbnailsRequest) (*cuepointv1.ListThumbnailsResponse, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	asked, err := readPage(req, usualInsights, mostInsights)
	if err != nil {
		return nil, err
	}
	all, err := thumbnails(ctx, libraryOf(ctx, s.videos.libraries), id)
	if err != nil {
		return nil, err
	}
	resp := &cuepointv1.ListThumbnailsResponse{}
	resp.Thumbnails, resp.NextPageToken = paged(all, func(t *cuepointv1.Thumbnail) time.Duration { return t.GetOffset().AsDuration() }, asked)
	return resp, nil
}

func (s *insightService) SetPoster(ctx context.Context, req *cuepointv1.SetPosterRequest) (*cuepointv1.Thumbnail, error) {
	id, err := parseVideo("name", req.GetName())
	if err != nil {
		return nil, err
	}
	var at *time.Duration
	if req.GetOffset() != nil {
		if at, err = parseOffset("offset", req.GetOffset()); err != nil {
			return nil, err
		}
	}
	details := analyzer.Details{Poster: &at}
	if details.IfRevision, err = parseEtag("etag", req.GetEtag()); err != nil {
		return nil, err
	}
	return carryOut(ctx, s.videos.commands, poster, func(ctx context.Context, c Commands) error { return c.Update(ctx, id, details) })
}

// poster answers the picture that stands for a video. NOT_FOUND.
func poster(ctx context.Context, lib store.TxLibrary, id string) (*cuepointv1.Thumbnail, error) {
	all, err := thumbnails(ctx, lib, id)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if t.GetPoster() {
			return t, nil
		}
	}
	return nil, models.Errorf(models.CodeNotFound, "video %s has no pictures", id)
}

// thumbnails are the pictures of a video, in order of time. The best one is made
// apart, as a larger one.
func thumbnails(ctx context.Context, library store.Library, id string) (all []*cuepointv1.Thumbnail, err error) {
	video, err := library.Video(ctx, id)
	if err != nil {
		return nil, err
	}
	artifacts, err := library.Artifacts(ctx, id)
	if err != nil {
		return nil, err
	}
	chosen := models.Poster(video, artifacts)
	for i := range artifacts {
		a := &artifacts[i]
		if a.Kind == models.ArtifactThumbnail || a.Kind == models.ArtifactPoster {
			all = append(all, &cuepointv1.Thumbnail{
				Offset: durationpb.New(a.Time), Uri: mediaURI(a), Width: int32(a.Width), Height: int32(a.Height), Poster: a == chosen,
			})
		}
	}
	slices.SortStableFunc(all, func(a, b *cuepointv1.Thumbnail) int {
		return cmp.Compare(a.GetOffset().AsDuration(), b.GetOffset().AsDuration())
	})
	return all, nil
}
