// Package measure keeps how long the stages and the calls to other people's
// servers take, for GET /metrics.
//
// It promises that its labels are few and our own: kinds of jobs, classes of
// servers and how it ended, never an address, a name or an id.
package measure

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Times are the histograms. The methods may be called concurrently.
type Times struct {
	stages, outside *prometheus.HistogramVec
}

// New returns empty histograms.
func New() *Times {
	return &Times{
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crk_stage_seconds", Help: "Time of one run of a stage, by the kind of job and how it ended.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}, []string{"kind", "outcome"}),
		outside: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crk_outside_seconds", Help: "Time until a server that CRK asks has answered, without the answer's body, by whose it is and how it ended.",
			Buckets: prometheus.ExponentialBuckets(0.005, 3, 10),
		}, []string{"class", "outcome"}),
	}
}

// Stage notes one run of a stage.
func (t *Times) Stage(kind, outcome string, took time.Duration) {
	t.stages.WithLabelValues(kind, outcome).Observe(took.Seconds())
}

// Outside notes one request to another server.
func (t *Times) Outside(class, outcome string, took time.Duration) {
	t.outside.WithLabelValues(class, outcome).Observe(took.Seconds())
}

// Describe implements prometheus.Collector.
func (t *Times) Describe(ch chan<- *prometheus.Desc) {
	t.stages.Describe(ch)
	t.outside.Describe(ch)
}

// Collect implements prometheus.Collector.
func (t *Times) Collect(ch chan<- prometheus.Metric) {
	t.stages.Collect(ch)
	t.outside.Collect(ch)
}
