package notify

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"crk/app"
)

// metrics counts what was sent, for whoever watches the appliance.
type metrics struct {
	took *prometheus.HistogramVec
	sent *prometheus.CounterVec
}

func newMetrics() metrics {
	return metrics{
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crk_notification_seconds", Help: "Time to bring one message to its channel, each attempt, without the wait for its turn.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 3, 11),
		}, []string{"channel"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crk_notifications_total", Help: "Attempts to send, by channel and by what came of them.",
		}, []string{"channel", "code"}),
	}
}

// note counts an attempt that began at the given time; an empty code is success.
func (m metrics) note(channel, code string, began time.Time) {
	if code == "" {
		code = "ok"
	}
	m.took.WithLabelValues(channel).Observe(time.Since(began).Seconds())
	m.sent.WithLabelValues(channel, code).Inc()
}

// noteInApp counts a row of the feed that was, or was not, added.
func (m metrics) noteInApp(err error, began time.Time) {
	code := ""
	if err != nil {
		code = "error"
	}
	m.note(app.ChannelInApp, code, began)
}

// Describe implements prometheus.Collector.
func (g *Gateway) Describe(ch chan<- *prometheus.Desc) {
	g.metrics.took.Describe(ch)
	g.metrics.sent.Describe(ch)
}

// Collect implements prometheus.Collector.
func (g *Gateway) Collect(ch chan<- prometheus.Metric) {
	g.metrics.took.Collect(ch)
	g.metrics.sent.Collect(ch)
}
