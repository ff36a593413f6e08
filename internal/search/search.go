package search

import (
	"context"
	"slices"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// How many hits an answer holds unless the query says, and at most.
const (
	DefaultLimit = 20
	MaxLimit     = 200
)

// Store is what a search asks. A [store.Library] is one.
type Store interface {
	Search(ctx context.Context, q store.SearchQuery) ([]store.Match, error)
	Cues(ctx context.Context, q store.CueQuery) ([]models.Cue, error)
	Video(ctx context.Context, id string) (*models.Video, error)
	Artifacts(ctx context.Context, videoID string) ([]models.Artifact, error)
}

// Searcher answers queries. Any number of goroutines may use one.
type Searcher struct{ store Store }

// New returns a searcher over a store.
func New(s Store) *Searcher { return &Searcher{s} }

// Query is a question to the library.
type Query struct {
	Text    string           // words in any order, "words in quotes" follow each other; at most [MaxQuery] bytes
	VideoID string           // empty: everywhere
	Kinds   []models.CueKind // empty: all
	Limit   int              // 0 means [DefaultLimit], more than [MaxLimit] means that
}

// Hit is a moment that answers a query.
type Hit struct {
	Video     *models.Video // shared by the hits in one video: not to be changed
	Cue       models.Cue
	Snippet   []Part           // of the cue's text, the hits marked
	Thumbnail *models.Artifact // of the shot in which the moment begins, nil where there is none
	Score     float64          // higher is better, comparable within one answer
	Why       Why
}

// Why says what made a moment an answer.
type Why struct {
	Words   float64  // how well its words fit: BM25 or what the database has
	Matched []string // what matched, as written in the text, each once
}

// Search returns the moments that hold all words and phrases of a query, best
// first. Where none does, the last word may go on, for those who search while
// they type. No moments is an answer. INVALID_ARGUMENT for a query without a
// word or one that is too long, NOT_FOUND for a video that is not there.
func (s *Searcher) Search(ctx context.Context, q Query) ([]Hit, error) {
	phrases, err := parse(q.Text)
	if err != nil {
		return nil, err
	}
	if q.VideoID != "" {
		if _, err := s.store.Video(ctx, q.VideoID); err != nil {
			return nil, err
		}
	}
	limit := q.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	ask := store.SearchQuery{Phrases: phrases, VideoID: q.VideoID, Kinds: q.Kinds, Limit: min(limit, MaxLimit)}
	matches, err := s.store.Search(ctx, ask)
	if last := &phrases[len(phrases)-1]; err == nil && len(matches) == 0 && !last.Prefix {
		last.Prefix = true
		matches, err = s.store.Search(ctx, ask)
	}
	if err != nil {
		return nil, err
	}
	return s.hits(ctx, matches, phrases)
}

// hits loads what was matched. A cue or video that has gone since is left out.
func (s *Searcher) hits(ctx context.Context, matches []store.Match, phrases []store.Phrase) ([]Hit, error) {
	if len(matches) == 0 {
		return nil, nil
	}
	ids := make([]string, len(matches))
	for i, m := range matches {
		ids[i] = m.CueID
	}
	cues, err := s.store.Cues(ctx, store.CueQuery{IDs: ids})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]models.Cue, len(cues))
	for _, c := range cues {
		byID[c.ID] = c
	}
	scenes := map[string]*scene{} // nil for a video that has gone
	hits := make([]Hit, 0, len(matches))
	for _, m := range matches {
		cue, ok := byID[m.CueID]
		if !ok {
			continue
		}
		in, known := scenes[cue.VideoID]
		if !known {
			in, err = s.scene(ctx, cue.VideoID)
			if err != nil && models.ErrorCode(err) != models.CodeNotFound {
				return nil, err
			}
			scenes[cue.VideoID] = in
		}
		if in != nil {
			hits = append(hits, hit(m, cue, in, phrases))
		}
	}
	return hits, nil
}

func hit(m store.Match, cue models.Cue, in *scene, phrases []store.Phrase) Hit {
	found := find(cue.Text, phrases)
	why := Why{Words: m.Score}
	for _, f := range found {
		if matched := cue.Text[f.start:f.end]; !slices.Contains(why.Matched, matched) {
			why.Matched = append(why.Matched, matched)
		}
	}
	return Hit{
		Video: in.video, Cue: cue, Snippet: snippet(cue.Text, found), Thumbnail: in.thumbnail(cue.Start),
		Score: m.Score, Why: why,
	}
}

// scene is a video and the pictures of its shots.
type scene struct {
	video     *models.Video
	shots     []models.Cue
	artifacts []models.Artifact
}

func (s *Searcher) scene(ctx context.Context, videoID string) (*scene, error) {
	video, err := s.store.Video(ctx, videoID)
	if err != nil {
		return nil, err
	}
	shots, err := s.store.Cues(ctx, store.CueQuery{VideoID: videoID, Kind: models.CueShot})
	if err != nil {
		return nil, err
	}
	artifacts, err := s.store.Artifacts(ctx, videoID)
	if err != nil {
		return nil, err
	}
	return &scene{video, shots, artifacts}, nil
}

// thumbnail is the picture of the shot at a time.
func (sc *scene) thumbnail(at time.Duration) *models.Artifact {
	for _, shot := range sc.shots {
		if shot.Start <= at && at < shot.End {
			return models.Thumbnail(sc.artifacts, shot.Start, shot.End)
		}
	}
	return nil
}
