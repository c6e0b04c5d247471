package web_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/matryer/is"

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

func TestBodyOverTheLimit(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a := s.call(t, "PATCH", "/api/v1/recordings/x", s.Key(t), `{"note":"`+strings.Repeat("x", 1<<20)+`"}`)
	is.Equal(a.status, 413)
	is.Equal(a.json(t)["error"], "payload_too_large")
}

func TestEveryAnswerHasItsOwnID(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a, b := s.call(t, "GET", "/healthz", "", nil, "X-Request-Id", "forged"), s.call(t, "GET", "/healthz", "", nil)
	is.True(a.header.Get("X-Request-Id") != "forged")                     // a stranger's id is not taken over
	is.True(a.header.Get("X-Request-Id") != b.header.Get("X-Request-Id")) // and no two are the same
}
