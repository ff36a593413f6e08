package models

import (
	"encoding/json"
	"time"
)

// CueKind tells what a cue is about. Analyzers may add kinds of their own.
type CueKind string

// The kinds that the built-in analyzers write.
const (
	CueSpeech  CueKind = "speech"  // a caption or transcript segment; Data is SpeechData
	CueShot    CueKind = "shot"    // one camera take; Data is ShotData
	CueChapter CueKind = "chapter" // a topic; Data is ChapterData
)

// Cue is one moment of a video with something to say about it: the shape that
// every insight has, and what search returns. A stage's cues are replaced as a
// whole when the stage runs again; what people changed in them is kept.
type Cue struct {
	ID         string          `json:"id"` // a UUID
	VideoID    string          `json:"video"`
	Stage      string          `json:"stage"` // that wrote it
	Kind       CueKind         `json:"kind"`
	Start      time.Duration   `json:"start"`
	End        time.Duration   `json:"end"`
	Text       string          `json:"text"`       // what is searched; may be empty
	Confidence float64         `json:"confidence"` // 0 to 1
	Data       json.RawMessage `json:"data,omitempty"`
	Provenance Provenance      `json:"provenance"`
	Edit       string          `json:"edit,omitempty"` // that put it there; empty for what the stage found
}

// Provenance says what made an insight.
type Provenance struct {
	Analyzer string `json:"analyzer"`
	Version  int    `json:"version"`
	Model    string `json:"model,omitempty"`
	Params   string `json:"params,omitempty"` // fingerprint
	Run      string `json:"run"`
}

// SpeechData is the Data of a speech cue.
type SpeechData struct {
	Language string `json:"language"` // BCP 47
	Source   string `json:"source"`   // "imported" or "recognized"
	Speaker  string `json:"speaker,omitempty"`
	Words    []Word `json:"words,omitempty"`
}

// Word is one spoken word. Its times lie within its segment.
type Word struct {
	Text       string        `json:"text"`
	Start      time.Duration `json:"start"`
	End        time.Duration `json:"end"`
	Confidence float64       `json:"confidence"`
}

// Where a transcript came from.
const (
	SourceImported   = "imported"   // captions that were in or beside the file
	SourceRecognized = "recognized" // an engine's work
)

// Segment is a sentence or caption of a transcript.
type Segment struct {
	Start      time.Duration `json:"start"`
	End        time.Duration `json:"end"`
	Text       string        `json:"text"`
	Confidence float64       `json:"confidence"` // 0 to 1; 1 for imported captions
	Speaker    string        `json:"speaker,omitempty"`
	Words      []Word        `json:"words,omitempty"`
}

// Transcript is what was said, in order.
type Transcript struct {
	Language string    `json:"language"`        // BCP 47, "und" where unknown
	Source   string    `json:"source"`          // SourceImported or SourceRecognized
	Model    string    `json:"model,omitempty"` // of the engine; empty when imported
	Segments []Segment `json:"segments"`
}

// Transition is how a shot begins.
type Transition string

// The transitions. The first shot of a video begins with a cut.
const (
	TransitionCut      Transition = "cut"
	TransitionDissolve Transition = "dissolve"
	TransitionFade     Transition = "fade" // through or from black or white
)

// Shot is one continuous take. For a gradual transition, Start is its middle.
type Shot struct {
	Start, End time.Duration
	Transition Transition
	Confidence float64
	// Over is how long the transition takes that the shot begins with, half of
	// it on each side of Start; 0 for a cut.
	Over time.Duration
}

// ShotData is the Data of a shot cue.
type ShotData struct {
	Transition Transition    `json:"transition"`
	Over       time.Duration `json:"over,omitempty"`
}

// Chapter is a part of a video with a topic of its own.
type Chapter struct {
	Start, End time.Duration
	Title      string
	Confidence float64
	Evidence   []Evidence
}

// ChapterData is the Data of a chapter cue.
type ChapterData struct {
	Evidence []Evidence `json:"evidence"`
}

// Evidence is one reason for a boundary: "topic", "shot", "pause", …
type Evidence struct {
	Kind  string  `json:"kind"`
	Score float64 `json:"score"` // 0 to 1
}

// Posting is a cue's entry in the search index: its text as analysed terms.
type Posting struct {
	CueID string
	Terms string // separated by spaces, in order
}
