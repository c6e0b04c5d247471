package syncer

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"crk/app"
	"crk/store"
)

const (
	nearDays = 7  // compared each night
	farDays  = 30 // compared each week

	// A comparison begins at night, each integration's at its own minute of three
	// hours, so that those at one host do not come together.
	compareFrom = 2 * time.Hour
	compareSpan = 3 * time.Hour

	firstCompare = 10 * time.Minute // after an integration was made
	compareAgain = 30 * time.Minute // after a comparison that failed
)

// reconcileDue says how many days of an integration are to be compared now, or
// none.
func (e *Engine) reconcileDue(ctx context.Context, p app.Provider) (days int, err error) {
	now := e.db.Now()
	if p.Cursor.IsZero() || p.State != app.ProviderOK || now.Sub(p.CreatedAt) < firstCompare {
		return 0, nil
	}
	h, err := e.db.SyncHealth(ctx, p.BusinessID, p.ID)
	if err != nil || h.Open(now) || e.guest.rest(p.ID, now) > 0 {
		return 0, err
	}
	zone, err := e.zone(ctx, p.BusinessID)
	if err != nil {
		return 0, err
	}
	if !h.CheckedAt.Before(compareAt(p.ID, now.In(zone))) || !e.lookAgain(taskReconcile+":"+p.ID, compareAgain) {
		return 0, nil
	}
	if now.Sub(h.DeepAt) > 7*24*time.Hour-compareSpan && now.Sub(p.CreatedAt) > nearDays*24*time.Hour {
		return farDays, nil
	}
	return nearDays, nil
}

// compareAt is the last moment, before a local time, at which an integration was to
// be compared.
func compareAt(provider string, local time.Time) time.Time {
	h := fnv.New32a()
	_, _ = h.Write([]byte(provider)) // never fails
	minute := time.Duration(h.Sum32()%uint32(compareSpan/time.Minute)) * time.Minute
	at := midnight(local, 0).Add(compareFrom + minute)
	if at.After(local) {
		at = midnight(local, 1).Add(compareFrom + minute)
	}
	return at
}

// midnight is the one that a local day, so many days ago, began with.
func midnight(local time.Time, ago int) time.Time {
	return time.Date(local.Year(), local.Month(), local.Day()-ago, 0, 0, 0, 0, local.Location())
}

// Reconcile begins to compare the last seven days of an integration with what is
// here, and to fetch what is missing; it goes on by itself. It is a Conflict while
// that is done already, and Unavailable while the engine does not run.
func (e *Engine) Reconcile(ctx context.Context, business app.BusinessID, provider string) error {
	p, err := e.db.Provider(ctx, business, provider)
	if err != nil {
		return err
	}
	err = e.spawn(task{what: taskReconcile, provider: p.ID}, func(ctx context.Context) { e.compareDays(ctx, p, nearDays) })
	if err != nil {
		return err
	}
	return e.db.AskComparison(ctx, p)
}

// compareDays compares the last days of an integration, newest first. Each is kept
// when it was compared; a failure ends it, and the schedule tries again.
func (e *Engine) compareDays(ctx context.Context, p app.Provider, days int) {
	err := e.compareEach(ctx, p, days)
	if err == nil || ctx.Err() != nil || errors.Is(err, errPaused) || app.IsKind(err, app.NotFound) {
		return
	}
	e.log.Warn("comparison with a phone system failed", "provider", p.ID, "err", err)
	e.noteFailure(ctx, p.BusinessID, p.ID, err)
}

func (e *Engine) compareEach(ctx context.Context, listed app.Provider, days int) error {
	p, err := e.db.Provider(ctx, listed.BusinessID, listed.ID) // with its secret, which the schedule does not read
	if err != nil {
		return err
	}
	if listed.Active && !p.Active {
		return errPaused
	}
	zone, err := e.zone(ctx, p.BusinessID)
	if err != nil {
		return err
	}
	h, err := e.db.SyncHealth(ctx, p.BusinessID, p.ID)
	if err != nil {
		return err
	}
	t := task{what: taskReconcile, provider: p.ID}
	today := e.db.Now().In(zone)
	for ago := range days {
		day := window{midnight(today, ago), midnight(today, ago-1)}
		if !day.until.After(p.Backfill) {
			break // nobody asked for more
		}
		err := e.inTurn(ctx, t, func() error {
			if e.guest.rest(p.ID, e.db.Now()) > 0 {
				return errBusy
			}
			return e.compareDay(ctx, p, h, day)
		})
		if err != nil {
			return fmt.Errorf("compare %s: %w", day.since.Format(time.DateOnly), err)
		}
	}
	now := e.db.Now()
	report := store.HealthReport{CheckedAt: now}
	if days == farDays {
		report.DeepAt = now
	}
	return e.db.ReportHealth(ctx, p, report)
}

// compareDay compares one day, fetches what is missing and keeps what it found.
func (e *Engine) compareDay(ctx context.Context, p app.Provider, h app.SyncHealth, day window) error {
	r, err := e.reading(ctx, p, h)
	if err != nil {
		return err
	}
	d := app.SyncDay{Day: day.since.Format(time.DateOnly)}
	r.seen = func(ctx context.Context, found []store.FoundCall, here bool) error {
		if !here {
			found = slices.DeleteFunc(slices.Clone(found), func(f store.FoundCall) bool { return !f.CallAt.Before(p.Cursor) }) // these are new
		}
		n, err := e.db.CountCalls(ctx, p.BusinessID, found)
		switch {
		case err != nil:
			return fmt.Errorf("syncer: compare: %w", err)
		case !here:
			d.Missing += len(found) - n.Listed
			return nil
		}
		d.Imported, d.Waiting = d.Imported+n.Imported, d.Waiting+n.Waiting
		d.Skipped, d.Failed = d.Skipped+n.Skipped, d.Failed+n.Failed
		return nil
	}
	w := window{day.since.UTC(), day.until.UTC()}
	if w.since.Before(p.Backfill) {
		w.since = p.Backfill
	}
	if settled := r.now.Add(-e.settle); w.until.After(settled) {
		w.until = settled.Truncate(time.Second)
	}
	if w.since.Before(w.until) {
		if err := r.window(ctx, step{window: w}); err != nil {
			return err
		}
	}
	if r.run.Imported > 0 {
		r.oldTexts(ctx, w)
	}
	d.Listed, d.Failed = r.run.Found, d.Failed+r.run.Failed
	return e.db.SaveSyncDay(ctx, p, d)
}
