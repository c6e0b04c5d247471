// Package notifytest simulates the servers that notifications go to: Telegram's
// Bot API and Discord's webhooks.
//
// The simulators are http.Handlers with a control surface: people write to the
// bot, chats block it, webhooks vanish, answers fail. They are as strict as the
// real servers where a client could get it wrong (lengths, markup, versions of
// paths, limits), so that what passes here was built right. The tests use them,
// and the demonstration (`crk demo`), which is why nothing here knows of
// testing.
//
// All methods may be called concurrently.
package notifytest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Fault is a way in which a server fails to answer.
type Fault int

// The faults that both servers can be told to have.
const (
	ServerError  Fault = iota + 1 // 500 with the server's own error body
	BadGateway                    // 502 with a page of HTML, as proxies answer
	Hang                          // no answer until the client gives up
	Reset                         // the connection is reset
	CutJSON                       // the answer breaks off in the middle
	TooMany                       // 429 with a retry after RetryAfter
	Unauthorized                  // 401
	NoEntities                    // Telegram: 400, the markup is refused
	OtherPoller                   // Telegram: 409, another program polls
)

// RetryAfter is what a TooMany fault asks for, in seconds.
const RetryAfter = 2

// keep bounds what a simulator remembers of what it was sent.
const keep = 10_000

// faults is a queue of faults for each name: a method, a chat, a webhook.
type faults struct {
	mu     sync.Mutex
	queued map[string][]Fault
}

func (f *faults) add(name string, faults []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queued == nil {
		f.queued = map[string][]Fault{}
	}
	f.queued[name] = append(f.queued[name], faults...)
}

// next takes the next fault of the first name that has one; 0: none.
func (f *faults) next(names ...string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range names {
		if q := f.queued[name]; len(q) > 0 {
			f.queued[name] = q[1:]
			return q[0]
		}
	}
	return 0
}

const requestLimit = 1 << 20

// takeBody reads the request's body ahead. Only a server whose request was read
// to its end notices that the client gave up, which Hang waits for.
func takeBody(r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, requestLimit))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// perform answers with a fault of the network or of a proxy. It reports false
// for a fault that is the server's own, which its caller must answer.
func perform(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f {
	case BadGateway:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>")
	case Hang:
		<-r.Context().Done()
	case Reset:
		reset(w)
	case CutJSON:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "500")
		fmt.Fprint(w, `{"ok":true,"result":{"message_`)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// reset closes the connection so that the client sees a reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// A window counts what arrived lately, for limits.
type window struct {
	at []time.Time
}

// room returns how long until another may arrive, given at most n in any span;
// 0 notes an arrival.
func (w *window) room(now time.Time, n int, span time.Duration) time.Duration {
	for len(w.at) > 0 && now.Sub(w.at[0]) >= span {
		w.at = w.at[1:]
	}
	if len(w.at) >= n {
		return w.at[0].Add(span).Sub(now)
	}
	w.at = append(w.at, now)
	return 0
}

// signal wakes those who wait for a change. The zero value is ready; its user's
// mutex guards it.
type signal struct{ ch chan struct{} }

func (s *signal) wait() <-chan struct{} {
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) wake() {
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
