package measure_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"crk/app/egress"
	"crk/app/measure"
)

func TestTimes(t *testing.T) {
	is := is.New(t)
	times := measure.New()
	times.Stage("transcribe", "done", 3*time.Second)
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client := egress.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Observe: times.Outside}.Client(egress.Phone, time.Minute)
	res, err := client.Get(server.URL + "/calls?id=4711")
	is.NoErr(err)
	res.Body.Close()
	client.CloseIdleConnections()
	_, err = client.Get("http://127.0.0.1:1/")
	is.True(err != nil)

	registry := prometheus.NewRegistry()
	registry.MustRegister(times)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{
		`crk_stage_seconds_count{kind="transcribe",outcome="done"} 1`,
		`crk_outside_seconds_count{class="phone",outcome="4xx"} 1`,
		`crk_outside_seconds_count{class="phone",outcome="error"} 1`,
	} {
		is.True(strings.Contains(w.Body.String(), want))
	}
	is.True(!strings.Contains(w.Body.String(), "127.0.0.1")) // no address becomes a label
}
