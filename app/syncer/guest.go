package syncer

import (
	"errors"
	"sync"
	"time"

	"crk/app/phone"
)

// A guest remembers how phone systems are to be treated, by integration, for as
// long as the process lives. It may be used concurrently.
type guest struct {
	mu    sync.Mutex
	until map[string]time.Time // the system wants to be left alone
	beats map[string]*beat     // recordings that came
	falls map[string]int       // failures in a row of its back-fill
	gates map[string]*gate
	pains map[string]int // failures since the process began that may mean to stop asking

	refusals map[string]*phone.Error    // the refused sign-in that was counted last
	denials  map[string]map[string]bool // recordings that did not come, since one did
	looking  map[string]bool            // one is tried after it was found that none may be heard
}

// A few recordings that do not come hold nothing up, however often they are tried: so
// many different ones, with none between that came, mean that none does. Where a
// sign-in may hear every second one, that comes by chance once in a thousand.
const (
	deniedCalls  = 10
	failingCalls = 5 // where it answers with errors of its own: so soon is a system left alone that is away
)

// downloadsAtOnce is how many recordings one phone system is asked for at a time.
const downloadsAtOnce = 2

func newGuest() *guest {
	return &guest{
		until: map[string]time.Time{}, beats: map[string]*beat{}, falls: map[string]int{}, gates: map[string]*gate{}, pains: map[string]int{},
		refusals: map[string]*phone.Error{}, denials: map[string]map[string]bool{}, looking: map[string]bool{},
	}
}

// gate is what downloads from a phone system pass.
func (g *guest) gate(provider string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gates[provider] == nil {
		g.gates[provider] = &gate{free: downloadsAtOnce}
	}
	return g.gates[provider]
}

// hurt notes a failure of a download after which who waits for its turn must ask
// again whether it may.
func (g *guest) hurt(provider string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pains[provider]++
}

// pain changes when hurt is called.
func (g *guest) pain(provider string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pains[provider]
}

// stumbled counts a failure of a back-fill and returns how many there were in a row.
func (g *guest) stumbled(provider string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.falls[provider]++
	return g.falls[provider]
}

// went ends a row of failures of a back-fill.
func (g *guest) went(provider string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.falls, provider)
}

// forget forgets an integration.
func (g *guest) forget(provider string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.until, provider)
	delete(g.beats, provider)
	delete(g.falls, provider)
	delete(g.gates, provider)
	delete(g.pains, provider)
	delete(g.refusals, provider)
	delete(g.denials, provider)
	delete(g.looking, provider)
}

// knows reports whether a refused sign-in is the one that it was told last.
func (g *guest) knows(provider string, refusal *phone.Error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.refusals[provider] == refusal
	g.refusals[provider] = refusal
	return known
}

// denied notes that a recording did not come, and reports whether that seems to be
// so of all: of so many in a row it is.
func (g *guest) denied(provider, recording string, many int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	calls := g.denials[provider]
	if calls == nil {
		calls = map[string]bool{}
		g.denials[provider] = calls
	}
	if len(calls) < deniedCalls {
		calls[recording] = true
	}
	return len(calls) >= many
}

// look lets one at a time try whether recordings may be heard again, until end is
// called.
func (g *guest) look(provider string) (end func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.looking[provider] {
		return nil, false
	}
	g.looking[provider] = true
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.looking, provider)
	}, true
}

// longestRest is the most that a system may ask for; see [phone.RetryAfter]. What is
// more is of a clock that was ahead.
const longestRest = 24 * time.Hour

// rest is how long a system still wants to be left alone; not above zero: it does not.
func (g *guest) rest(provider string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	left := g.until[provider].Sub(now)
	if left > longestRest {
		return 0
	}
	return left
}

// leave leaves a system alone for as long as it asked, if it did; what it asked for
// before still counts.
func (g *guest) leave(provider string, err error, now time.Time) {
	e, ok := errors.AsType[*phone.Error](err)
	if !ok || e.RetryAfter <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	until, was := now.Add(e.RetryAfter), g.until[provider]
	if until.After(was) || was.Sub(now) > longestRest {
		g.until[provider] = until
	}
}

// A beat counts recordings by minute.
type beat struct {
	counts [rateOver + 1]int
	minute int64 // the newest
}

const rateOver = 10 // minutes

// to moves the counts on until they end with a minute.
func (b *beat) to(minute int64) {
	for b.minute = max(b.minute, minute-int64(len(b.counts))); b.minute < minute; {
		b.minute++
		b.counts[b.minute%int64(len(b.counts))] = 0
	}
}

// came counts a recording that came, and reports whether it ended a row of those that
// did not.
func (g *guest) came(provider string, now time.Time) (ended bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.beats[provider]
	if b == nil {
		b = &beat{}
		g.beats[provider] = b
	}
	ended = g.denials[provider] != nil
	delete(g.denials, provider)
	minute := now.Unix() / 60
	b.to(minute)
	b.counts[minute%int64(len(b.counts))]++
	return ended
}

// rate is how many recordings came a minute, over the last ten whole ones.
func (g *guest) rate(provider string, now time.Time) float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.beats[provider]
	if b == nil {
		return 0
	}
	minute, sum := now.Unix()/60, 0
	b.to(minute)
	for i, n := range b.counts {
		if int64(i) != minute%int64(len(b.counts)) {
			sum += n
		}
	}
	return float64(sum) / rateOver
}

// Rate is how many recordings of an integration came a minute, over the last ten;
// zero where none did.
func (e *Engine) Rate(provider string) float64 { return e.guest.rate(provider, e.db.Now()) }
