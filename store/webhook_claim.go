package store

import (
	"context"
	"time"

	"crk/app"
)

// A WebhookClaim is one attempt to deliver that its holder is about to make.
type WebhookClaim struct {
	DeliveryID string
	BusinessID app.BusinessID
	WebhookID  string
	EventID    string
	Event      app.EventType
	Body       []byte
	Test       bool
	Attempts   int   // made before, ever
	Failures   int   // of these since the delivery was last queued
	Claims     int64 // proves the claim
}

const claimColumns = `id, business_id, webhook_id, event_id, (SELECT type FROM webhook_events e WHERE e.id = event_id),
	(SELECT body FROM webhook_events e WHERE e.id = event_id), test, attempts, failures, claims`

func scanClaim(row scanner) (c WebhookClaim, err error) {
	err = row.Scan(&c.DeliveryID, &c.BusinessID, &c.WebhookID, &c.EventID, &c.Event, &c.Body, &c.Test, &c.Attempts, &c.Failures, &c.Claims)
	return c, err
}

// ClaimWebhookDeliveries leases due deliveries of webhooks that are on: of each
// webhook as many as free says, the longest due first. One claim for each, so
// that the backlog of one that is dead never stands before another.
func (s *Store) ClaimWebhookDeliveries(ctx context.Context, free func(webhook string) int, lease time.Duration) (claims []WebhookClaim, err error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT id FROM webhooks w WHERE active = 1 AND coalesce(not_before, 0) <= ?1 AND EXISTS (
		SELECT 1 FROM webhook_deliveries WHERE webhook_id = w.id AND status = 'pending' AND lease_until IS NULL AND next_at <= ?1)`, stamp(s.now()))
	due, err := collect(rows, err, scanString)
	if err != nil {
		return nil, err
	}
	slots := map[string]int{}
	for _, id := range due {
		if n := free(id); n > 0 {
			slots[id] = n
		}
	}
	if len(slots) == 0 {
		return nil, nil // the usual case costs no write
	}
	err = s.write(ctx, func(t *tx) error {
		claims = nil
		for id, n := range slots {
			rows, err := t.query(`UPDATE webhook_deliveries SET lease_until = ?1, claims = claims + 1 WHERE id IN (
				SELECT id FROM webhook_deliveries WHERE webhook_id = ?2 AND status = 'pending' AND lease_until IS NULL AND next_at <= ?3
					AND EXISTS (SELECT 1 FROM webhooks WHERE id = ?2 AND active = 1)
				ORDER BY next_at, id LIMIT ?4) RETURNING `+claimColumns, stamp(t.now.Add(lease)), id, stamp(t.now), n)
			some, err := collect(rows, err, scanClaim)
			if err != nil {
				return err
			}
			claims = append(claims, some...)
		}
		return nil
	})
	return claims, err
}

// NextWebhookAt returns when the next delivery is due to any webhook that is on
// but those named, the zero time where none waits.
func (s *Store) NextWebhookAt(ctx context.Context, but []string) (at time.Time, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT min(max(coalesce(not_before, 0), (
			SELECT min(next_at) FROM webhook_deliveries WHERE webhook_id = w.id AND status = 'pending' AND lease_until IS NULL)))
		FROM webhooks w WHERE active = 1 AND id NOT IN (SELECT value FROM json_each(?))`, list(but)).Scan(instant{&at})
	return at, err
}

// ReleaseWebhookClaims gives claims back that were not used: cut off by a stop, or
// never begun, the deliveries were not tried. Those of a webhook that is off by
// now are held.
func (s *Store) ReleaseWebhookClaims(ctx context.Context, claims []WebhookClaim) error {
	return s.write(ctx, func(t *tx) error {
		for _, c := range claims {
			err := t.exec(`UPDATE webhook_deliveries SET lease_until = NULL,
					status = CASE WHEN test = 0 AND EXISTS (SELECT 1 FROM webhooks WHERE id = webhook_id AND active = 0) THEN 'held' ELSE status END
				WHERE id = ? AND claims = ?`, c.DeliveryID, c.Claims)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// A WebhookOutcome is what follows from an attempt that failed.
type WebhookOutcome struct {
	Again     time.Time // when the delivery is tried again; zero: it is given up
	NotBefore time.Time // nothing is sent to the webhook before; zero: the receiver did not say
}

// SaveWebhookAttempt saves what came of a claim: in the delivery and its log, in
// the usage of the business and in how the webhook fares. One that answers 410,
// or has failed for [app.WebhookPatience], is switched off, which is told. It
// returns ErrLease where the claim is not held any more.
func (s *Store) SaveWebhookAttempt(ctx context.Context, c WebhookClaim, a app.WebhookAttempt, o WebhookOutcome) error {
	return s.write(ctx, func(t *tx) error {
		w, err := t.webhook(c.BusinessID, c.WebhookID)
		if app.IsKind(err, app.NotFound) {
			return ErrLease
		}
		if err != nil {
			return err
		}
		if err := t.settleWebhookDelivery(w, c, a, o); err != nil {
			return err
		}
		err = t.exec(`INSERT INTO webhook_attempts (delivery_id, number, at, duration_ms, status, error, response) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			c.DeliveryID, c.Attempts+1, stamp(a.At), a.Duration.Milliseconds(), a.Status, a.Error, a.Response)
		if err != nil {
			return err
		}
		if err := t.use(c.BusinessID, app.MeterWebhooks, 1, c.DeliveryID); err != nil {
			return err
		}
		if a.Error == "" {
			return t.webhookAnswered(w)
		}
		if c.Test {
			return nil // a person is trying it out
		}
		return t.webhookFailed(w, a, o)
	})
}

// settleWebhookDelivery puts a delivery into the state that follows.
func (t *tx) settleWebhookDelivery(w app.Webhook, c WebhookClaim, a app.WebhookAttempt, o WebhookOutcome) error {
	status, failures := app.WebhookPending, c.Failures+1
	switch {
	case a.Error == "":
		status, failures = app.WebhookDelivered, c.Failures
	case o.Again.IsZero():
		status = app.WebhookFailed
	case !w.Active: // switched off while it was on its way
		status = app.WebhookHeld
	}
	next := o.Again
	if next.IsZero() {
		next = t.now
	}
	n, err := t.affect(`UPDATE webhook_deliveries SET status = ?, attempts = ?, failures = ?, next_at = ?, lease_until = NULL
		WHERE id = ? AND claims = ?`, status, c.Attempts+1, failures, stamp(next), c.DeliveryID, c.Claims)
	if err == nil && n == 0 {
		err = ErrLease
	}
	return err
}

// webhookAnswered notes that a webhook took an event.
func (t *tx) webhookAnswered(w app.Webhook) error {
	if !w.FailingSince.IsZero() {
		t.webhookChanged(w)
	}
	return t.exec(`UPDATE webhooks SET last_success_at = ?, failing_since = NULL, not_before = NULL WHERE id = ?`, stamp(t.now), w.ID)
}

// webhookFailed notes that a webhook did not take an event, and switches it off
// when that is enough.
func (t *tx) webhookFailed(w app.Webhook, a app.WebhookAttempt, o WebhookOutcome) error {
	if w.FailingSince.IsZero() {
		w.FailingSince = t.now
		t.webhookChanged(w)
	}
	err := t.exec(`UPDATE webhooks SET last_failure_at = ?, failing_since = ?, not_before = coalesce(?, not_before) WHERE id = ?`,
		stamp(t.now), stamp(w.FailingSince), stamp(o.NotBefore), w.ID)
	switch {
	case err != nil || !w.Active:
		return err
	case a.Error == app.WebhookErrGone:
		return t.disableWebhook(w, app.WebhookGone)
	case t.now.Sub(w.FailingSince) >= app.WebhookPatience:
		return t.disableWebhook(w, app.WebhookFailing)
	}
	return t.warnOfWebhook(w)
}
