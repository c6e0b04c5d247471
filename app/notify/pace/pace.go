// Package pace keeps what is sent within what Telegram and Discord take.
//
// Every destination has limits of its own and shares others, such as its bot's.
// A burst is delayed, never dropped: [Pacer.Wait] waits for the destination's
// turn, first come first served, and [Pacer.Turn] says how long it takes to whom
// comes back then. A destination that has to wait takes nothing from what it
// shares, so it never holds up another.
//
// The pacer lives in memory. After a restart a peer may answer 429 once; what
// it says then goes to [Pacer.Hold], which outranks every limit here.
package pace

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A Lane is a destination with the limits it is under.
type Lane struct {
	Key          string // the destination
	Limits       []Limit
	Shared       string // what it has in common with others; empty: nothing
	SharedLimits []Limit
}

// A LaterError says that a lane's turn comes only after the deadline.
type LaterError struct {
	After time.Duration // from now
}

// Error implements error.
func (e *LaterError) Error() string {
	return fmt.Sprintf("pace: turn comes in %v", e.After.Round(time.Millisecond))
}

// A Quota is what a peer's answer says of its own limit.
type Quota struct {
	Limit      int           // requests in a window
	Remaining  int           // in the present window
	ResetAfter time.Duration // until the next one
}

// A Pacer hands out turns. Its methods may be called concurrently.
type Pacer struct {
	now     func() time.Time
	mu      sync.Mutex
	buckets map[string]*bucket
	booked  map[string]time.Time // turns handed out by Turn, by who has them
	swept   time.Time
}

// New returns a pacer that goes by a clock and has handed out nothing yet.
func New(now func() time.Time) *Pacer {
	return &Pacer{now: now, buckets: map[string]*bucket{}, booked: map[string]time.Time{}}
}

// late is how long a turn that Turn handed out may be used after it has come.
// Turns much older, used all at once, would be a burst.
const late = 10 * time.Second

// Turn returns 0, once, when it is who's turn in the lane. Before, it returns how
// long to wait until asking again; who keeps its place in the meantime, so a
// thousand that wait ask twice each. One that does not come back in time loses
// its place.
func (p *Pacer) Turn(l Lane, who string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	own := p.bucket(now, l.Key, l.Limits)
	at, has := p.booked[who]
	if !has || now.Sub(at) > late || own.heldUntil.After(later(now, at)) {
		at = own.next(now)
		own.take(at)
		p.booked[who] = at
	}
	if at.After(now) {
		return at.Sub(now)
	}
	shared := p.bucket(now, l.Shared, l.SharedLimits)
	if at := shared.next(now); at.After(now) {
		return at.Sub(now)
	}
	shared.take(now)
	delete(p.booked, who)
	return 0
}

// Wait returns nil when it is the lane's turn. Where the turn would come after
// the deadline it returns a *LaterError at once, or as soon as that is known;
// where ctx ends first, its error.
func (p *Pacer) Wait(ctx context.Context, l Lane, deadline time.Time) error {
	for {
		at, ok := p.reserve(l.Key, l.Limits, deadline)
		if !ok {
			return &LaterError{After: at.Sub(p.now())}
		}
		if err := sleep(ctx, at.Sub(p.now())); err != nil {
			return err
		}
		// The peer may have said in the meantime that nothing goes before a
		// later moment; then the turn is lost.
		if !p.held(l.Key) {
			break
		}
	}
	// Only now is the shared limit asked: a turn taken there in advance would
	// stand between other destinations and theirs.
	at, ok := p.reserve(l.Shared, l.SharedLimits, deadline)
	if !ok {
		return &LaterError{After: at.Sub(p.now())}
	}
	return sleep(ctx, at.Sub(p.now()))
}

// Hold keeps back everything that goes to key, a lane's own or shared one, for
// d from now. A shorter hold does not shorten a longer one.
func (p *Pacer) Hold(key string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	b := p.bucket(now, key, nil)
	b.heldUntil = later(b.heldUntil, now.Add(d))
}

// Learn replaces key's provisional limits by what the peer's answer says.
func (p *Pacer) Learn(key string, q Quota) {
	if q.Limit < 1 || q.Remaining < 0 || q.ResetAfter < 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.bucket(now, key, nil).learn(now, q)
}

// reserve takes the next turn of a bucket if it comes before the deadline, and
// returns when it comes.
func (p *Pacer) reserve(key string, limits []Limit, deadline time.Time) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	b := p.bucket(now, key, limits)
	at := b.next(now)
	if at.After(deadline) {
		return at, false
	}
	b.take(at)
	return at, true
}

func (p *Pacer) held(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	return p.bucket(now, key, nil).heldUntil.After(now)
}

// bucket returns the bucket of key. The empty key has one that nothing limits.
// The caller holds p.mu.
func (p *Pacer) bucket(now time.Time, key string, limits []Limit) *bucket {
	if key == "" {
		return &bucket{}
	}
	p.sweep(now)
	b := p.buckets[key]
	if b == nil {
		b = &bucket{}
		p.buckets[key] = b
	}
	if limits != nil {
		b.limits = limits
	}
	return b
}

// sweep forgets the buckets that limit nothing any more, now and then, so that
// an appliance that runs for years does not keep every chat it ever wrote to.
func (p *Pacer) sweep(now time.Time) {
	const every = time.Minute
	if now.Sub(p.swept) < every {
		return
	}
	p.swept = now
	for key, b := range p.buckets {
		if b.idle(now) {
			delete(p.buckets, key)
		}
	}
	for who, at := range p.booked {
		if now.Sub(at) > late {
			delete(p.booked, who)
		}
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
