package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// A receiver takes events as a business's own software would, as fast as may be:
// it answers at once and notes what came.
type receiver struct {
	url    string
	srv    *fasthttp.Server
	served chan error

	mu     sync.Mutex
	seen   map[string]int       // how often each event came to each address
	at     map[string]time.Time // when an event came first
	total  int
	wanted int // distinct deliveries at which reached is closed
	done   chan struct{}
}

func newReceiver() (*receiver, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	r := &receiver{url: "http://" + l.Addr().String(), served: make(chan error, 1), seen: map[string]int{}, at: map[string]time.Time{}}
	r.srv = &fasthttp.Server{Handler: r.take, ReadTimeout: time.Minute}
	go func() { r.served <- r.srv.Serve(l) }()
	return r, nil
}

func (r *receiver) take(c *fasthttp.RequestCtx) {
	now := time.Now()
	id := string(c.Request.Header.Peek("webhook-id"))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if _, again := r.at[id]; !again {
		r.at[id] = now
	}
	to := string(c.Path()) + " " + id
	if r.seen[to]++; r.seen[to] == 1 && len(r.seen) == r.wanted {
		close(r.done)
	}
}

// expect returns a channel that is closed once so many deliveries have come that
// are not repeats, those before among them.
func (r *receiver) expect(n int) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted, r.done = n, make(chan struct{})
	if len(r.seen) >= n {
		close(r.done)
	}
	return r.done
}

// counts returns how many deliveries came, and how many of them more than once.
func (r *receiver) counts() (distinct, repeats int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen), r.total - len(r.seen)
}

func (r *receiver) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := r.srv.ShutdownWithContext(ctx)
	return errors.Join(err, <-r.served)
}
