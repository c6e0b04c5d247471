package store

import (
	"context"
	"time"
)

// How long, how many of one webhook, and how many bytes of it deliveries are kept
// that are not pending. Held ones are among them.
const (
	deliveriesKept      = 30 * 24 * time.Hour
	deliveriesKeptMost  = 50_000
	deliveriesKeptBytes = 64 << 20
	pruneBatch          = 500
)

// PruneWebhooks deletes deliveries that are too old or too many, in small
// transactions, and events that no delivery is left of. Pending ones stay.
func (s *Store) PruneWebhooks(ctx context.Context) error {
	rows, err := s.reads.QueryContext(ctx, `SELECT id FROM webhooks`)
	webhooks, err := collect(rows, err, scanString)
	if err != nil {
		return err
	}
	for _, id := range webhooks {
		if err := s.pruneDeliveries(ctx, id); err != nil {
			return err
		}
	}
	return s.pruneEvents(ctx)
}

func (s *Store) pruneDeliveries(ctx context.Context, webhook string) error {
	var oldest int64
	err := s.reads.QueryRowContext(ctx, `SELECT max(?1, coalesce((SELECT created_at FROM webhook_deliveries
			WHERE webhook_id = ?2 ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?3), 0))`,
		stamp(s.now().Add(-deliveriesKept)), webhook, deliveriesKeptMost).Scan(&oldest)
	if err != nil {
		return err
	}
	large, err := s.beyondBytes(ctx, webhook)
	if err != nil {
		return err
	}
	oldest = max(oldest, large)
	for {
		var n int64
		err := s.write(ctx, func(t *tx) (err error) {
			n, err = t.affect(`DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries
				WHERE webhook_id = ? AND created_at < ? AND status <> 'pending' LIMIT ?)`, webhook, oldest, pruneBatch)
			return err
		})
		if err != nil || n < pruneBatch {
			return err
		}
	}
}

// beyondBytes returns the time before which a webhook's deliveries are more than
// the bytes that are kept, counted from the newest: events, answers, and what rows
// take beside; 0 where all of them fit.
func (s *Store) beyondBytes(ctx context.Context, webhook string) (before int64, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT coalesce(max(created_at) + 1, 0) FROM (
			SELECT d.created_at, sum(512 + length(e.body) + coalesce((
				SELECT sum(128 + length(CAST(response AS BLOB))) FROM webhook_attempts WHERE delivery_id = d.id), 0))
				OVER (ORDER BY d.created_at DESC, d.id DESC) AS bytes
			FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id WHERE d.webhook_id = ?)
		WHERE bytes > ?`, webhook, deliveriesKeptBytes).Scan(&before)
	return before, err
}

// pruneEvents looks for what may go beside the writer: it looks through all.
func (s *Store) pruneEvents(ctx context.Context) error {
	for {
		rows, err := s.reads.QueryContext(ctx, `SELECT id FROM webhook_events e
			WHERE NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE event_id = e.id) LIMIT ?`, pruneBatch)
		ids, err := collect(rows, err, scanString)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = s.write(ctx, func(t *tx) error {
			return t.exec(`DELETE FROM webhook_events WHERE id IN (SELECT value FROM json_each(?))`, toJSON(ids))
		})
		if err != nil {
			return err
		}
	}
}
