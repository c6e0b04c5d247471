// Package feed fans out what happened in a business to whoever watches it now.
//
// It promises:
//
//   - [Hub.Publish] never blocks. A subscriber whose queue is full is cut off
//     with [TooSlow]; the others notice nothing.
//   - Order: what one goroutine publishes reaches every subscriber in that
//     order. The store publishes from one goroutine, after commit, so rows
//     arrive in the order of their sequence.
//   - Nothing twice: an event is put into a queue at most once.
//   - At most [MaxPerUser] subscriptions of one user and [MaxTotal] in all.
//
// It does not promise delivery: the database is the truth and a subscriber that
// was away reads there what it missed. It knows neither sockets nor what an
// event holds.
package feed

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// MaxPerUser is how many subscriptions one user may hold, in all businesses.
	MaxPerUser = 10
	// MaxTotal is how many subscriptions a hub holds.
	MaxTotal = 2000
	// QueueLength is how many events may wait for a subscriber before it is cut.
	QueueLength = 256
)

var (
	// ErrTooMany says that the user, or the hub, has no subscription left.
	ErrTooMany = errors.New("feed: too many subscriptions")
	// ErrClosed says that the hub is shutting down.
	ErrClosed = errors.New("feed: hub is closed")
)

// An Event is one thing that happened. It must not be copied or altered once it
// is published: all subscribers share it.
type Event struct {
	Business string // whose members may see it; empty: of every business
	User     string // set: only this member's subscriptions get it
	Value    any    // what happened; the hub does not look into it

	at    time.Time // when it was published
	once  sync.Once
	frame []byte
}

// Age is how long ago the event was published.
func (e *Event) Age() time.Duration { return time.Since(e.at) }

// Frame returns the event's encoded form. The first caller's encode makes it and
// every later caller shares the result, so that a thousand subscribers cost one
// encoding. The bytes must not be altered.
func (e *Event) Frame(encode func() []byte) []byte {
	e.once.Do(func() { e.frame = encode() })
	return e.frame
}

// A Subscriber says who subscribes, by which credential.
type Subscriber struct {
	Business   string
	User       string
	Credential string // the session or key, by which [Hub.Drop] finds it
}

// Stats is how a hub does, for the metrics.
type Stats struct {
	Subscriptions int    // held now
	Waiting       int    // events in their queues
	Cut           uint64 // cut for being too slow, since the start
}

// A Hub fans out events. The zero value is ready. Its methods may be called
// concurrently.
type Hub struct {
	mu     sync.Mutex
	subs   map[string]map[*Subscription]struct{} // by business: those that get events
	held   map[*Subscription]struct{}            // those not yet closed by their owner
	users  map[string]int                        // held, by user
	cut    uint64
	took   func(time.Duration) // told how long each Publish took; nil: nobody
	closed bool
	idle   chan struct{} // closed when the hub is closed and nothing is held
}

// Subscribe makes a subscription, which gets nothing before [Subscription.Open].
// It counts against the limits, and may be dropped, from now on. The caller must
// call [Subscription.Close]. The error is ErrTooMany or ErrClosed.
func (h *Hub) Subscribe(who Subscriber) (*Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if len(h.held) >= MaxTotal || h.users[who.User] >= MaxPerUser {
		return nil, ErrTooMany
	}
	if h.held == nil {
		h.subs = map[string]map[*Subscription]struct{}{}
		h.held = map[*Subscription]struct{}{}
		h.users = map[string]int{}
	}
	s := &Subscription{hub: h, who: who, events: make(chan *Event, QueueLength), done: make(chan struct{})}
	if h.subs[who.Business] == nil {
		h.subs[who.Business] = map[*Subscription]struct{}{}
	}
	h.subs[who.Business][s] = struct{}{}
	h.held[s] = struct{}{}
	h.users[who.User]++
	return s, nil
}

// Publish puts events into the queues of those they are for. It does not block.
func (h *Hub) Publish(events ...*Event) {
	began := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		e.at = began
		if e.Business != "" {
			h.offer(h.subs[e.Business], e)
			continue
		}
		for _, subs := range h.subs {
			h.offer(subs, e)
		}
	}
	if h.took != nil {
		h.took(time.Since(began))
	}
}

// Measure has took told how long each Publish takes from now on. It must not
// block, and must not call the hub.
func (h *Hub) Measure(took func(time.Duration)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.took = took
}

// offer puts an event into the queues of those of subs that it is for. The
// caller holds h.mu.
func (h *Hub) offer(subs map[*Subscription]struct{}, e *Event) {
	for s := range subs {
		if !s.open || (e.User != "" && e.User != s.who.User) {
			continue
		}
		select {
		case s.events <- e:
		default:
			h.cut++
			h.end(s, TooSlow)
		}
	}
}

// Drop ends the subscriptions made by a credential that serves no more.
func (h *Hub) Drop(credential string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.held {
		if s.who.Credential == credential {
			h.end(s, Ended)
		}
	}
}

// Shutdown ends every subscription with GoingAway, refuses new ones and waits
// until the owners have closed theirs, or until ctx ends; then it returns ctx's
// error.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		h.idle = make(chan struct{})
		if len(h.held) == 0 {
			close(h.idle)
		}
	}
	for s := range h.held {
		h.end(s, GoingAway)
	}
	idle := h.idle
	h.mu.Unlock()

	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats returns the figures of the moment.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := 0
	for s := range h.held {
		waiting += len(s.events)
	}
	return Stats{Subscriptions: len(h.held), Waiting: waiting, Cut: h.cut}
}

// end takes s out of the fan-out and tells its owner why. The first reason
// stays. The caller holds h.mu.
func (h *Hub) end(s *Subscription, why Reason) {
	peers := h.subs[s.who.Business]
	if _, ok := peers[s]; !ok {
		return
	}
	delete(peers, s)
	if len(peers) == 0 {
		delete(h.subs, s.who.Business)
	}
	s.reason = why
	close(s.done)
}

// release forgets s altogether.
func (h *Hub) release(s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.held[s]; !ok {
		return
	}
	h.end(s, Closed)
	delete(h.held, s)
	if h.users[s.who.User]--; h.users[s.who.User] == 0 {
		delete(h.users, s.who.User)
	}
	if h.closed && len(h.held) == 0 {
		close(h.idle)
	}
}
