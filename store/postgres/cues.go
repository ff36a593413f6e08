package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

// ofLive joins a table's rows to their video, to bound them to those of the
// workspace, its argument, that are not deleted.
const ofLive = ` JOIN videos ON videos.id = video_id AND videos.workspace = $1 AND videos.deleted IS NULL `

// Cues implements [store.Library].
func (l *library) Cues(ctx context.Context, q store.CueQuery) ([]models.Cue, error) {
	where := conditions{text: []string{"TRUE"}, args: []any{l.workspace}}
	if q.VideoID != "" {
		where.add("video_id = $%d", clean(q.VideoID))
	}
	if q.Kind != "" {
		where.add("kind = $%d", clean(q.Kind))
	}
	if q.IDs != nil {
		where.add("cues.id = ANY ($%d)", cleaned(q.IDs))
	}
	if q.From > 0 {
		where.add("end_ns > $%d", int64(q.From))
	}
	if q.To > 0 {
		where.add("start_ns < $%d", int64(q.To))
	}
	cues, err := query(ctx, l.read(), scanCue, `SELECT cues.id, video_id, stage, kind, start_ns, end_ns, text, confidence, data, provenance, edit
		FROM cues`+ofLive+`WHERE `+where.String()+` ORDER BY video_id, start_ns, n`, where.args...)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("read cues: %w", err))
	}
	return cues, nil
}

func scanCue(row pgx.CollectableRow) (models.Cue, error) {
	var c models.Cue
	var start, end int64
	var data, provenance []byte
	err := row.Scan(&c.ID, &c.VideoID, &c.Stage, &c.Kind, &start, &end, &c.Text, &c.Confidence, &data, &provenance, &c.Edit)
	if err != nil {
		return c, err
	}
	c.Start, c.End, c.Data = time.Duration(start), time.Duration(end), data
	return c, json.Unmarshal(provenance, &c.Provenance)
}

// Artifacts implements [store.Library].
func (l *library) Artifacts(ctx context.Context, videoID string) ([]models.Artifact, error) {
	artifacts, err := query(ctx, l.read(), func(row pgx.CollectableRow) (models.Artifact, error) {
		var a models.Artifact
		var at int64
		var data []byte
		err := row.Scan(&a.VideoID, &a.Stage, &a.Run, &a.Kind, &a.Path, &a.Type, &a.Language, &at, &a.Width, &a.Height, &data)
		a.Time, a.Data = time.Duration(at), data
		return a, err
	}, `SELECT video_id, stage, run, kind, path, type, artifacts.language, time_ns, width, height, data
		FROM artifacts`+ofLive+`WHERE video_id = $2 ORDER BY stage, path`, l.workspace, clean(videoID))
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("read artifacts of video %s: %w", videoID, err))
	}
	return artifacts, nil
}
