package webhook

import (
	"context"
	"errors"
	"time"

	"crk/app"
	"crk/store"
)

// errStopped says that an attempt was cut off by a stop of the appliance, or not
// begun because the webhook was paused.
var errStopped = errors.New("webhook: stopped")

// deliver makes the attempt of a claim and saves what came of it. It reports
// whether the receiver took the event.
func (c *Courier) deliver(ctx context.Context, claim store.WebhookClaim) (taken bool) {
	a, o, err := c.attempt(ctx, claim)

	// What follows must be saved also while the process stops.
	save, done := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer done()
	switch {
	case err == nil:
		err = c.db.SaveWebhookAttempt(save, claim, a, o)
	case errors.Is(err, errStopped):
		err = c.db.ReleaseWebhookClaims(save, []store.WebhookClaim{claim})
	default: // by us, not by the receiver: it is sent again when the lease has expired
	}
	if err != nil && !errors.Is(err, store.ErrLease) && !app.IsKind(err, app.NotFound) {
		c.log.Error("deliver to a webhook", "webhook", claim.WebhookID, "delivery", claim.DeliveryID, "err", err)
	}
	return err == nil && !a.At.IsZero() && a.Error == ""
}

// attempt sends the event of a claim and says what follows. Its error is the
// appliance's own, not the receiver's.
func (c *Courier) attempt(ctx context.Context, claim store.WebhookClaim) (app.WebhookAttempt, store.WebhookOutcome, error) {
	to, err := c.db.WebhookTarget(ctx, claim.BusinessID, claim.WebhookID)
	if err != nil {
		return app.WebhookAttempt{}, store.WebhookOutcome{}, err
	}
	if !to.Active && !claim.Test { // paused since it was claimed
		return app.WebhookAttempt{}, store.WebhookOutcome{}, errStopped
	}
	sending, cancel := gracefully(ctx, c.grace)
	defer cancel()
	r, err := c.post(sending, to, claim)
	if err == nil && r.err != nil && ctx.Err() != nil && sending.Err() != nil {
		err = errStopped
	}
	if err != nil {
		return app.WebhookAttempt{}, store.WebhookOutcome{}, err
	}
	if r.Error != "" {
		c.log.Info("webhook did not take an event", "webhook", claim.WebhookID, "event", claim.Event,
			"attempt", claim.Attempts+1, "error", r.Error, "why", r.why())
	}
	return r.WebhookAttempt, c.outcome(claim, r), nil
}

// gracefully returns a context that outlives ctx for a moment, so that what is
// on its way arrives while the appliance stops: cut off, it would be sent again
// at the next start.
func gracefully(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return sending, func() { stop(); cancel() }
}

// outcome says what follows from an attempt.
func (c *Courier) outcome(claim store.WebhookClaim, r result) (o store.WebhookOutcome) {
	if r.Error == "" || r.Error == app.WebhookErrGone || claim.Test {
		return o
	}
	now := c.db.Now()
	if r.asked > 0 {
		o.NotBefore = now.Add(r.asked)
	}
	if d, ok := pause(claim.Failures+1, r.asked); ok {
		o.Again = now.Add(d)
	}
	return o
}

// Test sends an example of an event to a webhook, on or off, once and now, and
// returns the delivery with what came of it. An empty event is one that the
// webhook wants.
func (c *Courier) Test(ctx context.Context, business app.BusinessID, webhook string, event app.EventType) (app.WebhookDelivery, error) {
	if event == "" {
		w, err := c.db.Webhook(ctx, business, webhook)
		if err != nil {
			return app.WebhookDelivery{}, err
		}
		event = app.EventRecordingCompleted
		if !w.Wants(event) {
			event = w.Events[0]
		}
	}
	claim, err := c.db.AddWebhookTest(ctx, business, webhook, event, lease)
	if err != nil {
		return app.WebhookDelivery{}, err
	}
	a, o, err := c.attempt(ctx, claim)
	if err != nil {
		return app.WebhookDelivery{}, err
	}
	if err := c.db.SaveWebhookAttempt(context.WithoutCancel(ctx), claim, a, o); err != nil {
		return app.WebhookDelivery{}, err
	}
	return c.db.WebhookDelivery(ctx, business, webhook, claim.DeliveryID)
}
