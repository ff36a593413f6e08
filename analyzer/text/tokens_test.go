package text_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cuepoint/cuepoint/analyzer/text"
)

func TestTerms(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no word", " -- … 🎬 \x00 ", ""},
		{"case and punctuation", "Hello, WORLD!", "hello world"},
		{"stems of English", "running runner's cameras", "run runner camera"},
		{"numbers and mixtures", "In 1969, H.264 at 3.14 MB/s: mp4s", "in 1969 h 264 at 3 14 mb s mp4s"},
		{"diacritics", "Élève naïve Ærøskøbing Łódź Straße", "elev naiv aeroskob lodz strass"},
		{"decomposed as composed", "e\u0301le\u0300ve", "elev"},
		{"Vietnamese and Turkish", "Đặng Việt İstanbul ışık", "dang viet istanbul isik"},
		{"width and ligatures", "Ｆｕｌｌ ﬁne ①", "full fine 1"},
		{"Greek", "Ευχαριστώ ΚΌΣΜΟΣ", "ευχαριστω κοσμοσ"},
		{"Russian", "Ёлки зелёные замо́к", "елк зелен замок"},
		{"marks that make letters stay", "йод иод", "йод иод"},
		{"Hebrew without points", "שָׁלוֹם שלום", "שלום שלום"},
		{"Arabic without points", "كِتَابٌ كتاب", "كتاب كتاب"},
		{"Hindi keeps its vowels", "हिन्दी", "हिन्दी"},
		{"English apostrophes", "Don't, don’t: John's we'll O'Brien", "dont dont john we obrien"},
		{"French apostrophes", "L'eau d’abord, jusqu'à l'aube", "l eau d abord jusqu a l aub"},
		{"Italian apostrophes", "dell'acqua", "dell acqua"},
		{"apostrophes around words", "'quoted' dogs' ''", "quot dog"},
		{"soft hyphens vanish", "inter\u00adnational", "intern"},
		{"zero-width spaces part", "one\u200btwo", "one two"},
		{"Han", "東京都", "東京 京都 都"},
		{"Japanese", "カメラーの映像", "カメ メラ ラー ーの の映 映像 像"},
		{"half width", "ｶﾒﾗ", "カメ メラ ラ"},
		{"dakuten, apart or not", "が か\u3099", "が が"},
		{"Korean", "한국어 비디오", "한국 국어 어 비디 디오 오"},
		{"Korean in jamo", "한", "한"},
		{"Thai keeps marks with their letters", "กินน้ำ", "กิน นน้ํ น้ํา า"},
		{"Han beside Latin and digits", "第3回video大会", "第 3 回 video 大会 会"},
		{"invalid bytes part words", "caf\xc3 \xff\xfeole", "caf ole"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := text.Terms(tt.text); got != tt.want {
				t.Errorf("Terms(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestTokensSayWhereTheyStand(t *testing.T) {
	t.Parallel()
	const s = "L’École's 東京 ﬁlm"
	type at struct {
		Text, Term string
		Open       bool
	}
	var got []at
	for _, token := range text.Tokens(s) {
		got = append(got, at{s[token.Start:token.End], token.Term, token.Open})
	}
	want := []at{{"L", "l", false}, {"École's", "ecol", false}, {"東", "東京", false}, {"京", "京", true}, {"ﬁlm", "film", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
}

func TestLongWordsAreFoundByTheirBeginning(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("xy", 50_000)
	tokens := text.Tokens(long)
	if len(tokens) != 1 || len(tokens[0].Term) > 64 || tokens[0].End != len(long) {
		t.Errorf("%d tokens, first %+v", len(tokens), tokens[:1])
	}
}

// scripts draws texts that mix scripts, marks, punctuation and rubbish.
func scripts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.SliceOf(rapid.SampledFrom([]string{
			"a", "É", "e\u0301", "ß", "ﬃ", "’", "'", " ", "-", "9", "½", "ё", "й", "о\u0301", "ς", "ק", "ִ", "ك", "ـ",
			"東", "京", "ー", "か", "\u3099", "ｶ", "ﾞ", "한", "ᄒ", "ᅡ", "ᆫ", "น", "้", "ำ", "कि", "\u00ad", "\u200b", "\u0301", "🎬", "\xff",
		})), func(parts []string) string { return strings.Join(parts, "") }),
	)
}

func TestTokensOfAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := scripts().Draw(t, "text")
		start, end := 0, 0
		for _, token := range text.Tokens(s) {
			if token.Start < start || token.End < end || token.Start >= token.End || token.End > len(s) {
				t.Fatalf("span %d–%d after %d–%d of %d bytes", token.Start, token.End, start, end, len(s))
			}
			start, end = token.Start, token.End
			if utf8.ValidString(s) && !utf8.ValidString(s[start:end]) {
				t.Fatalf("span %d–%d cuts a character of %q", start, end, s)
			}
			if token.Term == "" || !utf8.ValidString(token.Term) {
				t.Fatalf("term %q of %q", token.Term, s[start:end])
			}
			for _, r := range token.Term {
				if r < utf8.RuneSelf && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", r) ||
					r >= utf8.RuneSelf && !unicode.In(r, unicode.L, unicode.N, unicode.M) {
					t.Fatalf("term %q holds %q", token.Term, r)
				}
			}
		}
	})
}

func TestFoldedWordsFoldToThemselves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := scripts().Draw(t, "text")
		var words []string
		for _, token := range text.Tokens(s) {
			words = append(words, token.Word)
		}
		var again []string
		for _, word := range words {
			for _, token := range text.Tokens(word) {
				again = append(again, token.Word)
				break // of a bigram, its first character
			}
		}
		if diff := cmp.Diff(words, again); diff != "" {
			t.Fatalf("words of %q fold again (-want +got):\n%s", s, diff)
		}
	})
}

func TestLettersAloneDecide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`([a-zéèüñ0-9]{1,9}[ ,.]{1,2}){0,8}`).Draw(t, "text")
		if upper := strings.ToUpper(s); text.Terms(s) != text.Terms(upper) {
			t.Fatalf("%q: %q, in capitals %q", s, text.Terms(s), text.Terms(upper))
		}
	})
}

func FuzzTokens(f *testing.F) {
	f.Add("L’École's 東京 ﬁlm e\u0301 \xff")
	f.Fuzz(func(_ *testing.T, s string) { text.Tokens(s) })
}

func ExampleTerms() {
	fmt.Println(text.Terms("L’école's cameras, 東京"))
	// Output: l ecol camera 東京 京
}
