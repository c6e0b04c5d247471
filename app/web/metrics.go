package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"crk/app"
	"crk/app/feed"
	"crk/app/notify"
	"crk/store"
)

// A meter counts what the server does, for GET /metrics.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	fanOut   prometheus.Histogram
}

func newMeter(db *store.Store, hub *feed.Hub, gateway *notify.Gateway) *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crk_http_request_seconds", Help: "Time to answer a request, by route and status class.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"method", "route", "status"}),
	}
	published := m.watchHub(hub)
	m.registry.MustRegister(m.requests, published, m.fanOut, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), queueGauge{db},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "crk_sockets", Help: "Live sockets."},
			func() float64 { return float64(hub.Stats().Subscriptions) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "crk_socket_events", Help: "Events in the queues of the sockets."},
			func() float64 { return float64(hub.Stats().Waiting) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "crk_writes_waiting", Help: "Writes that wait for the next commit."},
			func() float64 { return float64(db.WritesWaiting()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "crk_sockets_cut_total", Help: "Sockets cut for being too slow."},
			func() float64 { return float64(hub.Stats().Cut) }))
	if gateway != nil {
		m.registry.MustRegister(gateway)
	}
	return m
}

// watchHub makes the histograms of how what was committed reaches the sockets,
// and returns that of the way into their queues.
func (m *meter) watchHub(hub *feed.Hub) prometheus.Histogram {
	published := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "crk_publish_seconds", Help: "Time to put one committed change into the queues of all sockets that it is for.",
		Buckets: prometheus.ExponentialBuckets(0.000001, 4, 11),
	})
	hub.Measure(func(took time.Duration) { published.Observe(took.Seconds()) })
	m.fanOut = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "crk_fan_out_seconds", Help: "Time from there until a notification was written to a socket, for each of them.",
		Buckets: prometheus.ExponentialBuckets(0.0001, 3, 11),
	})
	return published
}

// count measures every request by its route, never by its path, which holds ids.
func (m *meter) count(c *fiber.Ctx) error {
	begin := time.Now()
	err := c.Next()
	code := c.Response().StatusCode()
	if err != nil {
		code = status[explain(err).Kind]
	}
	m.requests.WithLabelValues(c.Method(), c.Route().Path, strconv.Itoa(code/100)+"xx").Observe(time.Since(begin).Seconds())
	return err
}

// serve answers GET /metrics to whoever has the token; without one it is off.
func (m *meter) serve(token app.Secret) fiber.Handler {
	metrics := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	want := sha256.Sum256([]byte(token.Reveal()))
	return func(c *fiber.Ctx) error {
		if token == "" {
			return fiber.ErrNotFound
		}
		given, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
		got := sha256.Sum256([]byte(given))
		if !ok || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
			return &app.Error{Kind: app.Unauthorized, Code: "unauthorized", Message: "Send the metrics token as \"Authorization: Bearer …\"."}
		}
		metrics(c.Context())
		return nil
	}
}

// A queueGauge reads the queue when it is asked for it.
type queueGauge struct{ db *store.Store }

var (
	queueLength = prometheus.NewDesc("crk_jobs", "Jobs that wait or run, by kind.", []string{"kind"}, nil)
	outboxAge   = prometheus.NewDesc("crk_outbox_age_seconds", "Age of the oldest message that is still to be delivered; 0 where there is none.", nil, nil)
)

// Describe implements prometheus.Collector.
func (queueGauge) Describe(ch chan<- *prometheus.Desc) {
	ch <- queueLength
	ch <- outboxAge
}

// Collect implements prometheus.Collector.
func (g queueGauge) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	counts, err := g.db.JobCounts(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(queueLength, err)
		return
	}
	for kind, n := range counts {
		ch <- prometheus.MustNewConstMetric(queueLength, prometheus.GaugeValue, float64(n), string(kind))
	}
	oldest, err := g.db.OldestJob(ctx, app.JobDeliver)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(outboxAge, err)
		return
	}
	age := 0.0
	if !oldest.IsZero() {
		age = max(0, g.db.Now().Sub(oldest).Seconds())
	}
	ch <- prometheus.MustNewConstMetric(outboxAge, prometheus.GaugeValue, age)
}
