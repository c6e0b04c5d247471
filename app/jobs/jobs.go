// Package jobs runs what waits in the store's queue.
//
// It promises that a job runs at least once until its handler has saved a
// result, that no two runs of one job overlap while its lease is renewed, that
// jobs of one lane run one at a time, and that a job cut off by a stop is no
// attempt. It knows nothing of what the stages do.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"crk/app"
	"crk/app/disk"
	"crk/store"
)

// A Handler is a stage as the runner sees it.
type Handler struct {
	// Run does the work. It saves its result through a store method that also
	// finishes the job; a job that is still held when Run returns nil is
	// removed. It must be safe to run twice. An error is retried after a pause
	// unless it is, or wraps, a *Failure that says otherwise.
	Run func(context.Context, app.Job) error

	// GiveUp is called once no attempt is left, or at once for a permanent
	// failure. It saves the end of the story and finishes the job.
	GiveUp func(context.Context, app.Job, error) error

	Slots    int                             // how many run at once, over all lanes
	Attempts int                             // failed attempts before GiveUp; 0: no limit
	MaxAge   time.Duration                   // since the job was made, before GiveUp; 0: no limit
	Backoff  func(attempt int) time.Duration // pause after the n-th failed attempt, from 1
}

// A Failure is an error that says what to do with the job.
type Failure struct {
	Err       error
	Permanent bool          // give up now
	After     time.Duration // try again then, where the other side said when; 0: by Backoff
	Blameless bool          // waiting for something else: no attempt is counted, After is required

	Remember json.RawMessage // the job's payload from now on; nil: as it is
}

// Error implements error.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Permanent wraps an error that no further attempt would mend.
func Permanent(err error) error { return &Failure{Err: err, Permanent: true} }

// RetryAfter wraps an error whose cause said when to try again.
func RetryAfter(err error, d time.Duration) error { return &Failure{Err: err, After: d} }

// Wait wraps an error that is not the job's: it runs again after d, and no
// attempt is counted.
func Wait(err error, d time.Duration) error { return &Failure{Err: err, After: d, Blameless: true} }

// Exponential returns a backoff that starts at first, doubles up to longest and
// varies by a quarter either way, so that jobs which failed together do not
// come back together.
func Exponential(first, longest time.Duration) func(int) time.Duration {
	return func(attempt int) time.Duration {
		d := first
		for range attempt - 1 {
			if d *= 2; d >= longest {
				d = longest
				break
			}
		}
		return d*3/4 + rand.N(d/2+1)
	}
}

const (
	lease    = 2 * time.Minute
	renewal  = 30 * time.Second
	saveTime = 15 * time.Second

	noSpacePause = time.Minute // before what the disk had no room for is tried again
)

// A Runner claims jobs and runs them.
type Runner struct {
	db       *store.Store
	log      *slog.Logger
	handlers map[app.JobKind]Handler
	wake     map[app.JobKind]chan struct{}
	held     func(app.JobKind) bool // nil: none
	measure  func(kind, outcome string, took time.Duration)
}

// New returns a runner with a handler for each kind of job. A kind without one
// stays in the queue.
func New(db *store.Store, log *slog.Logger, handlers map[app.JobKind]Handler) *Runner {
	r := &Runner{db: db, log: log, handlers: handlers, wake: map[app.JobKind]chan struct{}{}}
	for kind := range handlers {
		r.wake[kind] = make(chan struct{}, 1)
	}
	return r
}

// Hold sets what says that jobs of a kind are not to begin now; they stay in the
// queue, and it is asked again within 15 seconds. Set it before Run.
func (r *Runner) Hold(held func(app.JobKind) bool) { r.held = held }

// Measure sets what is told how long each run took and how it ended: "done",
// "failed", or "waits" where it was not the job's fault. Set it before Run.
func (r *Runner) Measure(f func(kind, outcome string, took time.Duration)) { r.measure = f }

// Wake tells the runner that jobs of these kinds were queued. It never blocks.
func (r *Runner) Wake(kinds []app.JobKind) {
	for _, k := range kinds {
		select {
		case r.wake[k] <- struct{}{}: // a nil channel, of a kind without a handler, is never ready
		default:
		}
	}
}

// Run works until ctx ends, then waits for the jobs under way, whose contexts
// end with it, and gives them back.
func (r *Runner) Run(ctx context.Context) error {
	if err := errors.Join(r.db.ReleaseAllJobs(ctx), r.db.MendClock(ctx, time.Time{})); err != nil {
		return fmt.Errorf("jobs: start: %w", err)
	}
	var wg sync.WaitGroup
	for kind, h := range r.handlers {
		wg.Go(func() { r.loop(ctx, kind, h) })
	}
	wg.Wait()
	return nil
}

// run runs one job to its result, its next attempt or its end.
func (r *Runner) run(ctx context.Context, j app.Job, h Handler) {
	runCtx, cancel := context.WithCancel(ctx)
	var renew sync.WaitGroup
	renew.Go(func() { r.renew(runCtx, j, cancel) })
	began := time.Now()
	err := protect(runCtx, j, h.Run)
	r.observe(j.Kind, err, time.Since(began))
	stopped := ctx.Err() != nil
	cancel()
	renew.Wait()

	// What follows must be saved also while the process stops.
	save, done := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer done()
	if err := r.settle(save, j, h, err, stopped); err != nil && !errors.Is(err, store.ErrLease) {
		r.log.Error("settle job", "kind", j.Kind, "key", j.Key, "err", err)
	}
}

// observe tells of one run.
func (r *Runner) observe(kind app.JobKind, err error, took time.Duration) {
	if r.measure == nil {
		return
	}
	outcome := "done"
	var f *Failure
	switch {
	case errors.As(err, &f) && f.Blameless:
		outcome = "waits"
	case err != nil:
		outcome = "failed"
	}
	r.measure(string(kind), outcome, took)
}

// renew holds the job while it runs, and cuts the run off if the lease is lost.
func (r *Runner) renew(ctx context.Context, j app.Job, lost context.CancelFunc) {
	tick := time.NewTicker(renewal)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := r.db.RenewJob(ctx, j, lease); errors.Is(err, store.ErrLease) {
				lost()
				return
			}
		}
	}
}

func protect(ctx context.Context, j app.Job, run func(context.Context, app.Job) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("jobs: panic in %s: %v\n%s", j.Kind, v, debug.Stack())
		}
	}()
	return run(ctx, j)
}

// settle decides what becomes of a job after a run.
func (r *Runner) settle(ctx context.Context, j app.Job, h Handler, err error, stopped bool) error {
	var f *Failure
	now := r.db.Now()
	switch {
	case err == nil:
		return r.db.FinishJob(ctx, j)
	case errors.Is(err, store.ErrLease):
		return r.db.FinishJob(ctx, j) // what it was about is gone; another claim is not touched
	case stopped && !errors.As(err, &f):
		return r.db.ReleaseJob(ctx, j, now)
	}
	if !errors.As(err, &f) {
		f = &Failure{Err: err}
	}
	if store.Full(err) || disk.NoSpace(err) { // not the job's fault, whatever it made of it
		f = &Failure{Err: err, After: noSpacePause, Blameless: true}
	}
	if f.Remember != nil {
		j.Payload = f.Remember
	}
	spent := j.Attempts + 1
	age := now.Sub(j.CreatedAt)
	switch {
	case f.Permanent,
		!f.Blameless && h.Attempts > 0 && spent >= h.Attempts,
		!f.Blameless && h.MaxAge > 0 && age >= h.MaxAge:
		r.log.Warn("job given up", "kind", j.Kind, "key", j.Key, "attempts", spent, "err", err)
		return h.GiveUp(ctx, j, err)
	case f.Blameless:
		return r.db.ReleaseJob(ctx, j, now.Add(f.After))
	}
	after := f.After
	if after <= 0 {
		after = h.Backoff(spent)
	}
	r.log.Info("job will be retried", "kind", j.Kind, "key", j.Key, "attempt", spent, "after", after.Round(time.Second), "err", err)
	return r.db.RetryJob(ctx, j, now.Add(after), err.Error())
}
