package app

import (
	"context"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Document is everything known of one video, in the JSON form that the command
// line prints. Times are seconds. Its field names do not change.
type Document struct {
	ID         string             `json:"id"`
	Source     string             `json:"source"`
	Title      string             `json:"title"`
	State      models.VideoState  `json:"state"`
	Error      *DocumentError     `json:"error,omitempty"`
	Duration   Seconds            `json:"duration"`
	Media      *DocumentMedia     `json:"media"`
	Stages     []DocumentStage    `json:"stages"`
	Renditions []models.Rendition `json:"renditions"`
	HLS        string             `json:"hls"`
	DASH       string             `json:"dash"`
	Poster     string             `json:"poster"`
	Storyboard string             `json:"storyboard"`
	Shots      []DocumentShot     `json:"shots"`
	Transcript DocumentTranscript `json:"transcript"`
	Chapters   []DocumentChapter  `json:"chapters"`
}

// DocumentError is why an input failed or is usable in part only.
type DocumentError struct {
	Code    models.Code `json:"code"`
	Message string      `json:"message"`
}

// DocumentStage is one stage's outcome.
type DocumentStage struct {
	Name    string             `json:"name"`
	Status  models.StageStatus `json:"status"`
	Reason  models.Code        `json:"reason"`
	Message string             `json:"message,omitempty"`
	Seconds Seconds            `json:"seconds"`
}

// DocumentShot is a camera take; Transition is how it begins.
type DocumentShot struct {
	Start      Seconds           `json:"start"`
	End        Seconds           `json:"end"`
	Transition models.Transition `json:"transition"`
}

// DocumentTranscript is what was said: no segments where nothing was, or nobody
// could listen, which the speech stage's reason tells.
type DocumentTranscript struct {
	Language string            `json:"language"`
	Source   string            `json:"source"`
	Segments []DocumentSegment `json:"segments"`
}

// DocumentSegment is a sentence or caption.
type DocumentSegment struct {
	Start      Seconds        `json:"start"`
	End        Seconds        `json:"end"`
	Text       string         `json:"text"`
	Confidence float64        `json:"confidence"`
	Words      []DocumentWord `json:"words,omitempty"`
}

// DocumentWord is one spoken word.
type DocumentWord struct {
	Start      Seconds `json:"start"`
	End        Seconds `json:"end"`
	Word       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// DocumentChapter is a part with a topic of its own.
type DocumentChapter struct {
	Start Seconds `json:"start"`
	End   Seconds `json:"end"`
	Title string  `json:"title"`
}

// newDocument has empty lists where JSON would otherwise say null.
func newDocument() *Document {
	return &Document{
		Stages: []DocumentStage{}, Renditions: []models.Rendition{}, Shots: []DocumentShot{}, Chapters: []DocumentChapter{},
		Transcript: DocumentTranscript{Segments: []DocumentSegment{}},
	}
}

func (d *Document) setError(e *models.Error) {
	if e != nil {
		d.Error = &DocumentError{Code: e.Code, Message: e.Message}
	}
}

// Document gathers everything known of a video. NOT_FOUND.
func (a *App) Document(ctx context.Context, id string) (*Document, error) {
	v, err := a.Store.Video(ctx, id)
	if err != nil {
		return nil, err
	}
	d := newDocument()
	d.ID, d.Source, d.Title, d.State = v.ID, v.Source, v.Title, v.State
	d.setError(v.Error)
	if v.Media != nil {
		d.Duration, d.Media = Seconds(v.Media.Duration), mediaDocument(v.Media)
	}
	for _, run := range v.Runs {
		stage := DocumentStage{Name: run.Stage, Status: run.Status, Seconds: Seconds(run.Elapsed().Round(time.Millisecond))}
		if run.Error != nil {
			stage.Reason, stage.Message = run.Error.Code, run.Error.Message
		}
		d.Stages = append(d.Stages, stage)
	}
	if err := a.addFiles(ctx, d); err != nil {
		return nil, err
	}
	return d, a.addInsights(ctx, d)
}

// addFiles fills in the places of what was published.
func (a *App) addFiles(ctx context.Context, d *Document) error {
	artifacts, err := a.Store.Artifacts(ctx, d.ID)
	if err != nil {
		return err
	}
	for _, artifact := range artifacts {
		place := a.place(ctx, &artifact)
		switch artifact.Kind {
		case models.ArtifactHLS:
			packaging, err := models.PackagingOf(artifact)
			if err != nil {
				return err
			}
			d.HLS, d.Renditions = place, packaging.Renditions
		case models.ArtifactDASH:
			d.DASH = place
		case models.ArtifactPoster:
			d.Poster = place
		case models.ArtifactStoryboard:
			d.Storyboard = place
		}
	}
	return nil
}

// addInsights fills in what was said and shown.
func (a *App) addInsights(ctx context.Context, d *Document) error {
	cues, err := a.Store.Cues(ctx, store.CueQuery{VideoID: d.ID})
	if err != nil {
		return err
	}
	shots, err := models.ShotsOf(cues)
	if err != nil {
		return err
	}
	for _, s := range shots {
		d.Shots = append(d.Shots, DocumentShot{Start: Seconds(s.Start), End: Seconds(s.End), Transition: s.Transition})
	}
	chapters, err := models.ChaptersOf(cues)
	if err != nil {
		return err
	}
	for _, c := range chapters {
		d.Chapters = append(d.Chapters, DocumentChapter{Start: Seconds(c.Start), End: Seconds(c.End), Title: c.Title})
	}
	transcript, err := models.TranscriptOf(cues)
	if err != nil || len(transcript.Segments) == 0 {
		return err
	}
	d.Transcript = transcriptDocument(transcript)
	return nil
}

func transcriptDocument(transcript models.Transcript) DocumentTranscript {
	t := DocumentTranscript{Language: transcript.Language, Source: transcript.Source}
	for _, s := range transcript.Segments {
		segment := DocumentSegment{Start: Seconds(s.Start), End: Seconds(s.End), Text: s.Text, Confidence: s.Confidence}
		for _, w := range s.Words {
			segment.Words = append(segment.Words, DocumentWord{Start: Seconds(w.Start), End: Seconds(w.End), Word: w.Text, Confidence: w.Confidence})
		}
		t.Segments = append(t.Segments, segment)
	}
	return t
}
