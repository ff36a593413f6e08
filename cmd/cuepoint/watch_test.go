package main

import (
	"bytes"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/cuepoint/cuepoint/api"
	"github.com/cuepoint/cuepoint/api/gen/cuepoint/v1"
	"github.com/cuepoint/cuepoint/models"
)

func TestAWatcherTellsEveryEndOnce(t *testing.T) {
	t.Parallel()
	info, err := anypb.New(&errdetails.ErrorInfo{Domain: api.Domain, Reason: "ENGINE_CRASHED"})
	if err != nil {
		t.Fatal(err)
	}
	crashed := &status.Status{Code: 14, Message: "the engine crashed", Details: []*anypb.Any{info}}
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) *timestamppb.Timestamp {
		return timestamppb.New(began.Add(time.Duration(seconds) * time.Second))
	}
	event := func(seconds int, stage string, to cuepointv1.StageRun_Status, why *status.Status) *cuepointv1.Event {
		kind := cuepointv1.Event_TYPE_STAGE_STATUS
		if to == cuepointv1.StageRun_STATUS_PENDING {
			kind = cuepointv1.Event_TYPE_STAGE_RESCHEDULED
		}
		return &cuepointv1.Event{Type: kind, Stage: stage, Status: to, Error: why, CreateTime: at(seconds)}
	}
	const running, pending, done, failed = cuepointv1.StageRun_STATUS_RUNNING, cuepointv1.StageRun_STATUS_PENDING, cuepointv1.StageRun_STATUS_DONE, cuepointv1.StageRun_STATUS_FAILED

	var out bytes.Buffer
	w := &watcher{show: newProgress(&out, "a.mp4"), runs: map[string]models.StageRun{}}
	w.begin(&cuepointv1.Video{Stages: []*cuepointv1.StageRun{
		{Stage: "probe", Status: done, StartTime: at(0), EndTime: at(1)}, {Stage: "speech", Status: running, StartTime: at(1)}, {Stage: "shots", Status: pending},
	}})
	for _, e := range []*cuepointv1.Event{
		event(1, "probe", done, nil), // which happened while the video was looked at
		event(2, "speech", pending, crashed),
		event(3, "speech", running, nil),
		event(4, "speech", pending, nil), // handed back: its worker was told to end
		event(5, "speech", running, nil),
		event(7, "speech", done, nil),
		event(8, "shots", running, nil),
		event(9, "shots", failed, crashed),
		{Type: cuepointv1.Event_TYPE_VIDEO_STATE, State: cuepointv1.Video_STATE_PARTIAL},
	} {
		w.event(e)
	}
	want := `a.mp4: probe done in 1.0 s
a.mp4: speech is tried again: ENGINE_CRASHED: the engine crashed
a.mp4: speech done in 2.0 s
a.mp4: shots failed in 1.0 s: ENGINE_CRASHED: the engine crashed
`
	if out.String() != want {
		t.Errorf("told:\n%swant:\n%s", out.String(), want)
	}
}
