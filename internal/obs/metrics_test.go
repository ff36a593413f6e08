package obs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// compare checks the metrics of these names against the text of a scrape.
func compare(t *testing.T, m *Metrics, want string, names ...string) {
	t.Helper()
	if err := testutil.GatherAndCompare(m.registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

func TestStagesAreCounted(t *testing.T) {
	t.Parallel()
	m := New("1.2.3", "probe")
	m.StageStarted("probe")
	m.StageStarted("probe")
	m.StageStarted("probe")
	m.StageEnded("probe", Done, 20*time.Second)
	m.StageEnded("probe", Failed, time.Second)
	compare(t, m, `
# HELP cuepoint_build_info Always 1; the label is what runs.
# TYPE cuepoint_build_info gauge
cuepoint_build_info{version="1.2.3"} 1
# HELP cuepoint_stage_attempts_ended_total Attempts at stages that this process ended, by outcome.
# TYPE cuepoint_stage_attempts_ended_total counter
cuepoint_stage_attempts_ended_total{outcome="canceled",stage="probe"} 0
cuepoint_stage_attempts_ended_total{outcome="done",stage="probe"} 1
cuepoint_stage_attempts_ended_total{outcome="failed",stage="probe"} 1
cuepoint_stage_attempts_ended_total{outcome="handed_back",stage="probe"} 0
cuepoint_stage_attempts_ended_total{outcome="lost",stage="probe"} 0
cuepoint_stage_attempts_ended_total{outcome="retried",stage="probe"} 0
cuepoint_stage_attempts_ended_total{outcome="skipped",stage="probe"} 0
cuepoint_stage_attempts_ended_total{outcome="unchanged",stage="probe"} 0
# HELP cuepoint_stage_attempts_started_total Attempts at stages that this process began.
# TYPE cuepoint_stage_attempts_started_total counter
cuepoint_stage_attempts_started_total{stage="probe"} 3
# HELP cuepoint_stage_running Attempts under way in this process.
# TYPE cuepoint_stage_running gauge
cuepoint_stage_running{stage="probe"} 1
# HELP cuepoint_stage_seconds How long attempts took that brought a new result.
# TYPE cuepoint_stage_seconds histogram
cuepoint_stage_seconds_bucket{stage="probe",le="0.01"} 0
cuepoint_stage_seconds_bucket{stage="probe",le="0.03"} 0
cuepoint_stage_seconds_bucket{stage="probe",le="0.1"} 0
cuepoint_stage_seconds_bucket{stage="probe",le="0.3"} 0
cuepoint_stage_seconds_bucket{stage="probe",le="1"} 0
cuepoint_stage_seconds_bucket{stage="probe",le="3"} 0
cuepoint_stage_seconds_bucket{stage="probe",le="10"} 0
cuepoint_stage_seconds_bucket{stage="probe",le="30"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="60"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="180"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="600"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="1800"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="3600"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="7200"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="21600"} 1
cuepoint_stage_seconds_bucket{stage="probe",le="+Inf"} 1
cuepoint_stage_seconds_sum{stage="probe"} 20
cuepoint_stage_seconds_count{stage="probe"} 1
`, "cuepoint_build_info", "cuepoint_stage_attempts_ended_total", "cuepoint_stage_attempts_started_total",
		"cuepoint_stage_running", "cuepoint_stage_seconds")
}

func TestHeartbeatsThatFailAreCounted(t *testing.T) {
	t.Parallel()
	m := New("1.2.3")
	m.HeartbeatFailed()
	compare(t, m, `
# HELP cuepoint_heartbeat_failures_total Heartbeats of running stages that could not be written.
# TYPE cuepoint_heartbeat_failures_total counter
cuepoint_heartbeat_failures_total 1
`, "cuepoint_heartbeat_failures_total")
}

func TestTheQueueIsReadForAScrape(t *testing.T) {
	t.Parallel()
	m := New("1.2.3")
	m.WatchQueue(func(context.Context) (map[string]Queue, error) {
		return map[string]Queue{"light": {}, "cpu": {Due: 7, Oldest: 90 * time.Second, Slots: 2, Busy: 1}}, nil
	})
	compare(t, m, `
# HELP cuepoint_queue_busy_slots Tasks that this process is doing.
# TYPE cuepoint_queue_busy_slots gauge
cuepoint_queue_busy_slots{class="cpu"} 1
cuepoint_queue_busy_slots{class="light"} 0
# HELP cuepoint_queue_due_tasks Tasks that are due and not taken.
# TYPE cuepoint_queue_due_tasks gauge
cuepoint_queue_due_tasks{class="cpu"} 7
cuepoint_queue_due_tasks{class="light"} 0
# HELP cuepoint_queue_oldest_due_seconds How long the oldest task that is due has waited.
# TYPE cuepoint_queue_oldest_due_seconds gauge
cuepoint_queue_oldest_due_seconds{class="cpu"} 90
cuepoint_queue_oldest_due_seconds{class="light"} 0
# HELP cuepoint_queue_slots Tasks that this process does at once.
# TYPE cuepoint_queue_slots gauge
cuepoint_queue_slots{class="cpu"} 2
cuepoint_queue_slots{class="light"} 0
`, "cuepoint_queue_busy_slots", "cuepoint_queue_due_tasks", "cuepoint_queue_oldest_due_seconds", "cuepoint_queue_slots")
}

func TestAQueueThatFailsOrHangsIsLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failing, release := errors.New("no queue"), make(chan struct{})
		defer close(release)
		for i, read := range []func() error{
			func() error { return failing },
			func() error { <-release; return nil }, // does not listen to its context
		} {
			m := New("1.2.3")
			m.WatchQueue(func(context.Context) (map[string]Queue, error) {
				return map[string]Queue{"cpu": {}}, read()
			})
			asked := time.Now()
			families, err := m.registry.Gather()
			if err != nil {
				t.Errorf("read %d: the scrape fails: %v", i, err)
			}
			if took := time.Since(asked); took > patience {
				t.Errorf("read %d: the scrape took %v", i, took)
			}
			for _, family := range families {
				if strings.HasPrefix(family.GetName(), "cuepoint_queue_") && family.GetName() != "cuepoint_queue_read_errors_total" {
					t.Errorf("read %d: there is %s", i, family.GetName())
				}
			}
			if got := testutil.ToFloat64(m.queueErrors); got != 1 {
				t.Errorf("read %d: %v errors, want 1", i, got)
			}
		}
	})
}

// TestTheSeriesAreBoundedAndNamedByConvention lets everything happen that can,
// and things that cannot.
func TestTheSeriesAreBoundedAndNamedByConvention(t *testing.T) {
	t.Parallel()
	stages := []string{"probe", "package", "speech", "shots", "thumbs", "text", "language", "chapters", "index"}
	m := New("1.2.3", stages...)
	m.WatchQueue(func(context.Context) (map[string]Queue, error) {
		return map[string]Queue{"light": {}, "cpu": {}, "heavy": {}}, nil
	})
	for i := range 100 {
		stages = append(stages, fmt.Sprintf("stage%d", i))
	}
	for _, stage := range stages {
		for _, outcome := range outcomes {
			m.StageStarted(stage)
			m.StageEnded(stage, outcome, time.Second)
		}
	}
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), texts(problems)); diff != "" {
		t.Errorf("promlint (-want +got):\n%s", diff)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "cuepoint_") {
			continue
		}
		for _, metric := range family.GetMetric() {
			if h := metric.GetHistogram(); h != nil {
				series += len(h.GetBucket()) + 2 // the infinite bucket, sum and count, less the one below
			}
			series++
		}
	}
	if series > 500 {
		t.Errorf("%d series", series)
	}
}

func texts[T any](all []T) (texts []string) {
	for _, one := range all {
		texts = append(texts, fmt.Sprint(one))
	}
	return texts
}
