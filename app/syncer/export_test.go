package syncer

import (
	"context"
	"time"

	"crk/app"
	"crk/app/phone"
)

// A Step is a window that a run reads, for tests.
type Step struct{ Since, Until, Cursor time.Time }

func Plan(p app.Provider, far bool, now time.Time, settle time.Duration) (out []Step) {
	for _, s := range plan(due(p, far, now, 0), now, settle) {
		out = append(out, Step{s.since, s.until, s.cursor})
	}
	return out
}

func Split(since, until time.Time, n int) (out []Step) {
	for _, w := range (window{since, until}).split(n) {
		out = append(out, Step{Since: w.since, Until: w.until})
	}
	return out
}

func Settled(c phone.Call, now time.Time, settle time.Duration) bool { return settled(c, now, settle) }

func (e *Engine) BackfillDue(ctx context.Context, b app.Backfill) bool {
	due, err := e.backfillDue(ctx, b)
	return due && err == nil
}

func Silent(hours []app.LineHour, now time.Time) []app.SilentLine {
	return silent(hours, now, app.Business{TimeZone: app.DefaultTimeZone, Hours: app.UsualHours()})
}

func CompareAt(provider string, local time.Time) time.Time { return compareAt(provider, local) }

func (e *Engine) ReconcileDue(ctx context.Context, p app.Provider) (int, error) {
	return e.reconcileDue(ctx, p)
}

func (e *Engine) CompareDays(ctx context.Context, p app.Provider, days int) {
	e.compareDays(ctx, p, days)
}

// AtGate is how many downloads of an integration wait for their turn.
func (e *Engine) AtGate(provider string) int { return waiting(e.guest.gate(provider)) }

// A Gate is a gate, for tests.
type Gate struct{ gate }

func NewGate(free int) *Gate { return &Gate{gate{free: free}} }

func (g *Gate) Enter(ctx context.Context, urgent bool) error { return g.enter(ctx, urgent) }

func (g *Gate) Leave() { g.leave() }

// Waiting is how many wait.
func (g *Gate) Waiting() int { return waiting(&g.gate) }

func waiting(g *gate) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.urgent) + len(g.others)
}

// A Guest is a guest, for tests.
type Guest struct{ *guest }

func NewGuest() Guest { return Guest{newGuest()} }

func (g Guest) Denied(provider, recording string) bool {
	return g.denied(provider, recording, deniedCalls)
}

func (g Guest) Came(provider string, now time.Time) { g.came(provider, now) }

func (g Guest) Knows(provider string, refusal *phone.Error) bool { return g.knows(provider, refusal) }

// Remembered is how many failures of each kind a job's payload tells of.
func Remembered(payload string) (kinds map[phone.Kind]int) {
	kinds = map[phone.Kind]int{}
	for kind, f := range remembered(app.Job{Payload: []byte(payload)}) {
		kinds[kind] = f.Tries
	}
	return kinds
}
