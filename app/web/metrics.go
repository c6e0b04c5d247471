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
}

func newMeter(db *store.Store, hub *feed.Hub, gateway *notify.Gateway) *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crk_http_request_seconds", Help: "Time to answer a request, by route and status class.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"method", "route", "status"}),
	}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), queueGauge{db},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "crk_sockets", Help: "Live sockets."},
			func() float64 { return float64(hub.Stats().Subscriptions) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "crk_sockets_cut_total", Help: "Sockets cut for being too slow."},
			func() float64 { return float64(hub.Stats().Cut) }))
	if gateway != nil {
		m.registry.MustRegister(gateway)
	}
	return m
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

// A queueGauge reads the queue's length when it is asked for it.
type queueGauge struct{ db *store.Store }

var queueLength = prometheus.NewDesc("crk_jobs", "Jobs that wait or run, by kind.", []string{"kind"}, nil)

// Describe implements prometheus.Collector.
func (queueGauge) Describe(ch chan<- *prometheus.Desc) { ch <- queueLength }

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
}
