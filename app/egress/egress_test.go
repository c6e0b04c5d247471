package egress_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"
	"golang.org/x/net/dns/dnsmessage"

	"crk/app/egress"
)

// onLoopback lets the tests reach their own servers.
var onLoopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestClientJudgesAtTheDial(t *testing.T) {
	hits, srv := counter(t)
	for _, tt := range []struct {
		name   string
		policy egress.Policy
		class  egress.Class
		ok     bool
	}{
		{"webhook", egress.Policy{}, egress.Webhook, false},
		{"phone system", egress.Policy{}, egress.Phone, false},
		{"AI server", egress.Policy{}, egress.AI, false},
		{"operator", egress.Policy{}, egress.Operator, true},
		{"allowed", egress.Policy{Allow: onLoopback}, egress.Webhook, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			before := hits.Load()
			res, err := get(t, tt.policy.Client(tt.class, time.Minute), srv.URL)
			if tt.ok {
				is.NoErr(err)                   // the request is made
				is.Equal(res, "hello")          // and answered
				is.Equal(hits.Load(), before+1) // by the server
				return
			}
			var refused *egress.Refused
			is.True(errors.As(err, &refused))          // the error is a refusal
			is.Equal(refused.Setting, egress.Setting)  // which names the setting
			is.Equal(refused.IP.String(), "127.0.0.1") // and the address
			is.Equal(hits.Load(), before)              // nothing reached the server
		})
	}
}

// TestRebinding: the name is public when it is checked and loopback when it is
// dialled.
func TestRebinding(t *testing.T) {
	is := is.New(t)
	hits, srv := counter(t)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	names := newNames(t, "8.8.8.8")
	p := egress.Policy{Resolver: names.resolver()}
	target := "http://rebind.example:" + port + "/"

	is.NoErr(p.CheckURL(t.Context(), egress.Webhook, target)) // public when checked
	names.set("127.0.0.1")
	_, err := get(t, p.Client(egress.Webhook, time.Minute), target)
	var refused *egress.Refused
	is.True(errors.As(err, &refused))        // loopback when dialled: refused
	is.Equal(refused.Host, "rebind.example") // by its name
	is.Equal(hits.Load(), int64(0))          // and never asked
}

func TestNameWithSeveralAddresses(t *testing.T) {
	is := is.New(t)
	_, srv := counter(t)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	names := newNames(t, "169.254.169.254", "127.0.0.1")
	p := egress.Policy{Allow: onLoopback, Resolver: names.resolver()}
	target := "http://several.example:" + port + "/"

	is.NoErr(p.CheckURL(t.Context(), egress.Webhook, target)) // one address is allowed
	body, err := get(t, p.Client(egress.Webhook, time.Minute), target)
	is.NoErr(err) // so it is reached there
	is.Equal(body, "hello")

	srv.Close()
	_, err = get(t, p.Client(egress.Webhook, time.Minute), target)
	var refused *egress.Refused
	is.True(err != nil)                // the allowed address is down
	is.True(!errors.As(err, &refused)) // which is an outage, not a refusal
}

func TestCheckURL(t *testing.T) {
	names := newNames(t)
	p := egress.Policy{Resolver: names.resolver()}
	for _, tt := range []struct {
		name, url string
		ip        string // what the name resolves to
		badURL    bool
		refused   bool
	}{
		{name: "public name", url: "https://crm.example/hook", ip: "8.8.8.8"},
		{name: "unknown name passes for now", url: "https://later.example/hook"},
		{name: "name of a private address", url: "https://crm.example/hook", ip: "192.168.1.9", refused: true},
		{name: "name of a metadata address", url: "https://crm.example/hook", ip: "169.254.169.254", refused: true},
		{name: "localhost", url: "http://localhost/", refused: true},
		{name: "localhost with a dot, shouted", url: "http://LOCALHOST./", refused: true},
		{name: "a name that begins with a number", url: "http://1.2.3.example/", ip: "8.8.8.8"},
		{name: "no scheme", url: "crm.example/hook", badURL: true},
		{name: "other scheme", url: "ftp://crm.example/hook", badURL: true},
		{name: "file", url: "file:///etc/passwd", badURL: true},
		{name: "no host", url: "http:///hook", badURL: true},
		{name: "only a port", url: "http://:8080/hook", badURL: true},
		{name: "password", url: "https://ann:hunter2@crm.example/", badURL: true},
		{name: "not a URL", url: "http://[::1", badURL: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			names.set(tt.ip)
			err := p.CheckURL(t.Context(), egress.Webhook, tt.url)
			var refused *egress.Refused
			is.Equal(errors.As(err, &refused), tt.refused)                   // refused as an address
			is.Equal(errors.Is(err, egress.ErrURL), tt.badURL)               // refused as a URL
			is.Equal(err != nil, tt.refused || tt.badURL)                    // or fine
			is.True(err == nil || !strings.Contains(err.Error(), "hunter2")) // no password in the error
		})
	}
}

func TestClientFollowsNothing(t *testing.T) {
	is := is.New(t)
	hits, secret := counter(t)
	srv := httptest.NewServer(http.RedirectHandler(secret.URL, http.StatusFound))
	t.Cleanup(srv.Close)

	client := egress.Policy{Allow: onLoopback}.Client(egress.Webhook, time.Minute)
	res, err := client.Get(srv.URL)
	is.NoErr(err)
	defer res.Body.Close()
	is.Equal(res.StatusCode, http.StatusFound) // the redirect is the answer
	is.Equal(hits.Load(), int64(0))            // and is not followed
}

func TestClientIgnoresTheEnvironmentsProxy(t *testing.T) {
	is := is.New(t)
	hits, proxy := counter(t)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	p := egress.Policy{Allow: onLoopback, Resolver: newNames(t, "127.0.0.1").resolver()}

	_, err := get(t, p.Client(egress.Webhook, time.Minute), "http://crm.example:1/")
	is.True(err != nil)             // nobody listens there
	is.Equal(hits.Load(), int64(0)) // and nobody asked the proxy
}

func TestProxy(t *testing.T) {
	proxied, proxy := counter(t)
	proxyURL, _ := url.Parse(proxy.URL)
	direct, srv := counter(t)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	for _, tt := range []struct {
		name, ip string
		class    egress.Class
		allow    []netip.Prefix
		want     *atomic.Int64 // who is asked; nil = the request is refused
	}{
		{"public name", "8.8.8.8", egress.Webhook, nil, proxied},
		{"name that only the proxy knows", "", egress.Webhook, nil, proxied},
		{"near, allowed", "127.0.0.1", egress.Webhook, onLoopback, direct},
		{"near, the operator's", "127.0.0.1", egress.Operator, nil, direct},
		{"near, not allowed", "127.0.0.1", egress.Phone, nil, nil},
		{"metadata", "169.254.169.254", egress.Phone, onLoopback, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			proxied.Store(0)
			direct.Store(0)
			p := egress.Policy{Allow: tt.allow, Proxy: proxyURL, Resolver: newNames(t, tt.ip).resolver()}
			_, err := get(t, p.Client(tt.class, time.Minute), "http://crm.example:"+port+"/")
			if tt.want == nil {
				var refused *egress.Refused
				is.True(errors.As(err, &refused))                // refused
				is.Equal(proxied.Load()+direct.Load(), int64(0)) // before anyone was asked
				return
			}
			is.NoErr(err)
			is.Equal(tt.want.Load(), int64(1))               // the right one was asked
			is.Equal(proxied.Load()+direct.Load(), int64(1)) // and only that one
		})
	}
}

func TestClientBounds(t *testing.T) {
	is := is.New(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Filler", strings.Repeat("x", 40<<10))
	}))
	t.Cleanup(srv.Close)
	_, err := get(t, egress.Policy{Allow: onLoopback}.Client(egress.AI, time.Minute), srv.URL)
	is.True(err != nil) // headers beyond the bound are not read

	stuck := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(stuck) })
	_, err = get(t, egress.Policy{Allow: onLoopback}.Client(egress.AI, 50*time.Millisecond), slow.URL)
	var timeout net.Error
	is.True(errors.As(err, &timeout) && timeout.Timeout()) // the timeout ends a request that hangs
}

// counter is a server that says hello and counts how often it was asked.
func counter(t testing.TB) (*atomic.Int64, *httptest.Server) {
	t.Helper()
	hits := new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		io.WriteString(w, "hello")
	}))
	t.Cleanup(srv.Close)
	return hits, srv
}

func get(t testing.TB, client *http.Client, target string) (string, error) {
	t.Helper()
	defer client.CloseIdleConnections()
	res, err := client.Get(target)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// names is a DNS server on loopback that gives every name the same addresses.
type names struct {
	conn net.PacketConn
	ips  atomic.Pointer[[]netip.Addr]
}

func newNames(t testing.TB, ips ...string) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn}
	n.set(ips...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.serve()
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return n
}

// set replaces the addresses; empty ones are left out.
func (n *names) set(ips ...string) {
	var list []netip.Addr
	for _, ip := range ips {
		if ip != "" {
			list = append(list, netip.MustParseAddr(ip))
		}
	}
	n.ips.Store(&list)
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp4", n.conn.LocalAddr().String())
	}}
}

func (n *names) serve() {
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:size]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		reply := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true},
			Questions: m.Questions,
		}
		ips := *n.ips.Load()
		if len(ips) == 0 {
			reply.RCode = dnsmessage.RCodeNameError
		}
		for _, ip := range ips {
			if q.Type == dnsmessage.TypeA {
				reply.Answers = append(reply.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: ip.As4()},
				})
			}
		}
		packed, err := reply.Pack()
		if err == nil {
			n.conn.WriteTo(packed, from)
		}
	}
}
