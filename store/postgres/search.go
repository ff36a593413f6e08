package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// Limits of tsvector (PostgreSQL manual, 12.11): a lexeme has less than 2 KiB,
// all of them and their places together less than 1 MiB. What a text has beyond
// that is not found, which no text that somebody speaks or shows comes near.
const (
	maxLexeme = 2046
	maxVector = 900 << 10
	maxPlace  = 16383 // places further on are this one
	maxPlaces = 255   // of one lexeme
)

// Search implements [store.Library]. The score is PostgreSQL's ts_rank, less
// for longer texts.
func (l *library) Search(ctx context.Context, q store.SearchQuery) ([]store.Match, error) {
	expression, phrases := matchExpression(q.Phrases)
	if expression == "" {
		return nil, models.Errorf(models.CodeInvalidArgument, "query: no word to look for")
	}
	where := conditions{args: []any{l.workspace}}
	where.add("cue_terms.words @@ $%d::tsquery", expression)
	for _, phrase := range phrases {
		where.add("strpos(' ' || cue_terms.terms || ' ', $%d) > 0", phrase)
	}
	if q.VideoID != "" {
		where.add("cues.video_id = $%d", clean(q.VideoID))
	}
	if len(q.Kinds) > 0 {
		where.add("cues.kind = ANY ($%d)", cleaned(q.Kinds))
	}
	limit := q.Limit
	if limit <= 0 {
		limit = sqldb.DefaultMatches
	}
	// Ties go by place, so that answers are stable.
	matches, err := query(ctx, l.read(), func(row pgx.CollectableRow) (m store.Match, err error) {
		err = row.Scan(&m.CueID, &m.Score)
		return m, err
	}, `SELECT cues.id, ts_rank(cue_terms.words, $2::tsquery, 1)::float8 AS score
		FROM cue_terms JOIN cues ON cues.n = cue_terms.cue`+ofLive+`WHERE `+where.String()+
		fmt.Sprintf(` ORDER BY score DESC, cues.video_id, cues.start_ns, cues.n LIMIT %d`, limit), where.args...)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("search: %w", err))
	}
	return matches, nil
}

// matchExpression writes all terms of phrases as a tsquery in which every one
// is quoted, so that nothing in them is syntax. sequences are the phrases of
// more than one term as they stand in a text with a space at both ends.
func matchExpression(all []store.Phrase) (expression string, sequences []string) {
	var parts []string
	for _, p := range all {
		terms := split(strings.Join(p.Terms, " "))
		for i, term := range terms {
			part := quote(term)
			if p.Prefix && i == len(terms)-1 {
				part += ":*"
			}
			parts = append(parts, part)
		}
		if len(terms) > 1 {
			sequence := " " + joined(terms)
			if !p.Prefix {
				sequence += " "
			}
			sequences = append(sequences, sequence)
		}
	}
	return strings.Join(parts, " & "), sequences
}

// lexemes writes terms as a tsvector with their places.
func lexemes(terms []string) string {
	places := map[string][]int{}
	var order []string
	size := 0
	for i, term := range terms {
		if size += len(term) + 4; size > maxVector {
			break
		}
		at := places[term]
		if at == nil {
			order = append(order, term)
		} else {
			size -= len(term)
		}
		if place := min(i+1, maxPlace); len(at) < maxPlaces && !slices.Contains(at[max(0, len(at)-1):], place) {
			places[term] = append(at, place)
		}
	}
	var b strings.Builder
	for _, term := range order {
		b.WriteString(quote(term))
		for i, place := range places[term] {
			b.WriteByte(":,"[min(i, 1)])
			b.WriteString(strconv.Itoa(place))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// quote writes a lexeme so that nothing in it is syntax.
func quote(term string) string {
	term = strings.ToValidUTF8(term[:min(len(term), maxLexeme)], "")
	return "'" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(term) + "'"
}

// split and joined are the one form in which terms are kept and looked for.

func split(terms string) []string  { return strings.Fields(clean(terms)) }
func joined(terms []string) string { return strings.Join(terms, " ") }
