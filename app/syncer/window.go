package syncer

import (
	"time"

	"crk/app"
	"crk/app/phone"
)

const (
	longest  = 24 * time.Hour // a list of more is slow at the phone system; see longestStride
	overlap  = 24 * time.Hour // read again before the cursor: calls are listed late
	lookBack = 7 * 24 * time.Hour
	patience = 6 * time.Hour // for a call to get its duration

	// How long the windows of a back-fill get where the last were empty: years that the
	// system has nothing of cost few requests. One that is long and full after all is
	// split where the system cannot answer for it.
	longestStride = 30 * 24 * time.Hour

	// How short the pieces may be that a window is split into: where it failed, and
	// where the system itself says that it holds too much.
	shortestFailed = time.Hour
	shortestFull   = 5 * time.Minute
)

// A window is the span of time [since, until).
type window struct{ since, until time.Time }

func (w window) length() time.Duration { return w.until.Sub(w.since) }

// split cuts a window into n of the same length, oldest first, at whole seconds.
func (w window) split(n int) []window {
	out := make([]window, 0, n)
	since := w.since
	for i := range n {
		until := w.since.Add(w.length() * time.Duration(i+1) / time.Duration(n)).Truncate(time.Second)
		if i == n-1 {
			until = w.until
		}
		out = append(out, window{since, until})
		since = until
	}
	return out
}

// A step is a window to be read, and where the cursor may stand after it; a zero
// cursor stays where it is.
type step struct {
	window
	cursor time.Time
}

// due is where a run begins that knows of no back-fill: a day before the cursor, or
// more where clocks differ; far says that it reads the last seven days in any case.
func due(p app.Provider, far bool, now time.Time, skew time.Duration) time.Time {
	if p.Cursor.IsZero() {
		return p.Backfill
	}
	since := p.Cursor
	if since.After(now) {
		since = now // the clock was ahead when it was set
	}
	since = since.Add(-overlap - skew)
	if far && since.After(now.Add(-lookBack)) {
		since = now.Add(-lookBack)
	}
	if since.Before(p.Backfill) {
		return p.Backfill
	}
	return since
}

// plan says what a run at now has to read from since on. The newest window goes
// first, so that today's calls need not wait; the others follow oldest first, so that the cursor can follow them.
func plan(since, now time.Time, settle time.Duration) []step {
	whole := window{since.Truncate(time.Second), now.Add(-settle).Truncate(time.Second)}
	if !whole.since.Before(whole.until) {
		return nil
	}
	parts := whole.split(int((whole.length() + longest - 1) / longest))
	last := len(parts) - 1
	if last == 0 {
		return []step{{parts[0], whole.until}}
	}
	steps := []step{{window: parts[last]}}
	for i, w := range parts[:last] {
		cursor := w.until
		if i == last-1 {
			cursor = whole.until // the newest was read before
		}
		steps = append(steps, step{w, cursor})
	}
	return steps
}

// settled reports whether a call's row is final: the call ended a while ago. A row
// without a duration is of a call under way, or has none to come.
func settled(c phone.Call, now time.Time, settle time.Duration) bool {
	if c.Duration == 0 {
		return c.StartedAt.Before(now.Add(-patience))
	}
	return !c.StartedAt.Add(c.Duration).After(now.Add(-settle))
}
