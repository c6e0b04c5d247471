package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A client is a program that uses the API with one key.
type client struct {
	t   testing.TB
	url string
	key string
}

func (p *process) client(key string) *client { return &client{p.t, p.url, key} }

// An answer is what came back; fields are read with at.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// at returns what stands at a path of names in a JSON answer, nil where there
// is nothing.
func (a answer) at(names ...string) any {
	var v any
	if json.Unmarshal(a.body, &v) != nil {
		return nil
	}
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// items returns the items of a list.
func (a answer) items() (items []map[string]any) {
	list, _ := a.at("items").([]any)
	for _, v := range list {
		items = append(items, v.(map[string]any))
	}
	return items
}

// do sends a request with a JSON body, or none, and header names and values by
// turns. err is that of the connection alone.
func (c *client) do(method, path string, body any, header ...string) (answer, error) {
	c.t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/api/v1"+path, r)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, b}, err
}

// call is do for a request that must be answered with the given status.
func (c *client) call(status int, method, path string, body any, header ...string) answer {
	c.t.Helper()
	a, err := c.do(method, path, body, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status != status {
		c.t.Fatalf("%s %s answers %d, not %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// until asks again and again until what comes back is as it should be.
func (c *client) until(what, path string, ok func(answer) bool) answer {
	c.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	var last answer
	for {
		a, err := c.do("GET", path, nil)
		if err == nil && a.status == 200 && ok(a) {
			return a
		}
		last = a
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("%s: GET %s still answers %d %s", what, path, last.status, last.body)
		}
	}
}

// A listener is a program that listens to the stream of notifications.
type listener struct {
	t  testing.TB
	ws *websocket.Conn
}

func (c *client) listen(query string) *listener {
	c.t.Helper()
	ws, err := c.dial(c.t.Context(), query)
	if err != nil {
		c.t.Fatal("listen:", err)
	}
	c.t.Cleanup(func() { ws.Close() })
	return &listener{c.t, ws}
}

// dial opens a socket that the caller closes.
func (c *client) dial(ctx context.Context, query string) (*websocket.Conn, error) {
	url := "ws" + strings.TrimPrefix(c.url, "http") + "/api/v1/notifications/stream" + query
	ws, res, err := websocket.DefaultDialer.DialContext(ctx, url, http.Header{"Authorization": {"Bearer " + c.key}})
	if err != nil {
		return nil, fmt.Errorf("%w (%v)", err, res)
	}
	return ws, res.Body.Close()
}

// next returns the next message of the given type; others are passed over.
func (l *listener) next(kind string) map[string]any {
	l.t.Helper()
	if err := l.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		l.t.Fatal(err)
	}
	for {
		var m map[string]any
		if err := l.ws.ReadJSON(&m); err != nil {
			l.t.Fatalf("listen for %s: %v", kind, err)
		}
		if m["type"] == kind {
			return m
		}
	}
}
