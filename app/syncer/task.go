package syncer

import (
	"context"
	"errors"
	"slices"

	"crk/app"
)

// What goes on for an integration.
const (
	taskRun       = "run"
	taskBackfill  = "backfill"
	taskReconcile = "reconcile"
)

// A task is something that goes on.
type task struct {
	what, provider string
	run            string // the run's id: one that lost its lease may end after the next began
}

// A going is the state of a task.
type going struct {
	cancel context.CancelFunc
	begun  bool // it had its first turn
}

// errGoesOn says that a task goes on already.
var errGoesOn = &app.Error{Kind: app.Conflict, Code: "conflict", Message: "That is being done for this phone integration already."}

// enter notes that a task goes on, on the context that is returned, which ends when
// the task is cut. left must be called after it. ok is false where it goes on already.
func (e *Engine) enter(ctx context.Context, t task) (within context.Context, left func(), ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tasks[t] != nil {
		return nil, nil, false
	}
	within, cancel := context.WithCancel(ctx)
	e.tasks[t] = &going{cancel: cancel}
	return within, func() {
		cancel()
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.tasks, t)
	}, true
}

// spawn lets a task go on by itself until it is done, the engine stops or it is cut.
// It is a Conflict while the same goes on, and Unavailable while the engine does not
// run.
func (e *Engine) spawn(t task, do func(context.Context)) error {
	life, end, err := e.begin()
	if err != nil {
		return err
	}
	ctx, left, ok := e.enter(life, t)
	if !ok {
		end()
		return errGoesOn
	}
	go func() {
		defer end()
		defer e.Wake()
		defer left()
		do(ctx)
	}()
	return nil
}

// inTurn does one day's work of a task when it is the task's turn: a few of all
// integrations are at it at a time, and who waits longest is next, so that a long way
// back holds up neither another's nor a comparison.
func (e *Engine) inTurn(ctx context.Context, t task, do func() error) error {
	if err := take(ctx, e.besideSlots); err != nil {
		return err
	}
	defer func() { <-e.besideSlots }()
	e.mu.Lock()
	if g := e.tasks[t]; g != nil {
		g.begun = true
	}
	e.mu.Unlock()
	return do()
}

// cut ends whatever of the given kinds goes on for an integration; all of it where
// none is given. What it did so far is kept.
func (e *Engine) cut(provider string, what ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for t, g := range e.tasks {
		if t.provider == provider && (len(what) == 0 || slices.Contains(what, t.what)) {
			g.cancel()
		}
	}
}

// Pause has an integration that is not active any more left alone: its run, its
// back-fill and its comparison are cut, and downloads that wait for their turn ask
// again whether they may.
func (e *Engine) Pause(provider string) {
	e.cut(provider)
	e.guest.hurt(provider)
}

// Reconciling reports whether an integration's days are being compared: a comparison
// that still waits for its first turn is not.
func (e *Engine) Reconciling(provider string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.tasks[task{what: taskReconcile, provider: provider}]
	return g != nil && g.begun
}

// tend begins the back-fills and comparisons that are due and do not go on already.
// What is wrong with one integration keeps none of the others from it.
func (e *Engine) tend(ctx context.Context, providers []app.Provider) error {
	fills, err := e.db.RunningBackfills(ctx)
	errs := []error{err}
	for _, b := range fills {
		ready, err := e.backfillDue(ctx, b)
		errs = append(errs, err)
		if ready {
			_ = e.spawn(task{what: taskBackfill, provider: b.ProviderID}, func(ctx context.Context) { e.goBack(ctx, b) })
		}
	}
	for _, p := range providers {
		days, err := e.reconcileDue(ctx, p)
		errs = append(errs, err)
		if days > 0 {
			_ = e.spawn(task{what: taskReconcile, provider: p.ID}, func(ctx context.Context) { e.compareDays(ctx, p, days) })
		}
	}
	return errors.Join(errs...)
}
