package syncer

import (
	"context"
	"errors"
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
// until it is done, is paused or fails. Each day is kept when it was read whole. Where
// days are empty it takes longer strides.
func (e *Engine) goBack(ctx context.Context, b app.Backfill) {
	t, stride := task{what: taskBackfill, provider: b.ProviderID}, longest
	for ready := true; ready && b.State == app.BackfillRunning; {
		err := e.inTurn(ctx, t, func() (err error) {
			if ready, err = e.backfillDue(ctx, b); ready {
				b, stride, err = e.stepBack(ctx, b, stride)
			}
			return err
		})
		switch {
		case ctx.Err() != nil, errors.Is(err, errPaused), app.IsKind(err, app.NotFound): // the integration was deleted
			return
		case err != nil:
			e.failBack(ctx, b, err)
			return
		}
		if ready {
			e.guest.went(b.ProviderID)
		}
	}
}

// failBack notes why a back-fill failed, and when it goes on: the schedule finds it
// then.
func (e *Engine) failBack(ctx context.Context, b app.Backfill, failure error) {
	e.log.Warn("back-fill failed", "provider", b.ProviderID, "reached", b.Reached, "err", failure)
	e.noteFailure(ctx, b.BusinessID, b.ProviderID, failure)
	now := e.db.Now()
	pause := max(e.guest.rest(b.ProviderID, now), jobs.Exponential(time.Minute, time.Hour)(e.guest.stumbled(b.ProviderID)))
	if err := e.db.FailBackfill(ctx, b, Code(failure), now.Add(pause)); err != nil && ctx.Err() == nil {
		e.log.Error("note a failure of a back-fill", "provider", b.ProviderID, "err", err)
	}
}

// noteFailure has a failure count against the system, or against its credentials, and
// leaves the system alone for as long as it asked.
func (e *Engine) noteFailure(ctx context.Context, business app.BusinessID, provider string, failure error) {
	var errs []error
	switch {
	case phone.KindOf(failure) == phone.Credentials:
		_, err := e.db.RefuseProvider(ctx, business, provider)
		errs = append(errs, err)
	case isAway(failure):
		errs = append(errs, e.db.Strike(ctx, business, provider, Code(failure)))
	}
	now := e.db.Now()
	e.guest.leave(provider, failure, now)
	if rest := e.guest.rest(provider, now); rest > 0 {
		errs = append(errs, e.db.Postpone(ctx, business, provider, now.Add(rest)))
	}
	if err := errors.Join(errs...); err != nil && ctx.Err() == nil && !app.IsKind(err, app.NotFound) {
		e.log.Error("note a failure of a phone system", "provider", provider, "err", err)
	}
}

// stepBack reads one more stride of a back-fill, and returns what is left of it and
// how long the next stride is: a day, and twice as long as the last where that was
// empty.
func (e *Engine) stepBack(ctx context.Context, b app.Backfill, stride time.Duration) (app.Backfill, time.Duration, error) {
	p, err := e.db.Provider(ctx, b.BusinessID, b.ProviderID)
	if err != nil {
		return b, stride, err
	}
	if !p.Active || p.State == app.ProviderStopped {
		return b, stride, errPaused
	}
	h, err := e.db.SyncHealth(ctx, b.BusinessID, b.ProviderID)
	if err != nil {
		return b, stride, err
	}
	r, err := e.reading(ctx, p, h)
	if err != nil {
		return b, stride, err
	}
	done, err := r.back(ctx, b, stride)
	if err == nil {
		err = r.noteOldest(ctx, h)
	}
	if err != nil {
		return b, stride, err
	}
	stride = min(2*stride, longestStride)
	if done.Found > 0 {
		stride = longest
	}
	b, err = e.db.SaveBackfill(ctx, b, done)
	return b, stride, err
}

// back reads a stride.
func (r *reading) back(ctx context.Context, b app.Backfill, stride time.Duration) (done store.BackfillStep, err error) {
	if r.provider.Backfill.After(b.Since) {
		b.Since = r.provider.Backfill // people took it back
	}
	if b.Reached.Equal(b.Until) { // once a back-fill
		if b.Floor, err = r.floor(ctx, window{b.Since, b.Until}); err != nil {
			return done, err
		}
	}
	done = store.BackfillStep{Reached: b.Reached, Floor: b.Floor}
	began := time.Now()
	if goal := b.Goal(); b.Reached.After(goal) {
		w := window{b.Reached.Add(-stride), b.Reached}
		if w.since.Before(goal) {
			w.since = goal
		}
		if err := r.window(ctx, step{window: w}); err != nil {
			return done, err
		}
		if r.run.Found > 0 {
			r.oldTexts(ctx, w)
		}
		done.Reached = w.since
	}
	done.Found, done.Imported, done.Failed = r.run.Found, r.run.Imported, r.run.Failed
	done.Skipped, done.Busy = r.run.Found-r.run.Imported-r.run.Failed, time.Since(began)
	return done, nil
}

// noteOldest notes the oldest call that was listed, for people, where it is older
// than what is known.
func (r *reading) noteOldest(ctx context.Context, h app.SyncHealth) error {
	if r.oldest.IsZero() || !h.Oldest.IsZero() && !r.oldest.Before(h.Oldest) {
		return nil
	}
	return r.db.ReportHealth(ctx, r.provider, store.HealthReport{Seen: r.oldest})
}

// PauseBackfill pauses the back-fill of an integration, or lets it go on. What it
// is at is cut off and read again later. It is a NotFound error where there is none.
func (e *Engine) PauseBackfill(ctx context.Context, business app.BusinessID, provider string, c store.BackfillPatch) error {
	if err := e.db.PatchBackfill(ctx, business, provider, c); err != nil {
		return err
	}
	if c.Paused != nil && *c.Paused {
		e.cut(provider, taskBackfill)
	}
	e.Wake()
	return nil
}
