package main

import (
	"context"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/status"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

// document is everything known of one video, in the JSON form that the command
// line prints. Times are seconds. Its field names do not change.
type document struct {
	ID         string             `json:"id"`
	Source     string             `json:"source"`
	Title      string             `json:"title"`
	State      models.VideoState  `json:"state"`
	Error      *errorDocument     `json:"error,omitempty"`
	Duration   seconds            `json:"duration"`
	Media      *mediaDocument     `json:"media"`
	Stages     []stageDocument    `json:"stages"`
	Renditions []models.Rendition `json:"renditions"`
	HLS        string             `json:"hls"`
	DASH       string             `json:"dash"`
	Poster     string             `json:"poster"`
	Storyboard string             `json:"storyboard"`
	Shots      []shotDocument     `json:"shots"`
	Transcript transcriptDocument `json:"transcript"`
	Chapters   []chapterDocument  `json:"chapters"`
}

// errorDocument is why an input failed or is usable in part only.
type errorDocument struct {
	Code    models.Code `json:"code"`
	Message string      `json:"message"`
}

// stageDocument is one stage's outcome.
type stageDocument struct {
	Name    string             `json:"name"`
	Status  models.StageStatus `json:"status"`
	Reason  models.Code        `json:"reason"`
	Message string             `json:"message,omitempty"`
	Seconds seconds            `json:"seconds"`
}

// shotDocument is a camera take; Transition is how it begins.
type shotDocument struct {
	Start      seconds           `json:"start"`
	End        seconds           `json:"end"`
	Transition models.Transition `json:"transition"`
}

// transcriptDocument is what was said: no segments where nothing was, or nobody
// could listen, which the speech stage's reason tells.
type transcriptDocument struct {
	Language string            `json:"language"`
	Source   string            `json:"source"`
	Segments []segmentDocument `json:"segments"`
}

// segmentDocument is a sentence or caption.
type segmentDocument struct {
	Start      seconds        `json:"start"`
	End        seconds        `json:"end"`
	Text       string         `json:"text"`
	Confidence float64        `json:"confidence"`
	Speaker    string         `json:"speaker,omitempty"`
	Words      []wordDocument `json:"words,omitempty"`
}

// wordDocument is one spoken word.
type wordDocument struct {
	Start      seconds `json:"start"`
	End        seconds `json:"end"`
	Word       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// chapterDocument is a part with a topic of its own.
type chapterDocument struct {
	Start seconds `json:"start"`
	End   seconds `json:"end"`
	Title string  `json:"title"`
}

// newDocument has empty lists where JSON would otherwise say null.
func newDocument() *document {
	return &document{
		Stages: []stageDocument{}, Renditions: []models.Rendition{}, Shots: []shotDocument{}, Chapters: []chapterDocument{},
		Transcript: transcriptDocument{Segments: []segmentDocument{}},
	}
}

// refused is the document of an input that never became a video.
func refused(source string, err error) *document {
	d := newDocument()
	d.Source, d.State = source, models.VideoFailed
	reason := models.AsError(err)
	d.Error = &errorDocument{reason.Code, reason.Message}
	return d
}

// document asks for everything known of a video. NOT_FOUND.
func (l *library) document(ctx context.Context, id string) (*document, error) {
	known, err := l.Insights.GetDocument(ctx, &cuepointv1.GetDocumentRequest{Name: videoName(id) + "/document"})
	if err != nil {
		return nil, err
	}
	v := known.GetVideo()
	d := newDocument()
	d.ID, d.Source, d.Title, d.State = videoID(v.GetName()), v.GetSource(), v.GetTitle(), stateOf(v.GetState())
	d.Error, d.Duration, d.Media = errorOf(v.GetError()), seconds(v.GetDuration().AsDuration()), mediaOf(v.GetMedia())
	for _, run := range v.GetStages() {
		d.Stages = append(d.Stages, stageDocumentOf(run))
	}
	if files := v.GetPlayback(); files != nil {
		d.HLS, d.DASH = l.place(ctx, files.GetHlsUri()), l.place(ctx, files.GetDashUri())
		d.Poster, d.Storyboard = l.place(ctx, files.GetPosterUri()), l.place(ctx, files.GetStoryboardUri())
		for _, r := range files.GetRenditions() {
			d.Renditions = append(d.Renditions, renditionOf(r))
		}
	}
	for _, s := range v.GetShots() {
		d.Shots = append(d.Shots, shotDocument{
			seconds(s.GetStartOffset().AsDuration()), seconds(s.GetEndOffset().AsDuration()), models.Transition(word(s.GetTransition().String(), "TRANSITION_")),
		})
	}
	for _, c := range v.GetChapters() {
		d.Chapters = append(d.Chapters, chapterDocument{seconds(c.GetStartOffset().AsDuration()), seconds(c.GetEndOffset().AsDuration()), c.GetTitle()})
	}
	if all := known.GetTranscripts(); len(all) > 0 {
		d.Transcript = transcriptOf(all[0])
	}
	return d, nil
}

func stageDocumentOf(m *cuepointv1.StageRun) stageDocument {
	run := stageOf(m)
	d := stageDocument{Name: run.Stage, Status: run.Status, Seconds: seconds(run.Elapsed().Round(time.Millisecond))}
	if run.Error != nil {
		d.Reason, d.Message = run.Error.Code, run.Error.Message
	}
	return d
}

// stageOf is what an answer tells of a stage.
func stageOf(m *cuepointv1.StageRun) models.StageRun {
	run := models.StageRun{
		Stage: m.GetStage(), Status: statusOf(m.GetStatus()), Attempt: int(m.GetAttempt()), Progress: m.GetProgress(), Error: reasonOf(m.GetError()),
	}
	if m.GetStartTime() != nil {
		run.Started = m.GetStartTime().AsTime()
	}
	if m.GetEndTime() != nil {
		run.Finished = m.GetEndTime().AsTime()
	}
	return run
}

func statusOf(s cuepointv1.StageRun_Status) models.StageStatus {
	return models.StageStatus(word(s.String(), "STATUS_"))
}

func renditionOf(r *cuepointv1.Rendition) models.Rendition {
	kind := models.StreamVideo
	if r.GetWidth() == 0 {
		kind = models.StreamAudio
	}
	return models.Rendition{
		Name: r.GetName(), Kind: kind, Width: int(r.GetWidth()), Height: int(r.GetHeight()), FrameRate: r.GetFrameRate(),
		Bitrate: r.GetBitRate(), Average: r.GetAverageBitRate(), Codecs: r.GetCodecs(), Language: r.GetLanguageCode(), Channels: int(r.GetChannels()),
	}
}

func transcriptOf(m *cuepointv1.Transcript) transcriptDocument {
	t := transcriptDocument{Language: m.GetLanguageCode(), Source: word(m.GetSource().String(), "SOURCE_"), Segments: []segmentDocument{}}
	for _, s := range m.GetSegments() {
		segment := segmentDocument{
			Start: seconds(s.GetStartOffset().AsDuration()), End: seconds(s.GetEndOffset().AsDuration()),
			Text: s.GetText(), Confidence: s.GetConfidence(), Speaker: s.GetSpeaker(),
		}
		for _, w := range s.GetWords() {
			segment.Words = append(segment.Words, wordDocument{
				seconds(w.GetStartOffset().AsDuration()), seconds(w.GetEndOffset().AsDuration()), w.GetWord(), w.GetConfidence(),
			})
		}
		t.Segments = append(t.Segments, segment)
	}
	return t
}

// errorOf is a lasting error as the command line prints it, nil for none.
func errorOf(s *status.Status) *errorDocument {
	reason := reasonOf(s)
	if reason == nil {
		return nil
	}
	return &errorDocument{reason.Code, reason.Message}
}

// reasonOf is a lasting error in an answer, nil for none.
func reasonOf(s *status.Status) *models.Error {
	return models.AsError(api.ErrorOf(grpcstatus.ErrorProto(s)))
}

func videoName(id string) string { return "videos/" + valid(id) }

func videoID(name string) string { return strings.TrimPrefix(name, "videos/") }
