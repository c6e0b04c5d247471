package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

// listen serves on a real port of the loopback address.
func (s *server) listen(t *testing.T) string {
	t.Helper()
	s.Notify(web.Publisher(s.hub), nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.app.Listener(l) }() // ends with the Shutdown below
	t.Cleanup(func() {
		_ = s.hub.Shutdown(t.Context())
		if err := s.app.ShutdownWithTimeout(10 * time.Second); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// A socket is a client that reads frames in order.
type socket struct {
	*websocket.Conn
	t *testing.T
}

func dial(t *testing.T, addr, path, key string, header ...string) *socket {
	t.Helper()
	h := http.Header{}
	if key != "" {
		h.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	c, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+addr+path, h)
	if err != nil {
		t.Fatalf("dial %s: %v (%v)", path, err, res)
	}
	t.Cleanup(func() { c.Close() })
	return &socket{c, t}
}

// next returns the next frame, or the code with which the socket was closed.
func (s *socket) next() (map[string]any, int) {
	s.t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	_, b, err := s.ReadMessage()
	if e, ok := err.(*websocket.CloseError); ok {
		return nil, e.Code
	}
	if err != nil {
		s.t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		s.t.Fatal(err)
	}
	return v, 0
}

// want reads frames until one of the type comes.
func (s *socket) want(kind string) map[string]any {
	s.t.Helper()
	for {
		v, code := s.next()
		if code != 0 {
			s.t.Fatalf("closed with %d, want %s", code, kind)
		}
		if v["type"] == kind {
			return v
		}
	}
}

func (s *server) say(t *testing.T, title string, severity app.Severity) {
	t.Helper()
	err := s.AddFeedOnce(t.Context(), app.FeedItem{BusinessID: s.Business.ID, Title: title, Severity: severity}, "")
	if err != nil {
		t.Fatal(err)
	}
}

const streamPath = "/api/v1/notifications/stream"

func TestStreamIsLive(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	c := dial(t, addr, streamPath, s.Key(t))
	is.Equal(c.want("ready")["lastId"], "")        // nothing was said yet
	is.Equal(c.want("unread")["unreadCount"], 0.0) // nothing unread
	s.say(t, "hello", app.Warning)
	n := c.want("notification")["notification"].(map[string]any)
	is.Equal(n["title"], "hello")
	is.Equal(n["severity"], "warning")
	is.Equal(n["readAt"], nil)

	id := n["id"].(string)
	a := s.call(t, "POST", "/api/v1/notifications/feed/"+id+"/read", s.Key(t), nil)
	is.Equal(a.status, 200)
	is.Equal(c.want("unread")["unreadCount"], 0.0) // reading it elsewhere shows here
}

func TestMetricsOfTheStream(t *testing.T) {
	is := is.New(t)
	s := newServer(t, func(o *web.Options) { o.MetricsToken = "watch" })
	c := dial(t, s.listen(t), streamPath, s.Key(t))
	c.want("unread")
	is.NoErr(s.QueueJob(t.Context(), app.Job{Kind: app.JobDeliver, BusinessID: s.Business.ID, Key: "d"}))
	s.Clock.Advance(90 * time.Second)
	s.say(t, "hello", app.Info)
	c.want("notification")
	s.say(t, "again", app.Info) // the first is counted before the second is sent
	c.want("notification")
	body := s.call(t, "GET", "/metrics", "watch", nil).body
	for _, want := range []string{
		"crk_sockets 1\n", "crk_outbox_age_seconds 90\n", `crk_jobs{kind="deliver"} 1`, "crk_writes_waiting 0\n", "crk_socket_events 0\n",
	} {
		is.True(strings.Contains(body, want)) // each tells what is
	}
	is.True(!strings.Contains(body, "crk_publish_seconds_count 0\n")) // measured
	is.True(!strings.Contains(body, "crk_fan_out_seconds_count 0\n"))
}

func TestStreamReplaysExactly(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	key := s.Key(t)
	s.say(t, "0", app.Info)
	since := dial(t, addr, streamPath, key).want("ready")["lastId"].(string)

	const n = 300
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			s.say(t, fmt.Sprint(i+1), app.Info)
		}
	})
	got := 0
	for got < n { // the client comes and goes while messages are said
		c := dial(t, addr, streamPath+"?since="+since, key)
		for range 40 {
			if got == n {
				break
			}
			m := c.want("notification")["notification"].(map[string]any)
			got++
			is.Equal(m["title"], fmt.Sprint(got)) // each once, in order
			since = m["id"].(string)
		}
		c.Close()
	}
	wg.Wait()
}

func TestUnknownSinceAsksToReadAgain(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	other, _ := s.OtherBusiness(t)
	is.NoErr(s.AddFeedOnce(t.Context(), app.FeedItem{BusinessID: other.ID, ID: "018f0000-0000-7000-8000-000000000000", Title: "theirs", Severity: app.Info}, ""))
	c := dial(t, addr, streamPath+"?since=018f0000-0000-7000-8000-000000000000", s.Key(t))
	v, _ := c.next()
	is.Equal(v["type"], "resync") // another business's id is unknown here
	is.Equal(c.want("ready")["lastId"], "")
}

func TestPreferencesFilterTheStream(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	key := s.Key(t)
	is.Equal(s.call(t, "PATCH", "/api/v1/notifications/preferences", key, map[string]any{"minSeverity": "critical"}).status, 200)
	c := dial(t, addr, streamPath, key)
	c.want("ready")
	s.say(t, "small", app.Warning)
	s.say(t, "big", app.Critical)
	is.Equal(c.want("notification")["notification"].(map[string]any)["title"], "big") // the other was passed over
	a := s.call(t, "GET", "/api/v1/notifications/feed", key, nil).json(t)
	is.Equal(len(a["items"].([]any)), 2) // the list shows everything
	is.Equal(a["unreadCount"], 1.0)      // the count what the preferences let through
}

func TestStreamIsForItsAudience(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	key := s.Key(t) // the owner's
	s.say(t, "before", app.Info)
	first := s.call(t, "GET", "/api/v1/notifications/feed", key, nil).json(t)["items"].([]any)[0].(map[string]any)["id"].(string)
	for _, title := range []string{"agents", "owners"} {
		audience := app.AudienceOf([]app.Role{app.Agent})
		if title == "owners" {
			audience = app.AudienceOf([]app.Role{app.Owner})
		}
		is.NoErr(s.AddFeedOnce(t.Context(), app.FeedItem{BusinessID: s.Business.ID, Title: title, Severity: app.Info, Audience: audience}, ""))
	}
	c := dial(t, addr, streamPath+"?since="+first, key)
	is.Equal(c.want("notification")["notification"].(map[string]any)["title"], "owners") // what others are told is not replayed
	is.Equal(c.want("unread")["unreadCount"], 2.0)                                       // nor counted
	is.NoErr(s.AddFeedOnce(t.Context(), app.FeedItem{
		BusinessID: s.Business.ID, Title: "agents", Severity: app.Info, Audience: app.AudienceOf([]app.Role{app.Agent})}, ""))
	s.say(t, "all", app.Info)
	is.Equal(c.want("notification")["notification"].(map[string]any)["title"], "all") // nor sent live
	list := s.call(t, "GET", "/api/v1/notifications/feed", key, nil).json(t)["items"].([]any)
	is.Equal(len(list), 3) // nor listed
}

func TestSocketsEndWithTheirCredential(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	secret, k := s.key(t, app.Key{})
	c := dial(t, addr, streamPath, secret)
	c.want("unread")
	is.NoErr(s.RevokeKey(t.Context(), s.Business.ID, s.Owner.ID, k.ID))
	_, code := c.next()
	is.Equal(code, 4401) // revoked is ended

	c = dial(t, addr, streamPath, s.Key(t))
	c.want("unread")
	go func() { _ = s.hub.Shutdown(t.Context()) }()
	_, code = c.next()
	is.Equal(code, 1001) // the server goes away
}

func TestStreamRefuses(t *testing.T) {
	s := newServer(t)
	addr := s.listen(t)
	for _, tt := range []struct {
		name, key, origin string
		status            int
	}{
		{"nobody", "", "", 401},
		{"a key without the scope", s.Key(t, app.ViewUsage), "", 403},
		{"another site", s.Key(t), "https://evil.example.com", 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			if tt.key != "" {
				h.Set("Authorization", "Bearer "+tt.key)
			}
			if tt.origin != "" {
				h.Set("Origin", tt.origin)
			}
			_, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+addr+streamPath, h)
			is.New(t).True(err != nil && res != nil && res.StatusCode == tt.status)
		})
	}
	t.Run("no socket", func(t *testing.T) {
		is.New(t).Equal(s.call(t, "GET", streamPath, s.Key(t), nil).status, 400)
	})
}

func TestFirstFrameMayComeWithTheHandshake(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	conn, err := net.Dial("tcp", addr)
	is.NoErr(err)
	defer conn.Close()
	ping := "\x89\x82\x00\x00\x00\x00hi" // a masked ping, in the same segment as the request
	_, err = conn.Write([]byte("GET " + streamPath + " HTTP/1.1\r\nHost: " + addr + "\r\nAuthorization: Bearer " + s.Key(t) +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" + ping))
	is.NoErr(err)
	is.NoErr(conn.SetReadDeadline(time.Now().Add(10 * time.Second)))
	var got strings.Builder
	b := make([]byte, 4096)
	for !strings.Contains(got.String(), "\x8a\x02hi") { // its pong
		n, err := conn.Read(b)
		is.NoErr(err)
		got.Write(b[:n])
	}
}

func TestClientThatIsGoneLeavesNothing(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	addr := s.listen(t)
	key := s.Key(t)
	for range 200 { // most come through to the upgrade, and find nobody there
		conn, err := net.Dial("tcp", addr)
		is.NoErr(err)
		_, err = conn.Write([]byte("GET " + streamPath + " HTTP/1.1\r\nHost: " + addr + "\r\nAuthorization: Bearer " + key +
			"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
		is.NoErr(err)
		is.NoErr(conn.(*net.TCPConn).SetLinger(0)) // reset, not closed
		is.NoErr(conn.Close())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	is.NoErr(s.hub.Shutdown(ctx)) // no subscription is left of them
}

func TestPagesSocketSendsToLogin(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	_, code := dial(t, s.listen(t), "/live", "").next()
	is.Equal(code, 4401)
}
