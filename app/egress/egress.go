// Package egress holds the HTTP clients for every address that a person can
// type into the product: phone systems, AI servers, webhooks.
//
// It promises that such a request never reaches a network its [Class] may not:
//
//   - Link-local, metadata, multicast and reserved addresses: never, whatever
//     the configuration says.
//   - Loopback: only where [Policy.Allow] says.
//   - Private networks (RFC 1918 and unique local IPv6): [Phone] and [AI],
//     because PBXs and AI servers live there; a [Webhook] only where
//     [Policy.Allow] says.
//   - Carrier-grade NAT (100.64.0.0/10): only where [Policy.Allow] says.
//   - [Operator] addresses come from the operator's own settings and are not
//     judged at all.
//
// The address is judged at the dial, after names are resolved, so that a name
// that changes its address between a check and the request (DNS rebinding)
// gains nothing. [Policy.CheckURL] judges earlier, only so that a person gets a
// friendly answer. Redirects are never followed, and proxies named in the
// environment are ignored.
//
// Further certificate authorities may be trusted for one address ([Clients]);
// that a certificate is checked cannot be switched off.
//
// The package does not know what is asked for or answered: bounding a body is
// its caller's.
package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"
)

// Setting is the name of the setting behind [Policy.Allow].
const Setting = "CRK_ALLOW_NETWORKS"

const (
	connectTimeout = 5 * time.Second  // each of the dial and the TLS handshake
	idleTimeout    = 30 * time.Second // a pooled connection is not judged again, so it must not live long
	maxHeaderBytes = 32 << 10
	maxIdlePerHost = 16
)

// A Class says on whose behalf a request is made, and so where it may go.
type Class int

// The classes, strictest first.
const (
	Webhook  Class = iota // outbound webhooks of a business
	Phone                 // phone systems of a business
	AI                    // AI servers of a business
	Operator              // addresses from the operator's own settings
)

// A Policy says which networks are open beyond what each [Class] may reach
// anyway. The zero Policy is the strictest. It must not change once it is used,
// and may be used concurrently.
type Policy struct {
	// Allow lists networks that every class may reach.
	Allow []netip.Prefix

	// Proxy, when set, carries every request to the public internet (schemes
	// http, https, socks5); it then resolves the names and is the guard of
	// what they resolve to. What resolves here to a loopback or private
	// address is judged and dialled directly.
	Proxy *url.URL

	// Resolver looks names up; nil is the machine's own.
	Resolver *net.Resolver

	// Observe is told of each request: whose server, how it ended ("2xx",
	// "error") and how long that took; nil: nobody is.
	Observe func(class, outcome string, took time.Duration)
}

// Client returns a new client, with a connection pool of its own, for requests
// of the class. Keep it: a client made for each request wastes its connections.
//
// The timeout bounds a whole request with its body; with 0 the request's
// context is the only bound. A request to a place that is not allowed fails
// with an error that wraps a [*Refused]. The client follows no redirect (the
// 3xx answer is the answer), keeps no cookies and undoes no compression.
func (p Policy) Client(class Class, timeout time.Duration) *http.Client {
	return p.client(class, timeout, &tls.Config{MinVersion: tls.VersionTLS12})
}

// client is Client with the given trust. Each transport gets a copy of it.
func (p Policy) client(class Class, timeout time.Duration, trust *tls.Config) *http.Client {
	direct := transport(p.dial(class), trust)
	client := &http.Client{
		Timeout:       timeout,
		Transport:     direct,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if p.Proxy != nil {
		viaProxy := transport((&net.Dialer{Timeout: connectTimeout}).DialContext, trust)
		viaProxy.Proxy = http.ProxyURL(p.Proxy)
		client.Transport = &router{policy: p, class: class, direct: direct, proxy: viaProxy}
	}
	if p.Observe != nil {
		client.Transport = observed{client.Transport, class, p.Observe}
	}
	return client
}

func transport(dial func(ctx context.Context, network, addr string) (net.Conn, error), trust *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        trust.Clone(),
		TLSHandshakeTimeout:    connectTimeout,
		IdleConnTimeout:        idleTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
	}
}

// dial connects only to addresses that the class may reach. A name with several
// addresses is reached through those that are allowed.
func (p Policy) dial(class Class) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		if err := checkForm(class, host); err != nil {
			return nil, err
		}
		var tried atomic.Bool // whether any address was allowed; addresses are tried concurrently
		d := net.Dialer{
			Timeout:  connectTimeout,
			Resolver: p.Resolver,
			ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
				ap, err := netip.ParseAddrPort(address)
				if err != nil {
					return err
				}
				if err := p.check(class, host, ap.Addr()); err != nil {
					return err
				}
				tried.Store(true)
				return nil
			},
		}
		conn, err := d.DialContext(ctx, network, addr)
		if refused := (*Refused)(nil); errors.As(err, &refused) && tried.Load() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errNoAnswer}
		}
		return conn, err
	}
}

// errNoAnswer stands for the failures of a name's allowed addresses, where the
// dialler itself would report only that another address was refused.
var errNoAnswer = errors.New("no answer at any address that may be reached")

// A router sends what belongs to the public internet through the proxy, and
// the rest, judged, directly.
type router struct {
	policy        Policy
	class         Class
	direct, proxy *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (r *router) RoundTrip(req *http.Request) (*http.Response, error) {
	near, err := r.policy.resolve(req.Context(), r.class, req.URL.Hostname())
	switch {
	case err != nil:
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	case near:
		return r.direct.RoundTrip(req)
	default:
		return r.proxy.RoundTrip(req)
	}
}

// CloseIdleConnections closes the connections that serve no request now;
// [http.Client.CloseIdleConnections] calls it.
func (r *router) CloseIdleConnections() {
	r.direct.CloseIdleConnections()
	r.proxy.CloseIdleConnections()
}
