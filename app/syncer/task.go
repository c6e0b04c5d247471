package syncer

import (
	"context"

	"crk/app"
)

// What goes on beside the runs, by integration.
const (
	taskBackfill  = "backfill:"
	taskReconcile = "reconcile:"
)

// errGoesOn says that a task goes on already.
var errGoesOn = &app.Error{Kind: app.Conflict, Code: "conflict", Message: "That is being done for this phone integration already."}

// spawn lets a task go on by itself until it is done, the engine stops or cut is
// called with its name. It is a Conflict while one of that name goes on, and
// Unavailable while the engine does not run.
func (e *Engine) spawn(name string, do func(context.Context)) error {
	life, end, err := e.begin()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(life)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tasks[name] != nil {
		cancel()
		end()
		return errGoesOn
	}
	e.tasks[name] = cancel
	go func() {
		defer end()
		defer func() {
			cancel()
			e.mu.Lock()
			delete(e.tasks, name)
			e.mu.Unlock()
			e.Wake()
		}()
		if take(ctx, e.besideSlots) != nil {
			return
		}
		defer func() { <-e.besideSlots }()
		do(ctx)
	}()
	return nil
}

// cut ends a task that goes on; what it did so far is kept.
func (e *Engine) cut(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if cancel := e.tasks[name]; cancel != nil {
		cancel()
	}
}

// Reconciling reports whether an integration's days are being compared.
func (e *Engine) Reconciling(provider string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tasks[taskReconcile+provider] != nil
}

// tend begins the back-fills and comparisons that are due and do not go on already.
func (e *Engine) tend(ctx context.Context, providers []app.Provider) error {
	fills, err := e.db.RunningBackfills(ctx)
	if err != nil {
		return err
	}
	for _, b := range fills {
		ready, err := e.backfillDue(ctx, b)
		if err != nil {
			return err
		}
		if ready {
			_ = e.spawn(taskBackfill+b.ProviderID, func(ctx context.Context) { e.goBack(ctx, b) })
		}
	}
	for _, p := range providers {
		days, err := e.reconcileDue(ctx, p)
		if err != nil {
			return err
		}
		if days > 0 {
			_ = e.spawn(taskReconcile+p.ID, func(ctx context.Context) { e.compareDays(ctx, p, days) })
		}
	}
	return nil
}
