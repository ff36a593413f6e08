package api

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// maxTitle bounds the title of a chapter, in bytes.
const maxTitle = 500

func (s *insightService) CreateChapter(ctx context.Context, req *cuepointv1.CreateChapterRequest) (*cuepointv1.Chapter, error) {
	id, err := parseVideo("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	start, err := parseOffset("chapter.start_offset", req.GetChapter().GetStartOffset())
	if err != nil {
		return nil, err
	}
	title, err := parseLine("chapter.title", req.GetChapter().GetTitle(), maxTitle)
	if err != nil {
		return nil, err
	}
	return edit(ctx, s.videos.commands, id, req.GetEtag(), models.CueChapter, edits.Add(*start, *start, title, ""), madeChapter)
}

func (s *insightService) UpdateChapter(ctx context.Context, req *cuepointv1.UpdateChapterRequest) (*cuepointv1.Chapter, error) {
	given := req.GetChapter()
	id, chapter, err := parseChapter("chapter.name", given.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := fieldsOf(given, req.GetUpdateMask(), "title", "start_offset")
	if err != nil {
		return nil, err
	}
	title, err := parseLine("chapter.title", given.GetTitle(), maxTitle)
	if err != nil {
		return nil, err
	}
	var by edits.Correction
	for _, field := range fields {
		if field == "title" {
			by.Text = &title
		} else if by.Start, err = parseOffset("chapter.start_offset", given.GetStartOffset()); err != nil {
			return nil, err
		}
	}
	return edit(ctx, s.videos.commands, id, req.GetEtag(), models.CueChapter, edits.Correct(chapter, by), madeChapter)
}

func (s *insightService) DeleteChapter(ctx context.Context, req *cuepointv1.DeleteChapterRequest) (*emptypb.Empty, error) {
	id, chapter, err := parseChapter("name", req.GetName())
	if err != nil {
		return nil, err
	}
	return edit(ctx, s.videos.commands, id, req.GetEtag(), models.CueChapter, edits.Remove(chapter), leftNothing)
}

func madeChapter(e models.Edit) (*cuepointv1.Chapter, error) {
	for _, m := range chapterMessages(e.VideoID, e.Change.After) {
		return m, nil
	}
	return nil, nil
}
