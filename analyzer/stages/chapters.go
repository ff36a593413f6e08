package stages

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/analyzer/chapters"
	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/internal/webvtt"
	"github.com/cuepoint/cuepoint/models"
)

// Chapters divides a video by its topics: from its transcript, its pauses and
// its shots, or from its shots alone. Chapters that the author put into the
// container win. It leaves chapter cues and a WebVTT file of them.
type Chapters struct{}

// NewChapters makes the stage.
func NewChapters() *Chapters { return &Chapters{} }

// Spec is the stage's description.
func (*Chapters) Spec() analyzer.Spec {
	return analyzer.Spec{Name: "chapters", Version: 1, Needs: []string{"package", "speech", "shots"}, Optional: true, Class: analyzer.Light}
}

// Params depend on nothing: what a chapter is does not change by options.
func (*Chapters) Params(*analyzer.Job) string { return "" }

// Run divides the video. It skips one of a single shot in which nobody speaks.
func (s *Chapters) Run(ctx context.Context, job *analyzer.Job) (*analyzer.Result, error) {
	found, err := s.find(ctx, job)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	const name = "chapters.vtt"
	if err := os.WriteFile(job.Path(name), chaptersVTT(found), 0o644); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	result := &analyzer.Result{Artifacts: []models.Artifact{
		{Kind: models.ArtifactChapters, Path: name, Type: "text/vtt"},
	}}
	for _, c := range found {
		result.Cues = append(result.Cues, c.Cue())
	}
	job.Progress(1)
	return result, nil
}

func (s *Chapters) find(ctx context.Context, job *analyzer.Job) ([]models.Chapter, error) {
	media := job.Video.Media
	if media == nil || media.Duration <= 0 {
		return nil, analyzer.Skip(models.Errorf(models.CodeNotApplicable, "the video's duration is not known"))
	}
	spoken, err := job.Inputs.Cues(ctx, models.CueSpeech)
	if err != nil {
		return nil, fmt.Errorf("read transcript: %w", err)
	}
	shots, err := shotsOf(ctx, job)
	if err != nil {
		return nil, err
	}
	if marked := authored(media); marked != nil {
		return marked, nil
	}
	segments, language := segmentsOf(spoken)
	language = cmp.Or(language, job.Video.Language)
	units := chapters.Units(segments)
	if len(units) == 0 && len(shots) < 2 {
		return nil, analyzer.Skip(models.Errorf(models.CodeNotApplicable,
			"nothing is said, and the picture never changes: there is nothing to divide"))
	}
	texts := make([]string, len(units))
	for i, u := range units {
		texts[i] = u.Text
	}
	parts := chapters.Divide(chapters.Input{
		Duration: media.Duration, Units: units, Shots: shots,
		Cohesion: text.NewCohesion(text.ContentTerms(language, texts)),
	})
	return titled(parts, texts, language), nil
}

// authored returns the container's own chapters, made contiguous, or nil where
// it has fewer than two that make sense.
func authored(media *models.MediaInfo) []models.Chapter {
	marks := slices.Clone(media.Chapters)
	slices.SortStableFunc(marks, func(a, b models.MediaMark) int { return cmp.Compare(a.Start, b.Start) })
	var found []models.Chapter
	for _, m := range marks {
		last := len(found) - 1
		start := max(m.Start, 0)
		if start >= media.Duration || last >= 0 && start-found[last].Start < time.Second {
			continue
		}
		if last >= 0 {
			found[last].End = start
		}
		found = append(found, models.Chapter{
			Start: start, End: media.Duration, Title: webvtt.Line(m.Title), Confidence: 1,
			Evidence: []models.Evidence{{Kind: chapters.Container, Score: 1}},
		})
	}
	if len(found) < 2 {
		return nil
	}
	found[0].Start = 0
	for i := range found {
		found[i].Title = cmp.Or(found[i].Title, partTitle(i))
	}
	return found
}

// titled names the parts by what is said in them.
func titled(parts []chapters.Part, texts []string, language string) []models.Chapter {
	said := make([]string, len(parts))
	for i, p := range parts {
		said[i] = strings.Join(texts[p.First:p.Last], "\n")
	}
	titles := text.Titles(language, said)
	found := make([]models.Chapter, len(parts))
	for i, p := range parts {
		found[i] = p.Chapter
		found[i].Title = cmp.Or(titles[i], partTitle(i))
	}
	return found
}

func partTitle(i int) string { return fmt.Sprintf("Part %d", i+1) }

// segmentsOf reads a transcript back from its cues, and the language that most
// of it is in.
func segmentsOf(cues []models.Cue) (segments []models.Segment, language string) {
	said := map[string]int{}
	for _, c := range cues {
		var data models.SpeechData
		_ = json.Unmarshal(c.Data, &data) // without words and language, the text is enough
		segments = append(segments, models.Segment{Start: c.Start, End: c.End, Text: c.Text, Words: data.Words})
		said[data.Language] += len(c.Text)
		if said[data.Language] > said[language] {
			language = data.Language
		}
	}
	return segments, language
}

// chaptersVTT writes chapters as WebVTT cues whose text is the title. Times are
// rounded down: no chapter reaches past the video.
func chaptersVTT(found []models.Chapter) []byte {
	var f webvtt.File
	for _, c := range found {
		f.Add(c.Start.Truncate(time.Millisecond), c.End.Truncate(time.Millisecond), webvtt.Escape(webvtt.Line(c.Title)))
	}
	return []byte(f.String())
}
