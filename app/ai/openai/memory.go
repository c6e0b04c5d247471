package openai

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// remembered is how long a server that refused something is not asked for it
// again. Servers are updated; so not forever.
const remembered = 24 * time.Hour

// A memory holds, for each server and model, from which rung of a ladder to
// start. A ladder's rungs lead from what we like best down to what every server
// understands. The zero value is ready.
type memory struct {
	mu    sync.Mutex
	rungs map[string]rung
}

type rung struct {
	at    int
	until time.Time
}

func (m *memory) start(ladder string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.rungs[ladder]; time.Now().Before(r.until) {
		return r.at
	}
	return 0
}

// learn keeps that the rung is the one to start from. Learning the same again
// does not prolong it, or the better rungs would never be tried again.
func (m *memory) learn(ladder string, at int) {
	if m.start(ladder) == at {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rungs == nil {
		m.rungs = map[string]rung{}
	}
	now := time.Now()
	maps.DeleteFunc(m.rungs, func(_ string, r rung) bool { return !now.Before(r.until) })
	m.rungs[ladder] = rung{at: at, until: now.Add(remembered)}
}

// descend tries one rung after the other until one is not refused, and
// remembers it. If every rung is refused the reason is another, and the first
// refusal tells it best.
func (m *memory) descend(ladder string, last int, try func(rung int) error) error {
	var first error
	for at := m.start(ladder); at <= last; at++ {
		err := try(at)
		if err == nil {
			m.learn(ladder, at)
			return nil
		}
		if !unsupported(err) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// unsupported reports whether the server may have refused the form of what was
// asked rather than what was asked. Dialects do not agree on a code for it.
func unsupported(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == CodeRejected && e.Status >= 400 || e.Status == 501)
}
