package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// Cues implements [store.Store].
func (s *Store) Cues(ctx context.Context, q store.CueQuery) ([]models.Cue, error) {
	where, args := []string{"TRUE"}, []any{}
	add := func(condition string, values ...any) { where, args = append(where, condition), append(args, values...) }
	if q.VideoID != "" {
		add("video_id = ?", q.VideoID)
	}
	if q.Kind != "" {
		add("kind = ?", q.Kind)
	}
	if q.IDs != nil {
		add("id IN ("+marks(len(q.IDs))+")", anys(q.IDs)...)
	}
	if q.From > 0 {
		add("end_ns > ?", int64(q.From))
	}
	if q.To > 0 {
		add("start_ns < ?", int64(q.To))
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance
		FROM cues WHERE `+strings.Join(where, " AND ")+` ORDER BY video_id, start_ns, n`, args...)
	if err != nil {
		return nil, fmt.Errorf("read cues: %w", err)
	}
	return collect(rows, scanCue)
}

func scanCue(row scanner) (models.Cue, error) {
	var c models.Cue
	var start, end int64
	var data sql.NullString
	var provenance []byte
	err := row.Scan(&c.ID, &c.VideoID, &c.Stage, &c.Kind, &start, &end, &c.Text, &c.Confidence, &data, &provenance)
	if err != nil {
		return c, err
	}
	c.Start, c.End, c.Data = time.Duration(start), time.Duration(end), rawFrom(data)
	return c, json.Unmarshal(provenance, &c.Provenance)
}

// Artifacts implements [store.Store].
func (s *Store) Artifacts(ctx context.Context, videoID string) ([]models.Artifact, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT video_id, stage, run, kind, path, type, language, time_ns, width, height, data
		FROM artifacts WHERE video_id = ? ORDER BY stage, path`, videoID)
	if err != nil {
		return nil, fmt.Errorf("read artifacts of video %s: %w", videoID, err)
	}
	return collect(rows, func(row scanner) (models.Artifact, error) {
		var a models.Artifact
		var at int64
		var data sql.NullString
		err := row.Scan(&a.VideoID, &a.Stage, &a.Run, &a.Kind, &a.Path, &a.Type, &a.Language, &at, &a.Width, &a.Height, &data)
		a.Time, a.Data = time.Duration(at), rawFrom(data)
		return a, err
	})
}

// Search implements [store.Store].
func (s *Store) Search(ctx context.Context, q store.SearchQuery) ([]store.Match, error) {
	expression := matchExpression(q.Phrases)
	if expression == "" {
		return nil, models.Errorf(models.CodeInvalidArgument, "query: no word to look for")
	}
	where, args := []string{"cue_terms MATCH ?"}, []any{expression}
	if q.VideoID != "" {
		where, args = append(where, "cues.video_id = ?"), append(args, q.VideoID)
	}
	if len(q.Kinds) > 0 {
		where, args = append(where, "cues.kind IN ("+marks(len(q.Kinds))+")"), append(args, anys(q.Kinds)...)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	// bm25 is lower for better matches; ties go by place, so that answers are stable.
	rows, err := s.read.QueryContext(ctx, `SELECT cues.id, -bm25(cue_terms) AS score
		FROM cue_terms JOIN cues ON cues.n = cue_terms.rowid WHERE `+strings.Join(where, " AND ")+`
		ORDER BY score DESC, cues.video_id, cues.start_ns, cues.n LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return collect(rows, func(row scanner) (m store.Match, err error) {
		err = row.Scan(&m.CueID, &m.Score)
		return m, err
	})
}

// matchExpression writes phrases as an FTS5 query in which every term is a
// quoted string, so that nothing in them is syntax.
func matchExpression(phrases []store.Phrase) string {
	var parts []string
	for _, p := range phrases {
		if len(p.Terms) == 0 {
			continue
		}
		quoted := `"` + strings.ReplaceAll(strings.Join(p.Terms, " "), `"`, `""`) + `"`
		if p.Prefix {
			quoted += "*"
		}
		parts = append(parts, quoted)
	}
	return strings.Join(parts, " AND ")
}

// marks is n question marks for an IN list.
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}

func anys[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}
