package obs

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Outcome is how an attempt at a stage ended, from a closed list.
type Outcome string

// The outcomes of attempts.
const (
	Done       Outcome = "done"        // with a new result
	Unchanged  Outcome = "unchanged"   // the result there was is good still
	Skipped    Outcome = "skipped"     // there was nothing to work on
	Failed     Outcome = "failed"      // for good
	Retried    Outcome = "retried"     // without a result; another is due
	Canceled   Outcome = "canceled"    // because somebody asked for it
	Lost       Outcome = "lost"        // its worker fell silent, or was late
	HandedBack Outcome = "handed_back" // the worker is stopping; it does not count as an attempt
)

var outcomes = []Outcome{Done, Unchanged, Skipped, Failed, Retried, Canceled, Lost, HandedBack}

// durations are the buckets of stages: from an index of few words to hours of
// film on a small machine.
var durations = []float64{.01, .03, .1, .3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 7200, 21600}

// other stands for all stages that are not known.
const other = "other"

// Metrics counts what a process does, in a registry of its own. All labels are
// of closed lists, so the number of series is bounded whatever happens. Its
// methods may be called from many goroutines.
type Metrics struct {
	registry *prometheus.Registry
	stages   []string

	started     *prometheus.CounterVec
	ended       *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	running     *prometheus.GaugeVec
	heartbeats  prometheus.Counter
	queueErrors prometheus.Counter
}

// New returns the metrics of a process of this version that knows these stages.
// Attempts at others are counted as other.
func New(version string, stages ...string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		stages:   stages,
		started: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cuepoint_stage_attempts_started_total", Help: "Attempts at stages that this process began.",
		}, []string{"stage"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cuepoint_stage_attempts_ended_total", Help: "Attempts at stages that this process ended, by outcome.",
		}, []string{"stage", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cuepoint_stage_seconds", Help: "How long attempts took that brought a new result.", Buckets: durations,
		}, []string{"stage"}),
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "cuepoint_stage_running", Help: "Attempts under way in this process.",
		}, []string{"stage"}),
		heartbeats:  counter("cuepoint_heartbeat_failures_total", "Heartbeats of running stages that could not be written."),
		queueErrors: counter("cuepoint_queue_read_errors_total", "Scrapes that could not read the queue."),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cuepoint_build_info", Help: "Always 1; the label is what runs.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build,
		m.started, m.ended, m.seconds, m.running, m.heartbeats, m.queueErrors,
	)
	m.show()
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// show makes the series there before anything has happened, so that the first
// time counts as an increase.
func (m *Metrics) show() {
	for _, stage := range m.stages {
		m.started.WithLabelValues(stage)
		m.seconds.WithLabelValues(stage)
		m.running.WithLabelValues(stage)
		for _, outcome := range outcomes {
			m.ended.WithLabelValues(stage, string(outcome))
		}
	}
}

// StageStarted counts an attempt at a stage that begins. StageEnded follows.
func (m *Metrics) StageStarted(stage string) {
	stage = m.stage(stage)
	m.started.WithLabelValues(stage).Inc()
	m.running.WithLabelValues(stage).Inc()
}

// StageEnded counts the end of an attempt that StageStarted began.
func (m *Metrics) StageEnded(stage string, outcome Outcome, took time.Duration) {
	stage = m.stage(stage)
	m.running.WithLabelValues(stage).Dec()
	m.ended.WithLabelValues(stage, string(outcome)).Inc()
	if outcome == Done {
		m.seconds.WithLabelValues(stage).Observe(took.Seconds())
	}
}

func (m *Metrics) stage(name string) string {
	if slices.Contains(m.stages, name) {
		return name
	}
	return other
}

// HeartbeatFailed counts a heartbeat that could not be written.
func (m *Metrics) HeartbeatFailed() { m.heartbeats.Inc() }
