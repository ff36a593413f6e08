package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Bounds of a filter.
const (
	maxLength = 4 << 10 // bytes
	maxDepth  = 50      // parentheses and negations within each other
)

// Parse reads a filter; an empty one is nil, which means every video. OR binds
// closer than AND. INVALID_ARGUMENT says where it cannot be read, and what would
// do there.
func Parse(text string) (store.Filter, error) {
	if len(text) > maxLength {
		return nil, models.Errorf(models.CodeInvalidArgument, "filter: it has %d bytes, at most %d are read; ask for less at once", len(text), maxLength)
	}
	p := &parser{text: text}
	if p.skip(); p.done() {
		return nil, nil
	}
	all, err := p.conjunction()
	if err != nil {
		return nil, err
	}
	if !p.done() {
		return nil, p.wrong("want AND, OR or the end")
	}
	if err := store.CheckFilter(all); err != nil {
		return nil, err
	}
	return all, nil
}

// parser reads a text from left to right. Its methods leave it at what comes
// next, behind white space.
type parser struct {
	text  string
	at    int
	depth int
}

// conjunction is one or more alternatives joined by AND.
func (p *parser) conjunction() (store.Filter, error) {
	return p.joined("AND", p.alternative, func(all []store.Filter) store.Filter { return store.And(all) })
}

// alternative is one or more terms joined by OR.
func (p *parser) alternative() (store.Filter, error) {
	return p.joined("OR", p.term, func(all []store.Filter) store.Filter { return store.Or(all) })
}

func (p *parser) joined(word string, part func() (store.Filter, error), join func([]store.Filter) store.Filter) (store.Filter, error) {
	var all []store.Filter
	for {
		one, err := part()
		if err != nil {
			return nil, err
		}
		if all = append(all, one); !p.word(word) {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return join(all), nil
}

// term is a comparison or a filter in parentheses, or the opposite of a term.
func (p *parser) term() (store.Filter, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.wrong("more than %d parentheses within each other; write it flatter", maxDepth)
	}
	defer func() { p.depth-- }()
	switch {
	case p.word("NOT"), p.sign("-"):
		f, err := p.term()
		return store.Not{Filter: f}, err
	case p.sign("("):
		f, err := p.conjunction()
		if err == nil && !p.sign(")") {
			err = p.wrong("want AND, OR or )")
		}
		return f, err
	}
	return p.comparison()
}

// operators are the signs that compare, those before that begin alike.
var operators = []store.Op{store.OpNotEqual, store.OpLessEqual, store.OpGreaterEqual, store.OpEqual, store.OpLess, store.OpGreater, store.OpContains}

// comparison is a field, an operator and a value.
func (p *parser) comparison() (store.Filter, error) {
	begin := *p
	name := p.until(`=!<>:`)
	if name == "" {
		return nil, p.wrong("want a field, such as title")
	}
	for _, op := range operators {
		if !p.sign(string(op)) {
			continue
		}
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		c, reason := compare(name, op, value)
		if reason != "" {
			return nil, begin.wrong("%s", reason)
		}
		return c, nil
	}
	return nil, p.wrong("want an operator and a value after %.80q, such as title:tide", name)
}

// value is a word or a text in quotes.
func (p *parser) value() (string, error) {
	if p.done() || !strings.ContainsRune(`"'`, rune(p.text[p.at])) {
		word := p.until("")
		if word == "" {
			return "", p.wrong(`want a value; "" is an empty one`)
		}
		return word, nil
	}
	var value strings.Builder
	quote := p.text[p.at]
	for i := p.at + 1; i < len(p.text); i++ {
		switch {
		case p.text[i] == quote:
			p.at = i + 1
			p.skip()
			return value.String(), nil
		case p.text[i] == '\\' && i+1 < len(p.text):
			i++ // what follows stands for itself
		}
		value.WriteByte(p.text[i])
	}
	return "", p.wrong("the quotes that begin here do not end")
}

// until reads what lies before the next space, parenthesis, quote or one of stops.
func (p *parser) until(stops string) string {
	end := strings.IndexFunc(p.text[p.at:], func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`()"'`, r) || strings.ContainsRune(stops, r)
	})
	if end < 0 {
		end = len(p.text) - p.at
	}
	begin := p.at
	p.at += end
	defer p.skip()
	return p.text[begin:p.at]
}

// sign reads a sign if it comes next.
func (p *parser) sign(sign string) bool {
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	p.skip()
	return true
}

// word reads a word if it comes next.
func (p *parser) word(word string) bool {
	next := *p
	if next.until("") != word {
		return false
	}
	*p = next
	return true
}

func (p *parser) skip() {
	p.at = len(p.text) - len(strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace))
}

func (p *parser) done() bool { return p.at == len(p.text) }

// wrong is the error of what comes next.
func (p *parser) wrong(format string, args ...any) error {
	e := models.Errorf(models.CodeInvalidArgument, format, args...)
	e.Message = strings.ToValidUTF8(e.Message, "\uFFFD")
	return models.Errorf(models.CodeInvalidArgument, "filter: at character %d: %s", utf8.RuneCountInString(p.text[:p.at])+1, e.Message)
}
