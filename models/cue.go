package models

import (
	"encoding/json"
	"fmt"
)

// TranscriptOf puts speech cues, in order of time, together as a transcript.
func TranscriptOf(cues []Cue) (Transcript, error) {
	t := Transcript{Language: "und"}
	for _, c := range cues {
		if c.Kind != CueSpeech {
			continue
		}
		d, err := c.Speech()
		if err != nil {
			return Transcript{}, err
		}
		t.Language, t.Source, t.Model = d.Language, d.Source, c.Provenance.Model
		t.Segments = append(t.Segments, Segment{
			Start: c.Start, End: c.End, Text: c.Text, Confidence: c.Confidence, Speaker: d.Speaker, Words: d.Words,
		})
	}
	return t, nil
}

// ShotsOf returns the shots among cues.
func ShotsOf(cues []Cue) ([]Shot, error) {
	var shots []Shot
	for _, c := range cues {
		if c.Kind != CueShot {
			continue
		}
		d, err := data[ShotData](c)
		if err != nil {
			return nil, err
		}
		shots = append(shots, Shot{Start: c.Start, End: c.End, Transition: d.Transition, Confidence: c.Confidence, Over: d.Over})
	}
	return shots, nil
}

// ChaptersOf returns the chapters among cues.
func ChaptersOf(cues []Cue) ([]Chapter, error) {
	var chapters []Chapter
	for _, c := range cues {
		if c.Kind != CueChapter {
			continue
		}
		d, err := data[ChapterData](c)
		if err != nil {
			return nil, err
		}
		chapters = append(chapters, Chapter{Start: c.Start, End: c.End, Title: c.Text, Confidence: c.Confidence, Evidence: d.Evidence})
	}
	return chapters, nil
}

// Speech returns what a speech cue knows besides.
func (c Cue) Speech() (SpeechData, error) { return data[SpeechData](c) }

// WithSpeech returns the cue with d as what it knows besides.
func (c Cue) WithSpeech(d SpeechData) Cue {
	c.Data = encode(d)
	return c
}

// Cues returns a transcript's segments as cues.
func (t Transcript) Cues() []Cue {
	cues := make([]Cue, 0, len(t.Segments))
	for _, s := range t.Segments {
		cues = append(cues, Cue{
			Kind: CueSpeech, Start: s.Start, End: s.End, Text: s.Text, Confidence: s.Confidence,
			Data:       encode(SpeechData{Language: t.Language, Source: t.Source, Speaker: s.Speaker, Words: s.Words}),
			Provenance: Provenance{Model: t.Model},
		})
	}
	return cues
}

// Cue returns the shot as a cue.
func (s Shot) Cue() Cue {
	return Cue{Kind: CueShot, Start: s.Start, End: s.End, Confidence: s.Confidence,
		Data: encode(ShotData{Transition: s.Transition, Over: s.Over})}
}

// Cue returns the chapter as a cue.
func (c Chapter) Cue() Cue {
	return Cue{Kind: CueChapter, Start: c.Start, End: c.End, Text: c.Title, Confidence: c.Confidence,
		Data: encode(ChapterData{Evidence: c.Evidence})}
}

// PackagingOf returns what an HLS artifact says of the ladder.
func PackagingOf(a Artifact) (Packaging, error) {
	var p Packaging
	if err := json.Unmarshal(a.Data, &p); err != nil {
		return p, fmt.Errorf("packaging of video %s: %w", a.VideoID, err)
	}
	return p, nil
}

func data[T any](c Cue) (T, error) {
	var d T
	if len(c.Data) == 0 {
		return d, nil
	}
	if err := json.Unmarshal(c.Data, &d); err != nil {
		return d, fmt.Errorf("data of %s cue %s: %w", c.Kind, c.ID, err)
	}
	return d, nil
}

// encode is for this package's own types, which always have a JSON form.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
