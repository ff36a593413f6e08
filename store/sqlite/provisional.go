package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
	"github.com/cuepoint/cuepoint/store/internal/sqldb"
)

// addProvisional adds what a run has found, which is known to be alive.
func (l *library) addProvisional(ctx context.Context, tx *sql.Tx, b store.Beat) error {
	if len(b.Cues) == 0 {
		return nil
	}
	var run string
	if err := tx.QueryRowContext(ctx, `SELECT run FROM stage_runs WHERE video_id = ? AND stage = ?`, b.VideoID, b.Stage).Scan(&run); err != nil {
		return err
	}
	rows := make([][]any, 0, len(b.Cues))
	for i, cue := range b.Cues {
		rows = append(rows, []any{l.workspace, b.VideoID, b.Stage, run, b.Before + i + 1, cue.Kind, int64(cue.Start), int64(cue.End),
			cue.Text, cue.Confidence, rawJSON(cue.Data)})
	}
	return insert(ctx, tx, `INSERT INTO provisional
		(workspace, video_id, stage, run, n, kind, start_ns, end_ns, text, confidence, data) VALUES %VALUES%
		ON CONFLICT DO NOTHING`, rows)
}

// forgetProvisional forgets what belongs to no running run of a stage, whose run
// has just been written.
func (l *library) forgetProvisional(ctx context.Context, tx *sql.Tx, videoID string, r models.StageRun) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM provisional WHERE workspace = ? AND video_id = ? AND stage = ? AND (run <> ? OR ?)`,
		l.workspace, videoID, r.Stage, r.ID, r.Status != models.StageRunning)
	return err
}

// Provisional implements [store.Library].
func (l *library) Provisional(ctx context.Context, q store.ProvisionalQuery) ([]models.Cue, error) {
	rows, err := l.read().QueryContext(ctx, `SELECT n, kind, start_ns, end_ns, text, confidence, data
		FROM provisional`+ofLive+`WHERE video_id = ? AND stage = ? AND run = ? AND n > ? ORDER BY n LIMIT ?`,
		l.workspace, q.VideoID, q.Stage, q.Run, q.After, q.Limit)
	if err != nil {
		return nil, coded(fmt.Errorf("read what is provisional of video %s: %w", q.VideoID, err))
	}
	cues, err := collect(rows, func(row scanner) (models.Cue, error) {
		var n int
		var start, end int64
		var data sql.NullString
		c := models.Cue{VideoID: q.VideoID, Stage: q.Stage, Provenance: models.Provenance{Analyzer: q.Stage, Run: q.Run}}
		err := row.Scan(&n, &c.Kind, &start, &end, &c.Text, &c.Confidence, &data)
		c.ID, c.Start, c.End, c.Data = sqldb.ProvisionalID(q.Run, n), time.Duration(start), time.Duration(end), rawFrom(data)
		return c, err
	})
	return cues, coded(err)
}
