package syncer_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone"
	"crk/app/syncer"
)

var noon = time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

const day = 24 * time.Hour

func TestPlan(t *testing.T) {
	const settle = 2 * time.Minute
	for _, tt := range []struct {
		name     string
		provider app.Provider
		far      bool
		since    time.Time
		steps    int
	}{
		{"a first run reads from the back-fill on", app.Provider{Backfill: ago(7 * day)}, false, ago(7 * day), 7},
		{"a later one from a day before the cursor", app.Provider{Backfill: ago(90 * day), Cursor: ago(time.Hour)}, false, ago(day + time.Hour), 2},
		{"never before the back-fill", app.Provider{Backfill: ago(2 * time.Hour), Cursor: ago(time.Hour)}, false, ago(2 * time.Hour), 1},
		{"a person's reads seven days", app.Provider{Backfill: ago(90 * day), Cursor: ago(time.Hour)}, true, ago(7 * day), 7},
		{"but no fewer than are due", app.Provider{Backfill: ago(90 * day), Cursor: ago(20 * day)}, true, ago(21 * day), 21},
		{"and not before the back-fill", app.Provider{Backfill: ago(3 * day), Cursor: ago(time.Hour)}, true, ago(3 * day), 3},
		{"or from a day before now, where the clock was ahead", app.Provider{Backfill: ago(90 * day), Cursor: noon.Add(20 * time.Hour)}, false, ago(day), 1},
		{"nothing is asked of the future", app.Provider{Backfill: noon.Add(time.Hour)}, false, time.Time{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			steps := syncer.Plan(tt.provider, tt.far, noon, settle)
			is.Equal(len(steps), tt.steps)
			if len(steps) == 0 {
				return
			}
			is.Equal(steps[0].Until, noon.Add(-settle)) // the newest goes first, up to what has settled
			if len(steps) > 1 {
				is.True(steps[0].Cursor.IsZero()) // and moves no cursor
			}
			is.Equal(steps[len(steps)-1].Cursor, noon.Add(-settle)) // the last makes the whole complete
			reached := tt.since
			for _, s := range append(steps[1:], steps[0]) {
				is.Equal(s.Since, reached) // without a gap
				is.True(s.Until.Sub(s.Since) <= day)
				if s != steps[0] && s != steps[len(steps)-1] {
					is.Equal(s.Cursor, s.Until) // the cursor follows what was read
				}
				reached = s.Until
			}
			is.Equal(reached, noon.Add(-settle)) // up to the end
		})
	}
}

func TestSplitHasNoGap(t *testing.T) {
	is := is.New(t)
	at := ago(time.Hour + 7*time.Second)
	for _, part := range syncer.Split(at, noon, 4) {
		is.Equal(part.Since, at)
		is.True(part.Since.Before(part.Until))
		at = part.Until
	}
	is.Equal(at, noon)
}

func TestSettled(t *testing.T) {
	for _, tt := range []struct {
		name     string
		started  time.Time
		duration time.Duration
		want     bool
	}{
		{"ended long ago", ago(time.Hour), time.Minute, true},
		{"ended just at the limit", ago(3 * time.Minute), time.Minute, true},
		{"ended just now", ago(3 * time.Minute), time.Minute + time.Second, false},
		{"still going on", ago(time.Hour), 2 * time.Hour, false},
		{"no duration yet", ago(time.Hour), 0, false},
		{"no duration to come", ago(7 * time.Hour), 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(syncer.Settled(phone.Call{StartedAt: tt.started, Duration: tt.duration}, noon, 2*time.Minute), tt.want)
		})
	}
}
