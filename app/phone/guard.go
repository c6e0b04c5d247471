package phone

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// errGuard is what a request gets that is none of the connector's. It is never
// sent.
var errGuard = errors.New("not a request that only reads")

// Guard is a transport through next, nil for the default, that sends nothing but
// what allows lets through at one host: path is what follows that of base, and may
// hold anything. Whatever a connector is made to ask for, it can do no more than it
// is made for.
func Guard(base *url.URL, next http.RoundTripper, allows func(method, path string) bool) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &guard{base, next, allows}
}

type guard struct {
	base   *url.URL
	next   http.RoundTripper
	allows func(method, path string) bool
}

// RoundTrip implements [http.RoundTripper].
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	path, below := strings.CutPrefix(req.URL.Path, g.base.Path)
	if below && req.URL.Scheme == g.base.Scheme && req.URL.Host == g.base.Host && req.URL.User == nil && g.allows(req.Method, path) {
		return g.next.RoundTrip(req)
	}
	if req.Body != nil {
		_ = req.Body.Close() // as a RoundTripper must
	}
	return nil, errGuard
}
