package analyzer_test

import (
	"context"
	"testing"
	"time"

	"github.com/cuepoint/cuepoint/analyzer"
	"github.com/cuepoint/cuepoint/models"
	"github.com/cuepoint/cuepoint/store"
)

func TestOperationsEndWithTheWork(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		packaging, speech work
		cancel            bool
		want              models.Code // of the operation's error
	}{
		"all is done":              {},
		"an optional stage failed": {speech: fails(models.Errorf(models.CodeCaptionsInvalid, "no"))},
		"nothing to play":          {packaging: fails(models.Errorf(models.CodeNoMedia, "no")), want: models.CodeNoMedia},
		"canceled":                 {cancel: true, want: models.CodeCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.packaging.work, b.speech.work = tt.packaging, tt.speech
			var id string
			ctx := analyzer.WithAnswer(t.Context(), func(ctx context.Context, lib store.TxLibrary, video string) error {
				id = video
				return lib.PutOperation(ctx, models.Operation{ID: "o1", VideoID: video, Method: "AnalyzeVideo", Created: time.Now()})
			})
			if _, err := b.intake.Add(ctx, workspace, wav(t, "talk.wav"), analyzer.Options{}); err != nil {
				t.Fatal(err)
			}
			operation := func() models.Operation {
				t.Helper()
				o, err := b.db.In(workspace).Operation(t.Context(), "o1")
				if err != nil {
					t.Fatal(err)
				}
				return o
			}
			if o := operation(); !o.Done.IsZero() || o.VideoID != id {
				t.Errorf("as it began: %+v", o)
			}
			if tt.cancel {
				if err := b.control.Cancel(t.Context(), workspace, id); err != nil {
					t.Fatal(err)
				}
			} else {
				start(t, b.worker(t, "one"))
			}
			b.wait(t, id)
			if o := operation(); o.Done.IsZero() || o.Error == nil != (tt.want == "") || o.Error != nil && o.Error.Code != tt.want {
				t.Errorf("it ended as %+v", o)
			}
		})
	}
}
