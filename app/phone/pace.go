package phone

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	longestGap  = 5 * time.Second        // after an answer that was merely slow
	firstEase   = 500 * time.Millisecond // after one that said it was too much
	longestEase = 30 * time.Second
	worthAPause = 50 * time.Millisecond
)

// A Pace keeps a connector from asking its system for more lists than it bears.
// Lists are asked for one at a time, whoever asks, and the next waits for as long
// as the last answer took: half of the system's time, at most, is ours. One that
// says it is asked too often (429, 503) is left alone for twice as long each time,
// and half as long after each answer that it gives. It may be used concurrently.
type Pace struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	turn chan struct{} // holds a value while someone asks or reads the two fields below
	next time.Time     // not before is the next asked for
	ease time.Duration // on account of what the system said
}

// NewPace returns a pace by the given clock. sleep returns early with an error when
// its context ends.
func NewPace(now func() time.Time, sleep func(context.Context, time.Duration) error) *Pace {
	return &Pace{now: now, sleep: sleep, turn: make(chan struct{}, 1)}
}

// Do calls ask when it is its turn. The error is ask's, or the context's where that
// ended before.
func (p *Pace) Do(ctx context.Context, op string, ask func() error) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return NetworkError(ctx, op, ctx.Err())
	}
	if wait := p.next.Sub(p.now()); wait >= worthAPause {
		if err := p.sleep(ctx, wait); err != nil {
			return NetworkError(ctx, op, err)
		}
	}
	began := p.now()
	err := ask()
	took := p.now().Sub(began)
	if overloaded(err) {
		p.ease = min(max(2*p.ease, firstEase), longestEase)
	} else if p.ease /= 2; p.ease < worthAPause {
		p.ease = 0
	}
	p.next = began.Add(took).Add(max(min(took, longestGap), p.ease))
	return err
}

// overloaded reports whether the system said that it is asked too much.
func overloaded(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable)
}
