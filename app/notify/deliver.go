package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"crk/app"
	"crk/app/jobs"
	"crk/store"
)

const (
	// deliverSlots is how many destinations are written to at once. One that
	// hangs takes one of them, since a lane runs one job at a time.
	deliverSlots = 32
	maxAttempts  = 5
	postTimeout  = 10 * time.Second
	stopGrace    = 3 * time.Second

	// maxWait bounds how long a message waits for a peer that keeps saying later.
	maxWait = 24 * time.Hour
)

// retryCaps are the longest pauses after each failed attempt: an hour in all.
// The pause itself is anything up to them, so that what failed together does
// not come back together.
var retryCaps = [maxAttempts - 1]time.Duration{time.Minute, 4 * time.Minute, 15 * time.Minute, 40 * time.Minute}

func retryPause(attempt int) time.Duration {
	longest := retryCaps[min(attempt, len(retryCaps))-1]
	return time.Second + rand.N(longest-time.Second)
}

// Handler returns the stage for the runner: the sending of what rules say.
func (g *Gateway) Handler() jobs.Handler {
	return jobs.Handler{
		Run: g.deliver, GiveUp: g.giveUp, Slots: deliverSlots, Attempts: maxAttempts, Backoff: retryPause,
	}
}

var errTurn = errors.New("notify: it is not its turn yet")

// deliver sends the delivery that a job names, when it is its turn.
func (g *Gateway) deliver(ctx context.Context, j app.Job) error {
	d, err := g.db.Delivery(ctx, j.BusinessID, j.Key)
	if app.IsKind(err, app.NotFound) || err == nil && d.Status != app.DeliveryQueued {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: read delivery: %w", err)
	}
	if d.Channel == app.ChannelInApp {
		began := time.Now()
		err := g.db.DeliverInApp(ctx, j, d)
		g.metrics.noteInApp(err, began)
		return err
	}
	to, r, err := g.destination(ctx, d)
	if err != nil {
		return fmt.Errorf("notify: read destination of %s: %w", d.ID, err)
	}
	if r.code == "" {
		if wait := g.pace.Turn(to.lane, d.ID); wait > 0 {
			return jobs.Wait(errTurn, wait)
		}
		r = g.postGracefully(ctx, to)
		if errors.Is(r.err, context.Canceled) && ctx.Err() != nil {
			return ctx.Err() // a stop is no attempt
		}
	}
	return g.keep(context.WithoutCancel(ctx), j, d, r)
}

// keep saves what came of an attempt, or says when there will be another.
func (g *Gateway) keep(ctx context.Context, j app.Job, d app.Delivery, r result) error {
	now := g.db.Now()
	o := r.outcome()
	switch {
	case r.code == RateLimited && now.Sub(j.CreatedAt) < maxWait:
		o.Again = now.Add(r.after)
		return errors.Join(g.db.NoteAttempt(ctx, j, d, o), jobs.Wait(r, r.after))
	case r.code == RateLimited:
		return g.db.EndDelivery(ctx, j, d, o)
	case r.retryable(), r.code == NotConfigured:
		attempt := j.Attempts + 1
		if attempt >= maxAttempts {
			return r // the runner gives up
		}
		pause := retryPause(attempt)
		o.Again = now.Add(pause)
		return errors.Join(g.db.NoteAttempt(ctx, j, d, o), jobs.RetryAfter(r, pause))
	}
	if r.code != "" {
		g.log.Info("message was not delivered", "delivery", d.ID, "destination", d.Destination, "err", r)
	}
	return g.db.EndDelivery(ctx, j, d, o)
}

// giveUp ends a delivery whose attempts are used up.
func (g *Gateway) giveUp(ctx context.Context, j app.Job, cause error) error {
	d, err := g.db.Delivery(ctx, j.BusinessID, j.Key)
	if app.IsKind(err, app.NotFound) {
		return g.db.FinishJob(ctx, j)
	}
	if err != nil {
		return err
	}
	o := store.Outcome{Code: PeerError}
	var r result
	if errors.As(cause, &r) {
		o = r.outcome()
	}
	return g.db.EndDelivery(ctx, j, d, o)
}

// postGracefully sends, and lets a message that is on its way arrive while the
// appliance stops: cut off, it would be sent again at the next start.
func (g *Gateway) postGracefully(ctx context.Context, to destination) result {
	posting, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	stopped := context.AfterFunc(ctx, func() { time.AfterFunc(g.grace, cancel) })
	defer stopped()
	return g.post(posting, to)
}
