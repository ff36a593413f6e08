package api

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/api/filter"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/internal/events"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// The sizes of a page of videos.
const (
	usualVideos = 50
	mostVideos  = 1000
)

// videoService implements cuepoint.v1.VideoService.
type videoService struct {
	cuepointv1.UnimplementedVideoServiceServer
	libraries Libraries
	commands  func(workspace string) Commands // nil where none are taken
	feed      *events.Feed
	pulse     time.Duration
}

func (s *videoService) GetVideo(ctx context.Context, req *cuepointv1.GetVideoRequest) (*cuepointv1.Video, error) {
	id, err := parseVideo("name", req.GetName())
	if err != nil {
		return nil, err
	}
	view, err := viewOf(req.GetView(), cuepointv1.VideoView_VIDEO_VIEW_FULL)
	if err != nil {
		return nil, err
	}
	library := libraryOf(ctx, s.libraries)
	video, err := library.Video(ctx, id)
	if err != nil {
		return nil, err
	}
	return describe(ctx, library, video, view)
}

func (s *videoService) ListVideos(ctx context.Context, req *cuepointv1.ListVideosRequest) (*cuepointv1.ListVideosResponse, error) {
	size, err := pageSize(req.GetPageSize(), usualVideos, mostVideos)
	if err != nil {
		return nil, err
	}
	view, err := viewOf(req.GetView(), cuepointv1.VideoView_VIDEO_VIEW_BASIC)
	if err != nil {
		return nil, err
	}
	query := store.VideoQuery{Size: size, Token: req.GetPageToken(), Deleted: req.GetShowDeleted()}
	if query.Filter, err = filter.Parse(req.GetFilter()); err != nil {
		return nil, about("filter", err)
	}
	if query.Order, err = filter.ParseOrder(req.GetOrderBy()); err != nil {
		return nil, about("order_by", err)
	}
	library := libraryOf(ctx, s.libraries)
	page, err := library.Videos(ctx, query)
	if err != nil {
		return nil, about("page_token", err)
	}
	resp := &cuepointv1.ListVideosResponse{NextPageToken: page.Next}
	for _, video := range page.Videos {
		described, err := describe(ctx, library, video, view)
		if err != nil {
			return nil, err
		}
		resp.Videos = append(resp.Videos, described)
	}
	return resp, nil
}

// describe gathers what a view of a video shows.
func describe(ctx context.Context, library store.Library, v *models.Video, view cuepointv1.VideoView) (*cuepointv1.Video, error) {
	artifacts, err := library.Artifacts(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	described := videoMessage(v)
	if described.Playback, err = playbackMessage(v, artifacts); err != nil {
		return nil, err
	}
	for _, track := range described.GetPlayback().GetCaptions() {
		described.Transcripts = append(described.Transcripts, track.GetTranscript())
	}
	if view != cuepointv1.VideoView_VIDEO_VIEW_FULL {
		return described, nil
	}
	shots, err := library.Cues(ctx, store.CueQuery{VideoID: v.ID, Kind: models.CueShot})
	if err != nil {
		return nil, err
	}
	if described.Shots, err = shotMessages(shots, artifacts); err != nil {
		return nil, err
	}
	chapters, err := library.Cues(ctx, store.CueQuery{VideoID: v.ID, Kind: models.CueChapter})
	if err != nil {
		return nil, err
	}
	described.Chapters = chapterMessages(v.ID, chapters)
	return described, nil
}

// viewOf is the view that was asked for, or the usual one.
func viewOf(view, usual cuepointv1.VideoView) (cuepointv1.VideoView, error) {
	if _, known := cuepointv1.VideoView_name[int32(view)]; !known {
		return 0, invalid("view", "there is no view %d", view)
	}
	if view == cuepointv1.VideoView_VIDEO_VIEW_UNSPECIFIED {
		return usual, nil
	}
	return view, nil
}
