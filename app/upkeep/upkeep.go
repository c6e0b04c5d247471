// Package upkeep does the long work on calls that people order: the same thing
// to many calls, the removal of what is older than it is kept, and the removal of
// everything about a telephone number.
//
// It promises that each is a job that goes on where it was after a stop or a
// crash, that it writes a little at a time so that nobody else waits for it, that
// doing a part twice changes nothing, and that a sound file goes for good with
// what the database says of it. It knows nothing of pages.
package upkeep

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"crk/app"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/store"
)

// How many calls one step, which is one transaction, is about.
const (
	bulkStep   = 50
	retainStep = 100
	eraseStep  = 10
)

// A Keeper does the work. Its methods may be called concurrently.
type Keeper struct {
	db    *store.Store
	audio *audio.Store
	log   *slog.Logger
}

// New returns a keeper of these calls and sound files.
func New(db *store.Store, sounds *audio.Store, log *slog.Logger) *Keeper {
	return &Keeper{db: db, audio: sounds, log: log}
}

// Handlers are the kinds of jobs that the keeper runs.
func (k *Keeper) Handlers() map[app.JobKind]jobs.Handler {
	handler := func(run func(context.Context, app.Job) error, slots int) jobs.Handler {
		return jobs.Handler{
			Run: run, GiveUp: k.giveUp, Slots: slots, // no limit of attempts: what was ordered is done
			Backoff: jobs.Exponential(5*time.Second, 30*time.Minute),
		}
	}
	return map[app.JobKind]jobs.Handler{
		app.JobBulk:   handler(k.bulk, 2),
		app.JobRetain: handler(k.retain, 1),
		app.JobErase:  handler(k.erase, 1),
	}
}

// giveUp ends a job that no attempt would mend.
func (k *Keeper) giveUp(ctx context.Context, j app.Job, _ error) error { return k.db.FinishJob(ctx, j) }

// nightly is how often it is looked whether every business has its next night's
// work queued.
const nightly = time.Hour

// Run queues each night's work until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(nightly)
	defer tick.Stop()
	for {
		if err := k.db.QueueRetention(ctx); err != nil && ctx.Err() == nil {
			k.log.Error("queue the night's work", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// bulk does one thing to many calls.
func (k *Keeper) bulk(ctx context.Context, j app.Job) error {
	ctx, err := k.asOrdered(ctx, j)
	if err != nil {
		return err
	}
	for {
		deleted, done, err := k.db.BulkStep(ctx, j, bulkStep)
		if app.IsKind(err, app.NotFound) {
			return jobs.Permanent(err)
		}
		if err != nil {
			return err
		}
		if err := k.removeFiles(deleted); err != nil {
			k.log.Error("delete audio", "err", err) // swept at the next start
		}
		if done || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// asOrdered makes what is done that of the person who ordered it, for the audit
// log.
func (k *Keeper) asOrdered(ctx context.Context, j app.Job) (context.Context, error) {
	run, err := k.db.BulkRun(ctx, j.BusinessID, j.Key)
	if app.IsKind(err, app.NotFound) {
		return ctx, jobs.Permanent(err)
	}
	if err != nil {
		return ctx, fmt.Errorf("upkeep: read what to do to many calls: %w", err)
	}
	u, err := k.db.User(ctx, run.UserID)
	if err != nil && !app.IsKind(err, app.NotFound) {
		return ctx, fmt.Errorf("upkeep: read who ordered it: %w", err)
	}
	return app.WithActor(ctx, app.Actor{Kind: app.ActorUser, UserID: run.UserID, Name: u.Email, Via: app.ViaDashboard}), nil
}

// retain removes what is older than its business keeps it.
func (k *Keeper) retain(ctx context.Context, j app.Job) error {
	sounds, err := k.repeat(ctx, func() (int, error) {
		ids, err := k.db.RetainAudio(ctx, j.BusinessID, retainStep)
		if err != nil {
			return 0, err
		}
		return len(ids), k.removeFiles(ids)
	})
	if err != nil {
		return fmt.Errorf("upkeep: remove old audio: %w", err)
	}
	words, err := k.repeat(ctx, func() (int, error) { return k.db.RetainWords(ctx, j.BusinessID, retainStep) })
	if err != nil {
		return fmt.Errorf("upkeep: remove old words: %w", err)
	}
	if words > 0 {
		if err := k.db.ForgetWords(ctx); err != nil {
			return fmt.Errorf("upkeep: rewrite the index: %w", err)
		}
	}
	lines, err := k.repeat(ctx, func() (int, error) { return k.db.RetainAccesses(ctx, j.BusinessID, 10*retainStep) })
	if err != nil {
		return fmt.Errorf("upkeep: remove old lines of the access log: %w", err)
	}
	if sounds+words+lines > 0 {
		k.log.Info("removed what is older than it is kept", "business", j.BusinessID, "audio", sounds, "words", words, "accesses", lines)
	}
	return nil
}

// repeat calls step until it finds nothing more to do, and adds up what it did.
func (k *Keeper) repeat(ctx context.Context, step func() (int, error)) (sum int, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		n, err := step()
		sum += n
		if err != nil || n == 0 {
			return sum, err
		}
	}
}

// erase removes everything about a telephone number. The sound goes first: a stop
// in between leaves a call that says it has a sound, and the next run removes it.
func (k *Keeper) erase(ctx context.Context, j app.Job) error {
	phone, err := k.db.ErasurePhone(ctx, j)
	if err != nil {
		return fmt.Errorf("upkeep: read what to erase: %w", err)
	}
	for {
		calls, err := k.db.CallsWith(ctx, j.BusinessID, phone.Reveal(), eraseStep)
		if err != nil {
			return fmt.Errorf("upkeep: find what to erase: %w", err)
		}
		if len(calls) == 0 {
			break
		}
		ids := make([]string, len(calls))
		for i, r := range calls {
			ids[i] = r.ID
		}
		if err := k.removeFiles(ids); err != nil {
			return err
		}
		if err := k.db.EraseCalls(ctx, j, calls); err != nil {
			return fmt.Errorf("upkeep: erase calls: %w", err)
		}
	}
	if err := k.db.EraseTraces(ctx, j, phone); err != nil {
		return fmt.Errorf("upkeep: erase traces: %w", err)
	}
	if err := k.db.ForgetWords(ctx); err != nil {
		return fmt.Errorf("upkeep: rewrite the index: %w", err)
	}
	return k.db.FinishErasure(ctx, j)
}

func (k *Keeper) removeFiles(ids []string) error {
	for _, id := range ids {
		if err := k.audio.Delete(id); err != nil {
			return fmt.Errorf("upkeep: %w", err)
		}
	}
	return nil
}
