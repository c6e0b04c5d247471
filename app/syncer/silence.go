package syncer

import (
	"context"
	"fmt"
	"time"

	"crk/app"
)

// Phone systems, lines and their recording die without a word. A line is taken for
// silent when it has had no call for so long that, going by what it had at these
// hours of the same weekdays before, there should have been several by now.
const (
	silenceEach    = 30 * time.Minute // how often lines are looked at
	silenceHistory = 28 * 24 * time.Hour
	silenceWeeks   = 2 // of history that a line needs before it can be missed

	// enoughMissed is how many calls are missed before that is told. Where so many
	// are expected, none at all comes by chance once in three thousand times.
	enoughMissed = 8.0
	leastQuiet   = 2 * time.Hour // of business

)

// listen looks for lines that fell silent, and for those that are back. It judges
// up to the cursor: what was not read cannot be missed.
func (r *reading) listen(ctx context.Context) error {
	p := r.provider
	if !r.lookAgain("silence:"+p.ID, silenceEach) {
		return nil
	}
	b, err := r.db.Business(ctx, p.BusinessID)
	if err != nil {
		return fmt.Errorf("syncer: %w", err)
	}
	until := r.db.Now().Add(-r.settle)
	hours, err := r.db.LineHours(ctx, p.BusinessID, p.ID, until.Add(-silenceHistory))
	if err != nil {
		return err
	}
	return r.db.SetSilentLines(ctx, p, silent(hours, until, b))
}

// An hour of the week, as a business counts it.
type hourOfWeek struct {
	day  time.Weekday
	hour int
}

// A habit is what a line had so far.
type habit struct {
	calls       map[hourOfWeek]int
	first, last time.Time
}

// silent returns the lines that are silent at a moment, or all of them as one,
// named "", where the whole integration is.
func silent(hours []app.LineHour, now time.Time, b app.Business) []app.SilentLine {
	zone := b.Location()
	habits := map[string]*habit{}
	for _, h := range hours {
		habitOf(habits, "").add(h, zone)
		if h.Line != "" {
			habitOf(habits, h.Line).add(h, zone)
		}
	}
	if all := habits[""]; all != nil && all.silent(now, zone, b.Hours) {
		return []app.SilentLine{{Since: all.last}}
	}
	var out []app.SilentLine
	for line, h := range habits {
		if line != "" && h.silent(now, zone, b.Hours) {
			out = append(out, app.SilentLine{Line: line, Since: h.last})
		}
	}
	return out
}

func habitOf(habits map[string]*habit, line string) *habit {
	h := habits[line]
	if h == nil {
		h = &habit{calls: map[hourOfWeek]int{}}
		habits[line] = h
	}
	return h
}

func (h *habit) add(had app.LineHour, zone *time.Location) {
	local := had.Hour.In(zone)
	h.calls[hourOfWeek{local.Weekday(), local.Hour()}] += had.Calls
	if h.first.IsZero() {
		h.first = had.Hour
	}
	if had.Last.After(h.last) {
		h.last = had.Last
	}
}

// silent reports whether a line misses calls. What people do out of business
// hours is too little to learn from.
func (h *habit) silent(now time.Time, zone *time.Location, office app.Window) bool {
	weeks := now.Sub(h.first).Hours() / (7 * 24)
	if weeks < silenceWeeks {
		return false
	}
	missed, quiet := 0.0, time.Duration(0)
	for at := h.last; at.Before(now); {
		next := at.Truncate(time.Hour).Add(time.Hour)
		if next.After(now) {
			next = now
		}
		if local := at.In(zone); office.Holds(local) {
			quiet += next.Sub(at)
			usual := float64(h.calls[hourOfWeek{local.Weekday(), local.Hour()}]) / weeks
			missed += usual * next.Sub(at).Hours()
		}
		at = next
	}
	return missed >= enoughMissed && quiet >= leastQuiet
}
