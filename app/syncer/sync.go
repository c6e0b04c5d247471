package syncer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crk/app"
	"crk/app/phone"
	"crk/store"
)

// renewRun is how often a run says that it lives, well within its lease.
const renewRun = time.Minute

// Sync lists what is new in a phone system, as a run of the given cause, and
// returns the run as it ended. The error says why it could not begin: it is a
// Conflict while another run of the integration goes on. What went wrong in the
// run itself is in the run.
func (e *Engine) Sync(ctx context.Context, business app.BusinessID, provider, cause string) (app.SyncRun, error) {
	run, err := e.db.BeginRun(ctx, business, provider, cause)
	if err != nil {
		return run, err
	}
	return e.carry(ctx, run), nil
}

// carry carries a run out and ends it, also when ctx ends before.
func (e *Engine) carry(ctx context.Context, run app.SyncRun) app.SyncRun {
	began := time.Now()
	err := e.readInTurn(ctx, &run)
	now := e.db.Now()
	e.guest.leave(run.ProviderID, err, now)
	run.Rest = e.guest.rest(run.ProviderID, now)
	run.Status, run.Error = outcome(err)
	run.Skipped, run.Away = run.Found-run.Imported-run.Failed, isAway(err)

	save, done := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer done()
	if err := e.db.FinishRun(save, run); err != nil {
		e.log.Error("finish sync", "provider", run.ProviderID, "run", run.ID, "err", err)
	}
	log := e.log.With("provider", run.ProviderID, "run", run.ID, "status", run.Status, "found", run.Found,
		"imported", run.Imported, "failed", run.Failed, "took", time.Since(began).Round(time.Millisecond))
	if run.Status == store.RunFailed {
		log.Warn("sync failed", "err", err)
		return run
	}
	log.Info("sync ended")
	return run
}

// errCut says that a run was cut off: the appliance stops, the integration was paused
// or the run is held no more.
var errCut = errors.New("syncer: the run was cut off")

// readInTurn reads all windows of a run when there is room for it. The run is held
// from the start, also while it waits. The error is errCut's where it was cut off.
func (e *Engine) readInTurn(ctx context.Context, run *app.SyncRun) (err error) {
	ctx, left, ok := e.enter(ctx, task{what: taskRun, provider: run.ProviderID, run: run.ID})
	if !ok {
		return errGoesOn // cannot be: a run is carried out once
	}
	defer left()
	ctx, release := e.hold(ctx, *run)
	defer release()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = errors.Join(errCut, err)
		}
	}()
	if err := take(ctx, e.slots); err != nil {
		return err
	}
	defer func() { <-e.slots }()
	return e.read(ctx, run)
}

// take takes one of the slots, which the caller gives back.
func take(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold renews the lease of a run until release is called, and ends the context
// where the lease was lost.
func (e *Engine) hold(ctx context.Context, run app.SyncRun) (held context.Context, release func()) {
	held, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(renewRun)
		defer tick.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-tick.C:
			}
			if err := e.db.RenewRun(held, run.ID); errors.Is(err, store.ErrLease) {
				cancel()
			}
		}
	}()
	return held, func() {
		cancel()
		<-ended
	}
}

// outcome is how a run ended. The code is one of those of a connection test, or
// "internal".
func outcome(err error) (status, code string) {
	switch {
	case err == nil:
		return store.RunSucceeded, ""
	case errors.Is(err, errCut), errors.Is(err, errPaused):
		return store.RunInterrupted, ""
	}
	return store.RunFailed, Code(err)
}

// Code is the word of the public API for a failure of a phone system.
func Code(err error) string {
	switch k := phone.KindOf(err); k {
	case "":
		return "internal"
	case phone.Credentials, phone.Forbidden, phone.Unreachable, phone.TLS:
		return string(k)
	}
	return string(phone.Unexpected)
}

// read reads all windows of a run, and what else a phone system tells.
func (e *Engine) read(ctx context.Context, run *app.SyncRun) error {
	p, err := e.db.Provider(ctx, run.BusinessID, run.ProviderID)
	if err != nil {
		return fmt.Errorf("syncer: %w", err)
	}
	if !p.Active && run.Trigger == store.CauseSchedule {
		return errPaused
	}
	h, err := e.db.SyncHealth(ctx, p.BusinessID, p.ID)
	if err != nil {
		return fmt.Errorf("syncer: %w", err)
	}
	r, err := e.reading(ctx, p, h)
	if err != nil {
		return err
	}
	if err := r.knock(ctx, h); err != nil {
		return err
	}
	r.run, r.again = run, run.Trigger == store.CauseManual
	r.saved = func(ctx context.Context, cursor time.Time) error {
		if err := e.db.SaveWindow(ctx, *run, p, cursor); err != nil {
			return fmt.Errorf("syncer: save window: %w", err)
		}
		return nil
	}
	since, err := r.handOver(ctx, due(p, r.again, r.now, bearable(h.Skew.Abs())))
	if err != nil {
		return err
	}
	for _, s := range plan(since, r.now, e.settle) {
		r.counted = map[string]bool{}
		before := run.Imported
		if err := r.window(ctx, s); err != nil {
			return err
		}
		if run.Imported > before && s.since.Before(r.now.Add(-textsBack)) {
			r.brought = append(r.brought, s.window)
		}
	}
	return r.besides(ctx, h)
}

// besides sees, after the calls of a run, to what nothing waits for: what fails of
// it is logged, and comes with a later run.
func (r *reading) besides(ctx context.Context, h app.SyncHealth) error {
	for _, extra := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"compare the clocks", func(ctx context.Context) error { return r.compareClocks(ctx, h) }},
		{"read a phone system's own texts", r.transcripts},
		{"look for silent lines", r.listen},
		{"ask whether a phone system still records", r.askWarnings},
	} {
		if err := extra.do(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn(extra.what, "provider", r.provider.ID, "err", err)
			r.guest.leave(r.provider.ID, err, r.db.Now())
		}
	}
	return ctx.Err()
}

// compareClocks notes how far the system's clock is from ours, where that changed.
func (r *reading) compareClocks(ctx context.Context, h app.SyncHealth) error {
	skew := skewOf(r.source, h).Round(time.Second)
	if (skew - h.Skew).Abs() <= time.Second {
		return nil
	}
	return r.db.ReportHealth(ctx, r.provider, store.HealthReport{Skew: &skew})
}
