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
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// ofLive joins a table's rows to their video, to bound them to those of the
// workspace that are not deleted.
const ofLive = ` JOIN videos ON videos.id = video_id AND videos.workspace = ? AND videos.deleted IS NULL `

// Cues implements [store.Library].
func (l *library) Cues(ctx context.Context, q store.CueQuery) ([]models.Cue, error) {
	where, args := []string{"TRUE"}, []any{l.workspace}
	add := func(condition string, values ...any) { where, args = append(where, condition), append(args, values...) }
	if q.VideoID != "" {
		add("video_id = ?", q.VideoID)
	}
	if q.Kind != "" {
		add("kind = ?", q.Kind)
	}
	if q.IDs != nil {
		add("cues.id IN ("+marks(len(q.IDs))+")", anys(q.IDs)...)
	}
	if q.From > 0 {
		add("end_ns > ?", int64(q.From))
	}
	if q.To > 0 {
		add("start_ns < ?", int64(q.To))
	}
	rows, err := l.read().QueryContext(ctx, `SELECT cues.id, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance, edit
		FROM cues`+ofLive+`WHERE `+strings.Join(where, " AND ")+` ORDER BY video_id, start_ns, n`, args...)
	if err != nil {
		return nil, coded(fmt.Errorf("read cues: %w", err))
	}
	cues, err := collect(rows, scanCue)
	return cues, coded(err)
}

func scanCue(row scanner) (models.Cue, error) {
	var c models.Cue
	var start, end int64
	var data sql.NullString
	var provenance []byte
	err := row.Scan(&c.ID, &c.VideoID, &c.Stage, &c.Kind, &start, &end, &c.Text, &c.Confidence, &data, &provenance, &c.Edit)
	if err != nil {
		return c, err
	}
	c.Start, c.End, c.Data = time.Duration(start), time.Duration(end), rawFrom(data)
	return c, json.Unmarshal(provenance, &c.Provenance)
}

// Artifacts implements [store.Library].
func (l *library) Artifacts(ctx context.Context, videoID string) ([]models.Artifact, error) {
	rows, err := l.read().QueryContext(ctx, `SELECT video_id, stage, run, kind, path, type, artifacts.language, time_ns, width, height, data
		FROM artifacts`+ofLive+`WHERE video_id = ? ORDER BY stage, path`, l.workspace, videoID)
	if err != nil {
		return nil, coded(fmt.Errorf("read artifacts of video %s: %w", videoID, err))
	}
	artifacts, err := collect(rows, func(row scanner) (models.Artifact, error) {
		var a models.Artifact
		var at int64
		var data sql.NullString
		err := row.Scan(&a.VideoID, &a.Stage, &a.Run, &a.Kind, &a.Path, &a.Type, &a.Language, &at, &a.Width, &a.Height, &data)
		a.Time, a.Data = time.Duration(at), rawFrom(data)
		return a, err
	})
	return artifacts, coded(err)
}

// Search implements [store.Library]. BM25 weighs a word by how rare it is in
// the whole file, other workspaces too.
func (l *library) Search(ctx context.Context, q store.SearchQuery) ([]store.Match, error) {
	expression := matchExpression(q.Phrases)
	if expression == "" {
		return nil, models.Errorf(models.CodeInvalidArgument, "query: no word to look for")
	}
	where, args := []string{"cue_terms MATCH ?"}, []any{l.workspace, expression}
	if q.VideoID != "" {
		where, args = append(where, "cues.video_id = ?"), append(args, q.VideoID)
	}
	if len(q.Kinds) > 0 {
		where, args = append(where, "cues.kind IN ("+marks(len(q.Kinds))+")"), append(args, anys(q.Kinds)...)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = sqldb.DefaultMatches
	}
	// bm25 is lower for better matches; ties go by place, so that answers are stable.
	rows, err := l.read().QueryContext(ctx, `SELECT cues.id, -bm25(cue_terms) AS score
		FROM cue_terms JOIN cues ON cues.n = cue_terms.rowid`+ofLive+`WHERE `+strings.Join(where, " AND ")+`
		ORDER BY score DESC, cues.video_id, cues.start_ns, cues.n LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, coded(fmt.Errorf("search: %w", err))
	}
	matches, err := collect(rows, func(row scanner) (m store.Match, err error) {
		err = row.Scan(&m.CueID, &m.Score)
		return m, err
	})
	return matches, coded(err)
}

// matchExpression writes phrases as an FTS5 query in which every term is a
// quoted string, so that nothing in them is syntax.
func matchExpression(phrases []store.Phrase) string {
	var parts []string
	for _, p := range phrases {
		if len(p.Terms) == 0 {
			continue
		}
		// A zero byte would end the query, and is no part of any word.
		quoted := `"` + strings.NewReplacer(`"`, `""`, "\x00", " ").Replace(strings.Join(p.Terms, " ")) + `"`
		if p.Prefix {
			quoted += "*"
		}
		parts = append(parts, quoted)
	}
	return strings.Join(parts, " AND ")
}
