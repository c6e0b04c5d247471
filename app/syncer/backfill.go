package syncer

import (
	"context"
	"fmt"
	"time"

	"crk/app"
	"crk/app/jobs"
	"crk/app/phone"
	"crk/store"
)

// handOver leaves what a run has to read of more than seven days to the back-fill,
// which the newest calls need not wait for, and returns where the run begins. What
// it hands over is kept before anything is read, so that no stop loses it.
func (r *reading) handOver(ctx context.Context, since time.Time) (time.Time, error) {
	b, ok, err := r.db.Backfill(ctx, r.provider.BusinessID, r.provider.ID)
	if err != nil {
		return since, fmt.Errorf("syncer: %w", err)
	}
	if ok && !b.Since.After(since) && since.Before(b.Until) {
		since = b.Until // it has what is before, or will
	}
	horizon := r.now.Add(-lookBack).Truncate(time.Second)
	if horizon.Sub(since) < time.Hour {
		return since, nil // not worth a job of its own
	}
	if err := r.db.ExtendBackfill(ctx, r.provider, since.Truncate(time.Second), horizon); err != nil {
		return since, fmt.Errorf("syncer: hand over to the back-fill: %w", err)
	}
	return horizon, nil
}

// backfillDue reports whether a back-fill can go on now.
func (e *Engine) backfillDue(ctx context.Context, b app.Backfill) (bool, error) {
	now := e.db.Now()
	if b.NextAt.After(now) {
		return false, nil
	}
	h, err := e.db.SyncHealth(ctx, b.BusinessID, b.ProviderID)
	if err != nil || h.Open(now) || e.guest.rest(b.ProviderID, now) > 0 {
		return false, err
	}
	if !b.Nights {
		return true, nil
	}
	zone, err := e.zone(ctx, b.BusinessID)
	return err == nil && untilNight(now.In(zone)) == 0, err
}

// goBack goes on with a back-fill, a day at a time, from the newest to the oldest,
// until it is done, is paused or fails. Each day is kept when it was read whole.
func (e *Engine) goBack(ctx context.Context, b app.Backfill) {
	for ctx.Err() == nil && b.State == app.BackfillRunning {
		err := e.stepBack(ctx, &b)
		if err == nil {
			e.guest.went(b.ProviderID)
			var ready bool
			if ready, err = e.backfillDue(ctx, b); err == nil && !ready {
				return
			}
		}
		if err == nil {
			continue
		}
		if ctx.Err() == nil && !app.IsKind(err, app.NotFound) { // else: the integration was deleted
			e.failBack(ctx, b, err)
		}
		return
	}
}

// failBack notes why a back-fill failed, and when it goes on: the schedule finds it
// then.
func (e *Engine) failBack(ctx context.Context, b app.Backfill, failure error) {
	e.log.Warn("back-fill failed", "provider", b.ProviderID, "reached", b.Reached, "err", failure)
	now := e.db.Now()
	e.guest.leave(b.ProviderID, failure, now)
	e.noteFailure(ctx, b.BusinessID, b.ProviderID, failure)
	pause := max(e.guest.rest(b.ProviderID, now), jobs.Exponential(time.Minute, time.Hour)(e.guest.stumbled(b.ProviderID)))
	if err := e.db.FailBackfill(ctx, b, Code(failure), now.Add(pause)); err != nil && ctx.Err() == nil {
		e.log.Error("note a failure of a back-fill", "provider", b.ProviderID, "err", err)
	}
}

// noteFailure has a failure count against the system, or against its credentials.
func (e *Engine) noteFailure(ctx context.Context, business app.BusinessID, provider string, failure error) {
	var err error
	switch {
	case phone.KindOf(failure) == phone.Credentials:
		_, err = e.db.RefuseProvider(ctx, business, provider)
	case isAway(failure):
		err = e.db.Strike(ctx, business, provider, Code(failure))
	}
	if err != nil && ctx.Err() == nil && !app.IsKind(err, app.NotFound) {
		e.log.Error("note a failure of a phone system", "provider", provider, "err", err)
	}
}

// stepBack reads one more day of a back-fill.
func (e *Engine) stepBack(ctx context.Context, b *app.Backfill) error {
	p, err := e.db.Provider(ctx, b.BusinessID, b.ProviderID)
	if err != nil {
		return err
	}
	h, err := e.db.SyncHealth(ctx, b.BusinessID, b.ProviderID)
	if err != nil {
		return err
	}
	r, err := e.reading(ctx, p, h)
	if err != nil {
		return err
	}
	floor, err := r.floor(ctx, *b, h)
	if err != nil {
		return err
	}
	began := time.Now()
	done := store.BackfillStep{Reached: b.Since}
	if b.Reached.After(floor) {
		w := window{b.Reached.Add(-longest), b.Reached}
		if w.since.Before(floor) {
			w.since = floor
		}
		if err := r.window(ctx, step{window: w}); err != nil {
			return err
		}
		if err := r.noteOldest(ctx, h); err != nil {
			return err
		}
		r.oldTexts(ctx, w)
		if w.since.After(floor) {
			done.Reached = w.since
		}
	}
	done.Found, done.Imported, done.Failed = r.run.Found, r.run.Imported, r.run.Failed
	done.Skipped, done.Busy = r.run.Found-r.run.Imported-r.run.Failed, time.Since(began)
	*b, err = e.db.SaveBackfill(ctx, *b, done)
	return err
}

// floor is how far back a back-fill goes: as far as people want, and no further
// than the system does. A system that does not say is read to the end.
func (r *reading) floor(ctx context.Context, b app.Backfill, h app.SyncHealth) (time.Time, error) {
	floor := b.Since
	if r.provider.Backfill.After(floor) {
		floor = r.provider.Backfill // people took it back
	}
	historian, ok := r.source.(phone.Historian)
	if !ok {
		return floor, nil
	}
	if b.Reached.Equal(b.Until) { // once a back-fill
		past, err := historian.History(ctx)
		if err != nil {
			r.log.Info("a phone system does not say how far back it goes", "provider", r.provider.ID, "err", err)
			return floor, ctx.Err()
		}
		if past.Oldest.IsZero() {
			return floor, nil
		}
		h.Oldest = past.Oldest
		report := store.HealthReport{Oldest: past.Oldest, Keeps: &past.Keeps}
		if err := r.db.ReportHealth(ctx, r.provider, report); err != nil {
			return floor, fmt.Errorf("syncer: %w", err)
		}
	}
	if oldest := h.Oldest.Truncate(time.Second); oldest.After(floor) {
		floor = oldest
	}
	return floor, nil
}

// noteOldest notes the oldest call that was listed, where it is older than any
// before: what is known of how far back a system goes that does not say.
func (r *reading) noteOldest(ctx context.Context, h app.SyncHealth) error {
	if r.oldest.IsZero() || !h.Oldest.IsZero() && !r.oldest.Before(h.Oldest) {
		return nil
	}
	return r.db.ReportHealth(ctx, r.provider, store.HealthReport{Oldest: r.oldest})
}

// PauseBackfill pauses the back-fill of an integration, or lets it go on. What it
// is at is cut off and read again later. It is a NotFound error where there is none.
func (e *Engine) PauseBackfill(ctx context.Context, business app.BusinessID, provider string, c store.BackfillPatch) error {
	if err := e.db.PatchBackfill(ctx, business, provider, c); err != nil {
		return err
	}
	if c.Paused != nil && *c.Paused {
		e.cut(taskBackfill + provider)
	}
	e.Wake()
	return nil
}
