package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/disk"
	"crk/app/web"
)

func TestRateLimitSeesThroughTrustedProxiesOnly(t *testing.T) {
	is := is.New(t)
	ask := func(s *server, forwarded string) int {
		return s.call(t, "GET", "/api/v1/nothing", "", nil, "X-Forwarded-For", forwarded).status
	}
	s := newServer(t, func(o *web.Options) { o.RateLimit = 1 })
	is.Equal(ask(s, "192.0.2.1"), 404)
	is.Equal(ask(s, "192.0.2.2"), 429) // nobody's word is taken for where they come from

	s = newServer(t, func(o *web.Options) {
		o.RateLimit = 1
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	is.Equal(ask(s, "198.51.100.7, 192.0.2.1, 10.0.0.1"), 404)
	is.Equal(ask(s, "192.0.2.2"), 404)              // the proxy tells the two apart
	is.Equal(ask(s, "203.0.113.9, 192.0.2.1"), 429) // what stands further left is not believed
}

func TestRateLimitReadsEveryLineOfAProxy(t *testing.T) {
	is := is.New(t)
	s := newServer(t, func(o *web.Options) {
		o.RateLimit = 1
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")}
	})
	ask := func(lines ...string) int {
		req := httptest.NewRequest("GET", "/api/v1/nothing", nil)
		req.Header["X-Forwarded-For"] = lines
		res, err := s.app.Test(req, -1)
		is.NoErr(err)
		defer res.Body.Close()
		return res.StatusCode
	}
	is.Equal(ask("198.51.100.1", "192.0.2.1"), 404)
	is.Equal(ask("198.51.100.2", "192.0.2.1"), 429) // the line that the proxy added counts
	is.Equal(ask("2001:db8::1"), 404)
	is.Equal(ask("2001:db8::2"), 429) // the same network
	is.Equal(ask("2001:db8:0:1::1"), 404)
}

func TestBodyOverTheLimit(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a := s.call(t, "PATCH", "/api/v1/recordings/x", s.Key(t), `{"note":"`+strings.Repeat("x", 1<<20)+`"}`)
	is.Equal(a.status, 413)
	is.Equal(a.json(t)["error"], "payload_too_large")
	is.Equal(a.header.Get("RateLimit-Remaining"), "599") // it counts as any other
}

func TestQueryMayNameFiveHundredAgents(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	query := strings.Repeat("agentKey="+strings.Repeat("x", 45)+"&", 500)
	is.Equal(s.call(t, "GET", "/api/v1/recordings?"+query, s.Key(t), nil).status, 200)
}

func TestRequestThatCannotBeReadIsAnsweredWithAnID(t *testing.T) {
	is := is.New(t)
	w := newServer(t).wire(t)
	w.send("GET / HTTP/1.1\r\nHost: crk\r\nX-Long: " + strings.Repeat("x", 40<<10) + "\r\n\r\n")
	res, err := http.ReadResponse(w.r, nil)
	is.NoErr(err)
	defer res.Body.Close()
	is.Equal(res.StatusCode, 400)
	is.True(res.Header.Get("X-Request-Id") != "")
}

func TestEveryAnswerHasItsOwnID(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a, b := s.call(t, "GET", "/healthz", "", nil, "X-Request-Id", "forged"), s.call(t, "GET", "/healthz", "", nil)
	is.True(a.header.Get("X-Request-Id") != "forged")                     // a stranger's id is not taken over
	is.True(a.header.Get("X-Request-Id") != b.header.Get("X-Request-Id")) // and no two are the same
}

func TestMetricsNeedTheirToken(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	is.Equal(s.call(t, "GET", "/metrics", s.Key(t), nil).status, 404) // off without a token
	s = newServer(t, func(o *web.Options) { o.MetricsToken = "watch" })
	is.Equal(s.call(t, "GET", "/metrics", "", nil).status, 401)
	is.Equal(s.call(t, "GET", "/metrics", "guess", nil).status, 401)
	s.call(t, "GET", "/api/v1/recordings/018f-some-id", s.Key(t), nil)
	a := s.call(t, "GET", "/metrics", "watch", nil)
	is.Equal(a.status, 200)
	is.True(strings.Contains(a.body, `route="/api/v1/recordings/:id"`)) // by route
	is.True(!strings.Contains(a.body, "some-id"))                       // never by path
}

func TestReady(t *testing.T) {
	is := is.New(t)
	free := int64(1 << 40)
	s := newServer(t, func(o *web.Options) {
		o.Disk = disk.NewWatchOf(func() (int64, int64, error) { return free, 1 << 41, nil }, 0)
	})
	is.Equal(s.call(t, "GET", "/healthz", "", nil).status, 200)
	is.Equal(s.call(t, "GET", "/readyz", "", nil).status, 200)
	const tried = `SELECT CAST(value AS TEXT) FROM settings WHERE name = 'ready'`
	first := s.Text(t, tried)
	is.True(first != "") // by writing
	s.Clock.Advance(time.Hour)
	is.Equal(s.call(t, "GET", "/readyz", "", nil).status, 200)
	is.Equal(s.Text(t, tried), first) // not by every call
	free = disk.Least - 1
	is.Equal(s.call(t, "GET", "/readyz", "", nil).status, 503) // no room, no work
}
