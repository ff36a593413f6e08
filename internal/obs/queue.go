package obs

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Queue is the state of one class of tasks.
type Queue struct {
	Due    int           // tasks that could be taken
	Oldest time.Duration // how long the oldest of them has waited
	Slots  int           // tasks that this process does at once
	Busy   int           // those it is doing
}

// WatchQueue has the queue read when somebody looks at the metrics, at most
// once a second. read returns the state of each class; the classes are a closed
// list. Where it fails, or takes more than two seconds, the queue's metrics are
// missing, and the failure is counted. WatchQueue is called at most once.
func (m *Metrics) WatchQueue(read func(ctx context.Context) (map[string]Queue, error)) {
	gauge := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("cuepoint_queue_"+name, help, []string{"class"}, nil)
	}
	m.registry.MustRegister(&queueCollector{
		reading: reading[map[string]Queue]{ask: read},
		failed:  m.queueErrors,
		due:     gauge("due_tasks", "Tasks that are due and not taken."),
		oldest:  gauge("oldest_due_seconds", "How long the oldest task that is due has waited."),
		slots:   gauge("slots", "Tasks that this process does at once."),
		busy:    gauge("busy_slots", "Tasks that this process is doing."),
	})
}

// queueCollector reads the queue for each scrape.
type queueCollector struct {
	reading                  reading[map[string]Queue]
	failed                   prometheus.Counter
	due, oldest, slots, busy *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (c *queueCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.due, c.oldest, c.slots, c.busy} {
		descs <- desc
	}
}

// Collect implements [prometheus.Collector].
func (c *queueCollector) Collect(metrics chan<- prometheus.Metric) {
	classes, err := c.reading.get()
	if err != nil {
		c.failed.Inc()
		return
	}
	for class, q := range classes {
		gauge := func(desc *prometheus.Desc, value float64) {
			metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, class)
		}
		gauge(c.due, float64(q.Due))
		gauge(c.oldest, q.Oldest.Seconds())
		gauge(c.slots, float64(q.Slots))
		gauge(c.busy, float64(q.Busy))
	}
}
