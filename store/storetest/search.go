package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cuepoint/cuepoint/analyzer/text"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// spoken is what people say in many scripts, and what is hard to index.
var spoken = []string{
	"The bees make honey, and the bee's honey is sweet.",
	"Honey bees dance; nobody makes them dance. L'abeille danse à l'été.",
	"Café, cafe\u0301, CAFÉ: naïve façade, Straße, œuvre, Ærø.",
	"Don't say 'can't' — C++ and C# 3.14, H.264, 50% \\ \"quoted\" & (near) | !not:* <-> OR",
	"東京都は日本の首都です。京都へ行きます。",
	"北京大学生前来应聘，研究生命起源。",
	"서울에서 부산까지 기차로 갑니다.",
	"สวัสดีครับ ภาษาไทยไม่เว้นวรรค",
	"Ёлка, елка и ещё пчёлы делают мёд.",
	"Οι μέλισσες φτιάχνουν μέλι στους αγρούς.",
	"النَّحْلُ يَصْنَعُ العسل، والعسل حلو.",
	"הַדְּבוֹרִים עושות דבש",
	"मधुमक्खियाँ शहद बनाती हैं।",
	"Ong làm mật; ong mật Việt Nam.",
	"arı balı İstanbul'da ışık",
	"bee 🐝 bee\u200bbee ﬁne ½ ２０２６",
	"a\x00b \xff\xfe '' \\' ':1A", // neither NUL nor invalid bytes are text
	strings.Repeat("again and ", 300) + "again at last",
	strings.Repeat("so long a speech that places run out ", 2500) + "the very end of it",
}

// testSameSets asks for each word, pair and triple of words of every text, and
// compares what is found with a scan. Every database that passes finds the
// same sets.
func testSameSets(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := create(t, s, 1)
	c := store.Commit{VideoID: v.ID, Run: run("speech")}
	corpus := make([]string, len(spoken))
	for i, said := range spoken {
		corpus[i] = text.Terms(said)
		c.Cues = append(c.Cues, cue(i, "speech", models.CueSpeech, time.Duration(i), time.Duration(i+1), said))
		c.Postings = append(c.Postings, models.Posting{CueID: c.Cues[i].ID, Terms: corpus[i]})
	}
	commit(t, s, c)
	asked := map[string]bool{}
	for _, said := range corpus {
		terms, from := strings.Fields(said), 0
		if len(terms) > 100 { // the end is the hard part
			from = len(terms) - 8
		}
		for i := from; i < len(terms); i++ {
			for n := 1; n <= 3 && i+n <= len(terms); n++ {
				for _, p := range phrases(terms[i : i+n]) {
					key := fmt.Sprint(p)
					if asked[key] {
						continue
					}
					asked[key] = true
					got := search(t, s, store.SearchQuery{Phrases: []store.Phrase{p}})
					if diff := cmp.Diff(scan(corpus, p), got); diff != "" {
						t.Errorf("%q, prefix %v (-scan +found):\n%s", p.Terms, p.Prefix, diff)
					}
				}
			}
		}
	}
	if len(asked) < 500 {
		t.Errorf("only %d questions", len(asked))
	}
}

// phrases are the terms as they are, with an open end, and with a last term
// that was not typed to its end.
func phrases(terms []string) []store.Phrase {
	all := []store.Phrase{{Terms: terms}, {Terms: terms, Prefix: true}}
	if last := []rune(terms[len(terms)-1]); len(last) > 1 {
		begun := slices.Clone(terms)
		begun[len(begun)-1] = string(last[:len(last)/2])
		all = append(all, store.Phrase{Terms: begun, Prefix: true}, store.Phrase{Terms: begun})
	}
	return all
}

// scan finds the texts that hold a phrase by reading them.
func scan(corpus []string, p store.Phrase) (ids []string) {
	phrase := " " + strings.Join(p.Terms, " ")
	if !p.Prefix {
		phrase += " "
	}
	for i, terms := range corpus {
		if strings.Contains(" "+terms+" ", phrase) {
			ids = append(ids, fmt.Sprintf("cue%d", i))
		}
	}
	slices.Sort(ids)
	return ids
}

// testHostile asks with terms that no analysis makes. Whatever they find, they
// are no syntax and no error.
func testHostile(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	whole(t, s, 1)
	for _, term := range []string{
		`"`, `'`, `\`, `''`, `'':*`, `a & b`, `!word`, `nothing | word`, `(word`, `word:*`, `w <-> x`, `NEAR(a b)`, `terms:word`, `{terms}`,
		`^word`, `-word`, "\x00", "\xff", "a\x00", `%`, `_`, `$1`, `?`, "'; DROP TABLE cues; --", strings.Repeat("x", 5000), strings.Repeat("é", 1500),
	} {
		for _, p := range []store.Phrase{{Terms: []string{term}}, {Terms: []string{term}, Prefix: true}, {Terms: []string{"nothing", term, term}}} {
			matches, err := s.Search(t.Context(), store.SearchQuery{Phrases: []store.Phrase{p, {Terms: []string{"nothing"}}}})
			if models.ErrorCode(err) != "" || len(matches) > 0 {
				t.Errorf("%.40q: %v, %v, want nothing", p.Terms, matches, err)
			}
		}
	}
	if got := search(t, s, word); !slices.Equal(got, []string{"cue1"}) {
		t.Errorf("then %v is left", got)
	}
}

// testAnyText keeps what people and files bring along.
func testAnyText(t *testing.T, db store.Store) {
	s := db.In(models.DefaultWorkspace)
	v := newVideo(1)
	v.Title, v.Source = "tides\xff\x00.mp4", `'"; DROP TABLE videos; -- $1 ? %s \`
	if err := s.CreateVideo(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	got, err := s.Video(t.Context(), v.ID)
	if err != nil || !strings.HasPrefix(got.Title, "tides") || !strings.HasSuffix(got.Title, ".mp4") || got.Source != v.Source {
		t.Errorf("title %q, source %q, %v", got.Title, got.Source, err)
	}
	for _, id := range []string{"\x00", "\xff", "' OR TRUE --", ""} {
		_, err := s.Video(t.Context(), id)
		wantCode(t, err, models.CodeNotFound)
		if artifacts, err := s.Artifacts(t.Context(), id); err != nil || artifacts != nil {
			t.Errorf("artifacts of %q: %v, %v", id, artifacts, err)
		}
	}
}
