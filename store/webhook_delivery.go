package store

import (
	"context"
	"math"
	"slices"
	"time"

	"crk/app"
)

const webhookDeliveryColumns = `d.id, d.business_id, d.webhook_id, d.event_id, e.type, e.body, d.status, d.test,
	CASE d.status WHEN 'pending' THEN d.next_at END, d.created_at`

func scanWebhookDelivery(row scanner) (d app.WebhookDelivery, err error) {
	err = row.Scan(&d.ID, &d.BusinessID, &d.WebhookID, &d.EventID, &d.Event, &d.Body, &d.Status, &d.Test,
		instant{&d.NextAttemptAt}, instant{&d.CreatedAt})
	return d, err
}

// WebhookDeliveries returns up to limit deliveries of a webhook with their
// attempts, newest first, and the cursor of the page after it, empty at the end.
// An empty status is every status; an unknown cursor is a Malformed error.
func (s *Store) WebhookDeliveries(ctx context.Context, business app.BusinessID, webhook, status, cursor string, limit int) ([]app.WebhookDelivery, string, error) {
	if _, err := s.Webhook(ctx, business, webhook); err != nil {
		return nil, "", err
	}
	w := &where{}
	w.add("d.webhook_id = ?", webhook)
	if status != "" {
		w.add("d.status = ?", status)
	}
	if cursor != "" {
		at, id, err := readCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		w.add("(d.created_at, d.id) < (?, ?)", at, id)
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+webhookDeliveryColumns+`
		FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id WHERE `+w.sql()+`
		ORDER BY d.created_at DESC, d.id DESC LIMIT ?`, append(w.args, limit+1)...)
	list, err := collect(rows, err, scanWebhookDelivery)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = writeCursor(list[limit-1].CreatedAt, list[limit-1].ID)
	}
	return list, next, s.addAttempts(ctx, list)
}

// WebhookDelivery returns one delivery of a webhook with its attempts.
func (s *Store) WebhookDelivery(ctx context.Context, business app.BusinessID, webhook, id string) (app.WebhookDelivery, error) {
	if _, err := s.Webhook(ctx, business, webhook); err != nil {
		return app.WebhookDelivery{}, err
	}
	d, err := scanWebhookDelivery(s.reads.QueryRowContext(ctx, `SELECT `+webhookDeliveryColumns+`
		FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
		WHERE d.id = ? AND d.webhook_id = ? AND d.business_id = ?`, id, webhook, business))
	if err != nil {
		return d, found(err, "delivery")
	}
	one := []app.WebhookDelivery{d}
	err = s.addAttempts(ctx, one)
	return one[0], err
}

// addAttempts reads the attempts of deliveries into them.
func (s *Store) addAttempts(ctx context.Context, list []app.WebhookDelivery) error {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT delivery_id, number, at, duration_ms, status, error, response
		FROM webhook_attempts WHERE delivery_id IN (SELECT value FROM json_each(?)) ORDER BY delivery_id, number`, toJSON(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var a app.WebhookAttempt
		var ms int64
		if err := rows.Scan(&id, &a.Number, instant{&a.At}, &ms, &a.Status, &a.Error, &a.Response); err != nil {
			return err
		}
		a.Duration = time.Duration(ms) * time.Millisecond
		i := slices.Index(ids, id)
		list[i].Attempts = append(list[i].Attempts, a)
	}
	return rows.Err()
}

// WebhookBacklog returns how many deliveries to a webhook wait, and how many are
// kept that came while it was off.
func (s *Store) WebhookBacklog(ctx context.Context, business app.BusinessID, webhook string) (pending, held int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'held')
		FROM webhook_deliveries WHERE webhook_id = ? AND business_id = ? AND status IN ('pending', 'held')`, webhook, business).Scan(&pending, &held)
	return pending, held, err
}

// errWebhookOff is the answer to sending again to a webhook that is off.
var errWebhookOff = conflict("The webhook is switched off. Switch it on first.")

// RetryWebhookDelivery has one delivery sent now, whatever became of it before.
// One that has come to its end begins the schedule of attempts anew. It is a
// Conflict while the webhook is off.
func (s *Store) RetryWebhookDelivery(ctx context.Context, business app.BusinessID, webhook, id string) error {
	return s.write(ctx, func(t *tx) error {
		w, err := t.webhook(business, webhook)
		if err != nil {
			return err
		}
		var sending bool
		err = t.row(`SELECT lease_until IS NOT NULL FROM webhook_deliveries WHERE id = ? AND webhook_id = ?`, id, webhook).Scan(&sending)
		switch {
		case err != nil:
			return found(err, "delivery")
		case !w.Active:
			return errWebhookOff
		case sending:
			return nil
		}
		err = t.exec(`UPDATE webhook_deliveries SET failures = CASE status WHEN 'pending' THEN failures ELSE 0 END,
				status = 'pending', next_at = ? WHERE id = ?`, stamp(t.now), id)
		if err != nil {
			return err
		}
		var touched changes
		touched.set("deliveryId", nil, id)
		if err := t.audit(business, "webhook.retry", webhook, w.Description, touched...); err != nil {
			return err
		}
		return t.forgetDelay(webhook)
	})
}

// RecoverWebhook has everything sent again that failed or was held and whose
// event happened since a time, and returns how many deliveries that is. It is a
// Conflict while the webhook is off.
func (s *Store) RecoverWebhook(ctx context.Context, business app.BusinessID, webhook string, since time.Time) (n int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		w, err := t.webhook(business, webhook)
		if err != nil {
			return err
		}
		if !w.Active {
			return errWebhookOff
		}
		n, err = t.affect(`UPDATE webhook_deliveries SET failures = 0, status = 'pending', next_at = ?
			WHERE webhook_id = ? AND created_at >= ? AND status IN ('failed', 'held') AND test = 0`, stamp(t.now), webhook, stamp(since))
		if err != nil {
			return err
		}
		var touched changes
		touched.set("since", nil, since)
		touched.set("deliveries", nil, n)
		if err := t.audit(business, "webhook.recover", webhook, w.Description, touched...); err != nil || n == 0 {
			return err
		}
		return t.forgetDelay(webhook)
	})
	return n, err
}

// holdDeliveries keeps what is not delivered to a webhook that was switched off
// until somebody recovers it. What is being sent right now is held when that
// fails.
func (t *tx) holdDeliveries(webhook string) error {
	return t.exec(`UPDATE webhook_deliveries SET status = 'held' WHERE webhook_id = ? AND status = 'pending' AND lease_until IS NULL`, webhook)
}

// AddWebhookTest stores an event for one webhook alone, on or off, already
// claimed by the caller, who sends it.
func (s *Store) AddWebhookTest(ctx context.Context, business app.BusinessID, webhook string, e app.EventType, lease time.Duration) (c WebhookClaim, err error) {
	err = s.write(ctx, func(t *tx) error {
		w, err := t.webhook(business, webhook)
		if err != nil {
			return err
		}
		id, err := t.addEvent([]app.Webhook{w}, app.Event{Type: e, Test: true, Data: app.ExampleData(e, business, t.now.UTC(), t.w.baseURL)}, business)
		if err != nil {
			return err
		}
		c, err = scanClaim(t.row(`UPDATE webhook_deliveries SET status = 'pending', test = 1, claims = claims + 1, lease_until = ?
			WHERE event_id = ? RETURNING `+claimColumns, stamp(t.now.Add(lease)), id))
		return err
	})
	return c, err
}

// releaseLeases gives deliveries back. Of a test nobody waits for the result any
// more.
const releaseLeases = `UPDATE webhook_deliveries SET lease_until = NULL, status = CASE test WHEN 1 THEN 'failed' ELSE status END WHERE lease_until < ?`

// ReleaseWebhookDeliveries gives back every delivery that a process which is no
// more was sending. It is for the start.
func (s *Store) ReleaseWebhookDeliveries(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error { return t.exec(releaseLeases, math.MaxInt64) })
}

// ReleaseExpiredWebhookDeliveries gives back deliveries whose result could not
// be saved.
func (s *Store) ReleaseExpiredWebhookDeliveries(ctx context.Context) error {
	var expired bool
	err := s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM webhook_deliveries WHERE lease_until < ?)`, stamp(s.now())).Scan(&expired)
	if err != nil || !expired {
		return err
	}
	return s.write(ctx, func(t *tx) error { return t.exec(releaseLeases, stamp(t.now)) })
}
