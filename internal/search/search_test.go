package search_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/internal/search"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/sqlite"
)

// library is a store with the videos it is told of.
type library struct {
	store.Library
	t *testing.T
}

func setup(t *testing.T) *library {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &library{s.In(models.DefaultWorkspace), t}
}

// add makes a video in which each text is said for a second, one after another.
// The cue's ids are "video-0", "video-1", …
func (l *library) add(video string, texts ...string) {
	l.t.Helper()
	var cues []models.Cue
	for i, said := range texts {
		cues = append(cues, models.Cue{
			ID: fmt.Sprintf("%s-%d", video, i), VideoID: video, Stage: "speech", Kind: models.CueSpeech,
			Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second, Text: said,
		})
	}
	l.create(video)
	l.commit(video, "speech", cues, nil)
}

func (l *library) create(video string) {
	l.t.Helper()
	err := l.CreateVideo(l.t.Context(), &models.Video{ID: video, Title: "About " + video, SHA256: video, Created: time.Now()})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) commit(video, stage string, cues []models.Cue, artifacts []models.Artifact) {
	l.t.Helper()
	var postings []models.Posting
	for _, c := range cues {
		if terms := text.Terms(c.Text); terms != "" {
			postings = append(postings, models.Posting{CueID: c.ID, Terms: terms})
		}
	}
	err := l.Commit(l.t.Context(), store.Commit{
		VideoID: video, Run: models.StageRun{ID: "run", Stage: stage, Status: models.StageDone},
		Cues: cues, Artifacts: artifacts, Postings: postings,
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) search(t *testing.T, q search.Query) []search.Hit {
	t.Helper()
	hits, err := search.New(l.Library).Search(t.Context(), q)
	if err != nil {
		t.Fatalf("search %q: %v", q.Text, err)
	}
	return hits
}

// marked writes a snippet with its hits in brackets.
func marked(parts []search.Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Hit {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestSearchFindsAndMarks(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.add("a",
		"The quick brown fox jumps over the lazy dog.",
		"A brown dog, quick!",
		"Don't panic: it's John's camera.",
		"Un café à l’école, naïve idée.",
		"Straße in Łódź",
		"東京都の地図を見る",
		"京都へ行きました",
		"กินข้าวแล้ว",
		"Ёлки зелёные",
		"H.264 and AV1 at 29.97 frames",
		"<b>not</b> markup & NEAR misses",
		"e\u0301le\u0300ve",
	)
	tests := []struct {
		name, query string
		want        []string
	}{
		{"all words, in any order", "dog QUICK", []string{"A brown [dog], [quick]!", "The [quick] brown fox jumps over the lazy [dog]."}},
		{"a phrase", `"quick brown"`, []string{"The [quick brown] fox jumps over the lazy dog."}},
		{"a phrase and a word", `"brown fox" lazy`, []string{"The quick [brown fox] jumps over the [lazy] dog."}},
		{"quotes of other keyboards", "„quick brown“", []string{"The [quick brown] fox jumps over the lazy dog."}},
		{"another form of a word", "jumping", []string{"The quick brown fox [jumps] over the lazy dog."}},
		{"an apostrophe left out", "dont", []string{"[Don't] panic: it's John's camera."}},
		{"an apostrophe kept", "john’s camera", []string{"Don't panic: it's [John's] [camera]."}},
		{"diacritics left out", "cafe naive", []string{"Un [café] à l’école, [naïve] idée."}},
		{"diacritics kept", "École", []string{"Un café à l’[école], naïve idée."}},
		{"diacritics apart", "eleve", []string{"[e\u0301le\u0300ve]"}},
		{"letters without a decomposition", "strasse lodz", []string{"[Straße] in [Łódź]"}},
		{"Japanese inside of words", "地図", []string{"東京都の[地図]を見る"}},
		{"the end of a run", "見る", []string{"東京都の地図を[見る]"}},
		{"two characters in a row only", "京都へ", []string{"[京都へ]行きました"}},
		{"one character, wherever it stands", "京", []string{"[京]都へ行きました", "東[京]都の地図を見る"}},
		{"one character at the end of a run", "た", []string{"京都へ行きまし[た]"}},
		{"Thai", "ข้าว", []string{"กิน[ข้าว]แล้ว"}},
		{"Russian", "елка", []string{"[Ёлки] зелёные"}},
		{"numbers and names", "h.264 29.97", []string{"[H.264] and AV1 at [29.97] frames"}},
		{"a word that is not yet typed", "quick bro", []string{"A [brown] dog, [quick]!", "The [quick] [brown] fox jumps over the lazy dog."}},
		{"markup is text", "<b> markup", []string{"<[b]>not</[b]> [markup] & NEAR misses"}},
		{"operators are words", "NEAR NOT", []string{"<b>[not]</b> markup & [NEAR] misses"}},
		{"a quote without a partner", `misses" near(`, []string{"<b>not</b> markup & [NEAR] [misses]"}},
		{"FTS5 syntax", `fox* AND terms:dog ^brown {x} -1`, nil},
		{"SQL", `'); DROP TABLE cues; --`, nil},
		{"a word twice", "lazy Lazy LAZY", []string{"The quick brown fox jumps over the [lazy] dog."}},
		{"nothing", "zebra", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, h := range l.search(t, search.Query{Text: tt.query}) {
				got = append(got, marked(h.Snippet))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("search %q (-want +got):\n%s", tt.query, diff)
			}
		})
	}
}

func TestHitsSayWhereAndWhy(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.create("a")
	l.commit("a", "shots", []models.Cue{
		{ID: "s0", VideoID: "a", Stage: "shots", Kind: models.CueShot, Start: 0, End: time.Second},
		{ID: "s1", VideoID: "a", Stage: "shots", Kind: models.CueShot, Start: time.Second, End: time.Minute},
	}, nil)
	l.commit("a", "thumbs", nil, []models.Artifact{
		{VideoID: "a", Stage: "thumbs", Kind: models.ArtifactPoster, Path: "poster.jpg", Time: 5 * time.Second},
		{VideoID: "a", Stage: "thumbs", Kind: models.ArtifactThumbnail, Path: "0001.jpg", Time: 0},
		{VideoID: "a", Stage: "thumbs", Kind: models.ArtifactThumbnail, Path: "0002.jpg", Time: 30 * time.Second},
	})
	l.commit("a", "speech", []models.Cue{
		{ID: "a-1", VideoID: "a", Stage: "speech", Kind: models.CueSpeech, Start: time.Second, End: 2 * time.Second, Text: "a Tide pool, tides, and a tide"},
	}, nil)

	hits := l.search(t, search.Query{Text: "tide"})
	if len(hits) != 1 {
		t.Fatalf("%d hits", len(hits))
	}
	h := hits[0]
	if h.Video.Title != "About a" || h.Cue.ID != "a-1" || h.Cue.Start != time.Second || h.Cue.Kind != models.CueSpeech {
		t.Errorf("hit %+v", h)
	}
	if h.Thumbnail == nil || h.Thumbnail.Path != "0002.jpg" {
		t.Errorf("thumbnail %+v, want that of the shot the moment lies in", h.Thumbnail)
	}
	if h.Score <= 0 || h.Why.Words != h.Score {
		t.Errorf("score %v because of %v", h.Score, h.Why.Words)
	}
	if diff := cmp.Diff([]string{"Tide", "tides", "tide"}, h.Why.Matched); diff != "" {
		t.Errorf("matched (-want +got):\n%s", diff)
	}
}

func TestSearchKeepsToAVideoAndToKinds(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.add("a", "whales")
	l.add("b", "whales")
	l.create("c")
	l.commit("c", "chapters", []models.Cue{
		{ID: "c-0", VideoID: "c", Stage: "chapters", Kind: models.CueChapter, End: time.Second, Text: "Whales"},
	}, nil)
	tests := []struct {
		name  string
		query search.Query
		want  int
	}{
		{"everywhere", search.Query{Text: "whale"}, 3},
		{"one video", search.Query{Text: "whale", VideoID: "b"}, 1},
		{"one kind", search.Query{Text: "whale", Kinds: []models.CueKind{models.CueChapter}}, 1},
		{"kinds that nothing has", search.Query{Text: "whale", Kinds: []models.CueKind{"smell"}}, 0},
		{"at most so many", search.Query{Text: "whale", Limit: 2}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if hits := l.search(t, tt.query); len(hits) != tt.want {
				t.Errorf("%d hits, want %d", len(hits), tt.want)
			}
		})
	}
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.add("a", "something")
	tests := []struct {
		name  string
		query search.Query
		want  models.Code
	}{
		{"no query", search.Query{}, models.CodeInvalidArgument},
		{"no word", search.Query{Text: ` "" ** -- 🎬 `}, models.CodeInvalidArgument},
		{"100 kB", search.Query{Text: strings.Repeat("word ", 20_000)}, models.CodeInvalidArgument},
		{"invalid UTF-8", search.Query{Text: "caf\xe9"}, models.CodeInvalidArgument},
		{"no such video", search.Query{Text: "something", VideoID: "nope"}, models.CodeNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := search.New(l.Library).Search(t.Context(), tt.query)
			if models.ErrorCode(err) != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestTheLongestQueryIsAnswered(t *testing.T) {
	t.Parallel()
	l := setup(t)
	var words []string
	for i := range search.MaxQuery / 3 { // three letters and a space would be too many
		words = append(words, fmt.Sprintf("%c%c", 'a'+i%26, 'a'+i/26%26))
	}
	query := strings.Join(words, " ")
	l.add("a", query)
	hits := l.search(t, search.Query{Text: query})
	if len(hits) != 1 || marked(hits[0].Snippet)[:2] != "[a" {
		t.Fatalf("%d hits", len(hits))
	}
}

// gone is a store that forgets a video between matching and loading.
type gone struct {
	search.Store
	video string
	err   error
}

func (g gone) Video(ctx context.Context, id string) (*models.Video, error) {
	if id == g.video {
		return nil, g.err
	}
	return g.Store.Video(ctx, id)
}

func TestAVideoDeletedMeanwhileIsLeftOut(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.add("a", "whales")
	l.add("b", "whales")
	s := search.New(gone{l.Library, "a", models.Errorf(models.CodeNotFound, "no such video")})
	hits, err := s.Search(t.Context(), search.Query{Text: "whales"})
	if err != nil || len(hits) != 1 || hits[0].Video.ID != "b" {
		t.Errorf("%d hits, error %v; want video b's", len(hits), err)
	}
	broken := errors.New("disk on fire")
	s = search.New(gone{l.Library, "a", broken})
	if _, err := s.Search(t.Context(), search.Query{Text: "whales"}); !errors.Is(err, broken) {
		t.Errorf("error %v, want the store's", err)
	}
}

func TestLongTextsAreCutAroundTheHit(t *testing.T) {
	t.Parallel()
	l := setup(t)
	filler := strings.Repeat("wörter und mehr ", 100)
	l.add("a", filler+"needle "+filler, strings.Repeat("多", 500)+"針"+strings.Repeat("多", 500))
	for _, query := range []string{"needle", "針"} {
		hits := l.search(t, search.Query{Text: query})
		if len(hits) != 1 {
			t.Fatalf("%d hits for %s", len(hits), query)
		}
		got := marked(hits[0].Snippet)
		if !strings.Contains(got, "["+query+"]") || !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") || len(got) > 500 {
			t.Errorf("snippet of %d bytes: %s", len(got), got)
		}
	}
}
