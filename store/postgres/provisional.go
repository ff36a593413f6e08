package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// addProvisional adds what a run has found, whose row the transaction holds.
func (l *library) addProvisional(ctx context.Context, tx pgx.Tx, b store.Beat) error {
	var batch pgx.Batch
	for i, cue := range b.Cues {
		batch.Queue(`INSERT INTO provisional (workspace, video_id, stage, run, n, kind, start_ns, end_ns, text, confidence, data)
			SELECT workspace, video_id, stage, run, $3, $4, $5, $6, $7, $8, $9 FROM stage_runs WHERE video_id = $1 AND stage = $2
			ON CONFLICT DO NOTHING`, clean(b.VideoID), clean(b.Stage), b.Before+i+1, clean(cue.Kind),
			int64(cue.Start), int64(cue.End), clean(cue.Text), cue.Confidence, rawJSON(cue.Data))
	}
	return tx.SendBatch(ctx, &batch).Close()
}

// queueForgetProvisional forgets what belongs to no running run of a stage, whose
// run has just been written.
func (l *library) queueForgetProvisional(batch *pgx.Batch, videoID string, r models.StageRun) {
	batch.Queue(`DELETE FROM provisional WHERE workspace = $1 AND video_id = $2 AND stage = $3 AND (run <> $4 OR $5)`,
		l.workspace, clean(videoID), clean(r.Stage), clean(r.ID), r.Status != models.StageRunning)
}

// Provisional implements [store.Library].
func (l *library) Provisional(ctx context.Context, q store.ProvisionalQuery) ([]models.Cue, error) {
	cues, err := query(ctx, l.read(), func(row pgx.CollectableRow) (models.Cue, error) {
		var n int
		var start, end int64
		var data []byte
		c := models.Cue{VideoID: q.VideoID, Stage: q.Stage, Provenance: models.Provenance{Analyzer: q.Stage, Run: q.Run}}
		err := row.Scan(&n, &c.Kind, &start, &end, &c.Text, &c.Confidence, &data)
		c.ID, c.Start, c.End, c.Data = sqldb.ProvisionalID(q.Run, n), time.Duration(start), time.Duration(end), data
		return c, err
	}, `SELECT n, kind, start_ns, end_ns, text, confidence, data
		FROM provisional`+ofLive+`WHERE video_id = $2 AND stage = $3 AND run = $4 AND n > $5 ORDER BY n LIMIT $6`,
		l.workspace, clean(q.VideoID), clean(q.Stage), clean(q.Run), q.After, q.Limit)
	if err != nil {
		return nil, coded(ctx, fmt.Errorf("read what is provisional of video %s: %w", q.VideoID, err))
	}
	return cues, nil
}
