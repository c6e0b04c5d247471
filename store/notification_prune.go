package store

import (
	"context"
	"database/sql"
	"time"

	"crk/app"
)

// How long, and how many of one business, what people were told is kept. A row
// of the feed younger than a day stays, however many there are: who was away for
// a night is brought up to date without a gap.
const (
	notificationsKept = 90 * 24 * time.Hour
	feedKeptMost      = 10_000
	feedKeptLeast     = 24 * time.Hour
)

// PruneNotifications deletes rows of the feed and deliveries that are too old,
// and rows of the feed that are too many, in small transactions: what is sent
// meanwhile waits for none of them. Deliveries that are still queued stay.
func (s *Store) PruneNotifications(ctx context.Context) error {
	businesses, err := s.Businesses(ctx)
	if err != nil {
		return err
	}
	for _, b := range businesses {
		if err := s.pruneFeed(ctx, b.ID); err != nil {
			return err
		}
		if err := s.pruneSent(ctx, b.ID); err != nil {
			return err
		}
		if err := s.pruneTraces(ctx, b.ID); err != nil {
			return err
		}
	}
	return nil
}

// pruneFeed deletes in the order of the sequence, so that a client either finds
// the row that it read last, with all that followed, or is told to start again.
func (s *Store) pruneFeed(ctx context.Context, business app.BusinessID) error {
	now := s.now()
	for {
		rows, err := s.reads.QueryContext(ctx, `SELECT id FROM feed WHERE business_id = ?1 AND (created_at < ?2 OR created_at < ?3 AND
				seq <= (SELECT seq FROM feed WHERE business_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?4)) ORDER BY seq LIMIT ?5`,
			business, stamp(now.Add(-notificationsKept)), stamp(now.Add(-feedKeptLeast)), feedKeptMost, pruneBatch)
		more, err := s.pruneRows(ctx, rows, err, `DELETE FROM feed WHERE id IN (SELECT value FROM json_each(?))`)
		if err != nil || !more {
			return err
		}
	}
}

func (s *Store) pruneSent(ctx context.Context, business app.BusinessID) error {
	before := stamp(s.now().Add(-notificationsKept))
	for {
		rows, err := s.reads.QueryContext(ctx, `SELECT id FROM deliveries
			WHERE business_id = ? AND created_at < ? AND status <> 'queued' LIMIT ?`, business, before, pruneBatch)
		more, err := s.pruneRows(ctx, rows, err,
			`DELETE FROM deliveries WHERE status <> 'queued' AND id IN (SELECT value FROM json_each(?))`)
		if err != nil || !more {
			return err
		}
	}
}

// pruneTraces forgets how old runs of automations came about. The runs stay: they
// keep an automation from firing for their calls again.
func (s *Store) pruneTraces(ctx context.Context, business app.BusinessID) error {
	before := stamp(s.now().Add(-notificationsKept))
	for {
		rows, err := s.reads.QueryContext(ctx, `SELECT id FROM automation_runs
			WHERE business_id = ? AND created_at < ? AND trace <> '{}' LIMIT ?`, business, before, pruneBatch)
		more, err := s.pruneRows(ctx, rows, err, `UPDATE automation_runs SET trace = '{}' WHERE id IN (SELECT value FROM json_each(?))`)
		if err != nil || !more {
			return err
		}
	}
}

// pruneRows deletes the rows whose ids were found beside the writer, and reports
// whether there may be more. A row that was queued again meanwhile is left: it
// is looked for anew in the next hour.
func (s *Store) pruneRows(ctx context.Context, rows *sql.Rows, err error, query string) (more bool, _ error) {
	ids, err := collect(rows, err, scanString)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	var n int64
	err = s.write(ctx, func(t *tx) (err error) {
		n, err = t.affect(query, toJSON(ids))
		return err
	})
	return n == pruneBatch, err
}
