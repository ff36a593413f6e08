package text

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ContentTerms returns the terms of each unit of a text that can tell what it is
// about: stop words, numbers and words of one or two letters left out. The
// language is BCP 47, "und" or empty where it is unknown.
func ContentTerms(language string, units []string) [][]string {
	tokens, all := tokensOf(units)
	stop := stopWordsFor(language, all)
	terms := make([][]string, len(units))
	for i := range units {
		for _, t := range tokens[i] {
			if stop.content(t) {
				terms[i] = append(terms[i], t.Term)
			}
		}
	}
	return terms
}

func tokensOf(texts []string) (each [][]Token, all []Token) {
	each = make([][]Token, len(texts))
	for i, s := range texts {
		each[i] = Tokens(s)
		all = append(all, each[i]...)
	}
	return each, all
}

// Titles names the parts of a text by the keyphrases that tell each from the
// others: one to four words, all different. A title is empty where a part has no
// words to be named by.
//
// Candidates are runs of words between stop words and punctuation, as in RAKE
// (Rose et al., "Automatic Keyword Extraction from Individual Documents", 2010);
// words are scored by frequency in the part, rarity in the other parts
// (tf-idf) and how early they come, as in YAKE (Campos et al., 2020).
func Titles(language string, parts []string) []string {
	parts = calm(parts)
	tokens, all := tokensOf(parts)
	stop := stopWordsFor(language, all)
	spread := map[string]int{} // parts that a term occurs in
	for _, ts := range tokens {
		seen := map[string]bool{}
		for _, t := range ts {
			if !seen[t.Term] {
				seen[t.Term] = true
				spread[t.Term]++
			}
		}
	}
	style := styleOf(language, stop)
	titles := make([]string, len(parts))
	used := map[string]bool{}
	for i, part := range parts {
		p := &titledPart{text: part, tokens: tokens[i], stop: stop, spread: spread, parts: len(parts)}
		titles[i] = unique(style.write(p.phrases()), used)
	}
	return titles
}

// calm writes a text in small letters that is in capitals throughout, as old
// captions are.
func calm(parts []string) []string {
	var upper, lower int
	for _, part := range parts {
		for _, r := range part {
			if unicode.IsUpper(r) {
				upper++
			} else if unicode.IsLower(r) {
				lower++
			}
		}
	}
	if upper <= 2*lower {
		return parts
	}
	calmed := make([]string, len(parts))
	for i, part := range parts {
		calmed[i] = strings.ToLower(part)
	}
	return calmed
}

// unique returns the first title that is not used yet, or the first with a
// number behind it.
func unique(titles []string, used map[string]bool) string {
	if len(titles) == 0 {
		return ""
	}
	title := titles[0]
	if free := slices.IndexFunc(titles, func(s string) bool { return !used[strings.ToLower(s)] }); free >= 0 {
		title = titles[free]
	}
	for n := 2; used[strings.ToLower(title)]; n++ {
		title = titles[0] + " " + strconv.Itoa(n)
	}
	used[strings.ToLower(title)] = true
	return title
}

// titledPart is a part that looks for its title.
type titledPart struct {
	text   string
	tokens []Token
	stop   stopWords
	spread map[string]int
	parts  int
}

// phrase is a candidate: terms that follow each other.
type phrase struct {
	terms  []string
	words  string // as most often written
	score  float64
	count  int
	writes map[string]int
}

// maxPhrase is how many words, or overlapping pairs of characters, a keyphrase
// has at most.
const maxPhrase = 3

// phrases returns the candidates, best first.
func (p *titledPart) phrases() []phrase {
	score := p.termScores()
	found := map[string]*phrase{}
	for _, run := range p.runs() {
		for from := range run {
			for to := from + 1; to <= min(from+maxPhrase, len(run)); to++ {
				p.count(found, run[from:to])
			}
		}
	}
	phrases := make([]phrase, 0, len(found))
	for _, f := range found {
		f.words = mostWritten(f.writes)
		for _, term := range f.terms {
			f.score += score[term]
		}
		// A phrase is as good as its words are on average, better when it is
		// said again, worse when it was said but once.
		f.score /= float64(len(f.terms))
		if extra := float64(len(f.terms) - 1); f.count > 1 {
			f.score *= 1 + 0.2*extra
		} else {
			f.score *= math.Pow(0.9, extra)
		}
		phrases = append(phrases, *f)
	}
	slices.SortFunc(phrases, func(a, b phrase) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.words, b.words))
	})
	return phrases
}

// termScores scores the terms of the part.
func (p *titledPart) termScores() map[string]float64 {
	count, first := map[string]float64{}, map[string]int{}
	before := ""
	for i, t := range p.tokens {
		if _, ok := first[t.Term]; !ok {
			first[t.Term] = i
		}
		if p.stop.aside(t, before, p.text) {
			count[t.Term] += 0.3
		} else {
			count[t.Term]++
		}
		before = t.Word
	}
	scores := map[string]float64{}
	for term, n := range count {
		rarity := math.Log(1 + float64(p.parts)/float64(p.spread[term]))
		early := 1 + 0.3*(1-float64(first[term])/float64(len(p.tokens)))
		scores[term] = math.Pow(n, 0.75) * rarity * early
	}
	return scores
}

// runs are the content words that stand side by side with nothing but a space
// or a hyphen between them.
func (p *titledPart) runs() [][]Token {
	var runs [][]Token
	var run []Token
	end := 0
	for _, t := range p.tokens {
		between := p.text[min(end, t.Start):t.Start]
		if len(run) > 0 && strings.Trim(between, " \n-‐") != "" {
			runs, run = append(runs, run), nil
		}
		if p.stop.content(t) {
			run = append(run, t)
		} else if len(run) > 0 {
			runs, run = append(runs, run), nil
		}
		end = t.End
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs
}

// count adds an occurrence of a candidate.
func (p *titledPart) count(found map[string]*phrase, tokens []Token) {
	terms := make([]string, len(tokens))
	for i, t := range tokens {
		terms[i] = t.Term
		if i > 0 && slices.Contains(terms[:i], t.Term) {
			return
		}
	}
	key := strings.Join(terms, " ")
	f := found[key]
	if f == nil {
		f = &phrase{terms: terms, writes: map[string]int{}}
		found[key] = f
	}
	f.count++
	f.writes[p.written(tokens)]++
}

// written is how the text writes some tokens that follow each other.
func (p *titledPart) written(tokens []Token) string {
	last := tokens[len(tokens)-1]
	end := last.End
	if first, _ := utf8.DecodeRuneInString(last.Word); solid(first) {
		// A bigram reaches into the next character.
		_, size := utf8.DecodeRuneInString(p.text[end:])
		end += size
	}
	s := strings.Join(strings.Fields(p.text[tokens[0].Start:end]), " ")
	for _, mark := range []string{"'s", "’s"} {
		s = strings.TrimSuffix(s, mark)
	}
	return s
}

// mostWritten chooses the commonest form without regard to case, then the
// longest, which for most words is the plural that headings like.
func mostWritten(writes map[string]int) string {
	folded := map[string]int{}
	for s, n := range writes {
		folded[strings.ToLower(s)] += n
	}
	best := ""
	better := func(a, b string) int {
		la, lb := strings.ToLower(a), strings.ToLower(b)
		return cmp.Or(cmp.Compare(folded[la], folded[lb]), cmp.Compare(len(a), len(b)),
			cmp.Compare(writes[a], writes[b]), cmp.Compare(b, a))
	}
	for s := range writes {
		if best == "" || better(s, best) > 0 {
			best = s
		}
	}
	return best
}

// style is how a language writes titles.
type style struct {
	capitals bool   // every word begins with a capital letter
	and      string // between two keyphrases, with its spaces
}

func styleOf(language string, stop stopWords) style {
	if stop["the"] {
		return style{capitals: true, and: " and "}
	}
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	and := map[string]string{
		"de": " und ", "es": " y ", "fr": " et ", "it": " e ", "nl": " en ", "pt": " e ",
		"ja": "と", "zh": "、",
	}[base]
	return style{and: cmp.Or(and, ", ")}
}

// write makes titles of the best phrases, best first. A short one says little,
// so it is joined by a second that is nearly as good.
func (s style) write(phrases []phrase) []string {
	const tries = 8
	var titles []string
	for i, p := range phrases[:min(tries, len(phrases))] {
		title := s.capitalize(p.words)
		switch second, ok := companion(p, phrases[i+1:]); {
		case !ok:
		case spoken(p, second, phrases) != "":
			title = s.capitalize(spoken(p, second, phrases))
		case s.capitals:
			title += s.and + s.capitalize(second.words)
		default:
			title += s.and + second.words
		}
		titles = append(titles, title)
	}
	return titles
}

// companion is the phrase to say beside a phrase of one or two words.
func companion(p phrase, rest []phrase) (second phrase, ok bool) {
	least, most := p.score/2, 2
	if len(p.terms) == 2 {
		least, most = p.score*2/3, 1
	}
	if len(p.terms) > 2 {
		return phrase{}, false
	}
	for _, q := range rest {
		if q.score < least {
			break
		}
		if len(q.terms) <= most && !alike(p, q) {
			return q, true
		}
	}
	return phrase{}, false
}

// spoken is how two phrases of one word stand side by side in the text, or "".
func spoken(p, q phrase, phrases []phrase) string {
	if len(p.terms)+len(q.terms) > 2 {
		return ""
	}
	for _, r := range phrases {
		if len(r.terms) == 2 && slices.Contains(r.terms, p.terms[0]) && slices.Contains(r.terms, q.terms[0]) {
			return r.words
		}
	}
	return ""
}

// alike says whether two phrases share a word, or a character of a script
// without spaces.
func alike(p, q phrase) bool {
	if slices.ContainsFunc(q.terms, func(term string) bool { return slices.Contains(p.terms, term) }) {
		return true
	}
	return strings.ContainsFunc(q.words, func(r rune) bool { return solid(r) && strings.ContainsRune(p.words, r) })
}

// capitalize gives the first letter, or that of each word, its capital. What
// is written in capitals stays.
func (s style) capitalize(words string) string {
	out := []rune(words)
	for i, r := range out {
		if i == 0 || s.capitals && (out[i-1] == ' ' || out[i-1] == '-') {
			out[i] = unicode.ToTitle(r)
		}
	}
	return string(out)
}
