package api

import (
	"context"
	"strings"
	"time"
	"unicode"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/cuepoint/cuepoint/analyzer/edits"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

func (s *transcriptService) CreateSegment(ctx context.Context, req *cuepointv1.CreateSegmentRequest) (*cuepointv1.Segment, error) {
	id, language, err := parseTranscript("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	start, err := parseOffset("segment.start_offset", req.GetSegment().GetStartOffset())
	if err != nil {
		return nil, err
	}
	end, err := parseOffset("segment.end_offset", req.GetSegment().GetEndOffset())
	if err != nil {
		return nil, err
	}
	text, speaker, err := textOf(req.GetSegment())
	if err != nil {
		return nil, err
	}
	return edit(ctx, s.commands, id, req.GetEtag(), models.CueSpeech, within(language, edits.Add(*start, *end, text, speaker)), firstSegment)
}

func (s *transcriptService) UpdateSegment(ctx context.Context, req *cuepointv1.UpdateSegmentRequest) (*cuepointv1.Segment, error) {
	given := req.GetSegment()
	id, language, segment, err := parseSegment("segment.name", given.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := fieldsOf(given, req.GetUpdateMask(), "text", "start_offset", "end_offset", "speaker")
	if err != nil {
		return nil, err
	}
	text, speaker, err := textOf(given)
	if err != nil {
		return nil, err
	}
	var by edits.Correction
	for _, field := range fields {
		switch field {
		case "text":
			by.Text = &text
		case "speaker":
			by.Speaker = &speaker
		case "start_offset":
			by.Start, err = parseOffset("segment.start_offset", given.GetStartOffset())
		case "end_offset":
			by.End, err = parseOffset("segment.end_offset", given.GetEndOffset())
		}
		if err != nil {
			return nil, err
		}
	}
	return edit(ctx, s.commands, id, req.GetEtag(), models.CueSpeech, within(language, edits.Correct(segment, by)), firstSegment)
}

func (s *transcriptService) DeleteSegment(ctx context.Context, req *cuepointv1.DeleteSegmentRequest) (*emptypb.Empty, error) {
	id, language, segment, err := parseSegment("name", req.GetName())
	if err != nil {
		return nil, err
	}
	return edit(ctx, s.commands, id, req.GetEtag(), models.CueSpeech, within(language, edits.Remove(segment)), leftNothing)
}

func (s *transcriptService) MergeSegments(ctx context.Context, req *cuepointv1.MergeSegmentsRequest) (*cuepointv1.Segment, error) {
	id, language, err := parseTranscript("parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	var segments []string
	for _, name := range req.GetNames() {
		video, _, segment, err := parseSegment("names", name)
		if err != nil {
			return nil, err
		}
		if video != id {
			return nil, invalid("names", "want segments of %s, not %s", req.GetParent(), name)
		}
		segments = append(segments, segment)
	}
	return edit(ctx, s.commands, id, req.GetEtag(), models.CueSpeech, within(language, edits.Merge(segments...)), firstSegment)
}

func (s *transcriptService) SplitSegment(ctx context.Context, req *cuepointv1.SplitSegmentRequest) (*cuepointv1.SplitSegmentResponse, error) {
	id, language, segment, err := parseSegment("name", req.GetName())
	if err != nil {
		return nil, err
	}
	var at *time.Duration
	if req.GetOffset() != nil {
		if at, err = parseOffset("offset", req.GetOffset()); err != nil {
			return nil, err
		}
	}
	plan := within(language, edits.Split(segment, int(req.GetCharacterOffset()), at))
	return edit(ctx, s.commands, id, req.GetEtag(), models.CueSpeech, plan, func(e models.Edit) (*cuepointv1.SplitSegmentResponse, error) {
		segments, err := segmentsOf(e)
		return &cuepointv1.SplitSegmentResponse{Segments: segments}, err
	})
}

func (s *transcriptService) RenameSpeaker(ctx context.Context, req *cuepointv1.RenameSpeakerRequest) (*cuepointv1.Edit, error) {
	id, language, err := parseTranscript("name", req.GetName())
	if err != nil {
		return nil, err
	}
	name, err := parseLine("new_speaker", req.GetNewSpeaker(), maxSpeaker)
	if err != nil {
		return nil, err
	}
	plan := within(language, edits.Rename(req.GetSpeaker(), name))
	return edit(ctx, s.commands, id, req.GetEtag(), models.CueSpeech, plan, func(e models.Edit) (*cuepointv1.Edit, error) {
		return editMessage(e), nil
	})
}

// within makes a plan one for the transcript in a language, "-" for whichever
// there is.
func within(language string, plan edits.Plan) edits.Plan {
	return func(o *edits.Overlay) (models.EditChange, error) {
		if len(o.Cues) == 0 {
			return models.EditChange{}, models.Errorf(models.CodeNotFound, "the video has no transcript")
		}
		t, err := models.TranscriptOf(o.Cues)
		if err != nil {
			return models.EditChange{}, err
		}
		if language != "-" && !strings.EqualFold(language, t.Language) {
			return models.EditChange{}, models.Errorf(models.CodeNotFound, "the video has no transcript in %q, only in %s", language, t.Language)
		}
		return plan(o)
	}
}

// maxText and maxSpeaker bound what is said in one segment, and by whom, in bytes.
const (
	maxText    = 4 << 10
	maxSpeaker = 200
)

// textOf returns what a segment is to say, and who says it.
func textOf(s *cuepointv1.Segment) (text, speaker string, err error) {
	if text, err = parseLine("segment.text", s.GetText(), maxText); err != nil {
		return "", "", err
	}
	speaker, err = parseLine("segment.speaker", s.GetSpeaker(), maxSpeaker)
	return text, speaker, err
}

// parseLine returns a text that stands in a field, its white space made single
// spaces. It may not have more than most bytes, nor other control characters:
// captions cannot say them, and terminals obey them.
func parseLine(field, text string, most int) (string, error) {
	if len(text) > most {
		return "", invalid(field, "it has %d bytes, more than %d", len(text), most)
	}
	line := strings.Join(strings.Fields(text), " ")
	if strings.ContainsFunc(line, unicode.IsControl) {
		return "", invalid(field, "it has control characters; want a text without")
	}
	return line, nil
}

// parseOffset returns a time in a video, which stands in a field.
func parseOffset(field string, d *durationpb.Duration) (*time.Duration, error) {
	if err := d.CheckValid(); err != nil || d.AsDuration() < 0 {
		return nil, invalid(field, "want a time in the video, such as 1.5s")
	}
	at := d.AsDuration()
	return &at, nil
}

func firstSegment(e models.Edit) (*cuepointv1.Segment, error) {
	segments, err := segmentsOf(e)
	if len(segments) == 0 {
		return nil, err
	}
	return segments[0], err
}

// segmentsOf are the segments that an edit made.
func segmentsOf(e models.Edit) (segments []*cuepointv1.Segment, err error) {
	t, err := models.TranscriptOf(e.Change.After)
	for i, s := range t.Segments {
		segments = append(segments, segmentMessage(e.VideoID, t.Language, e.Change.After[i], s))
	}
	return segments, err
}
