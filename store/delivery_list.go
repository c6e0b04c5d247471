package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"crk/app"
)

// A DeliveryFilter chooses deliveries of a business; empty fields choose all.
type DeliveryFilter struct {
	Channel      string
	Status       string
	AutomationID string
	Before       string // an id of the page before: only what is older
	Limit        int
}

// sentInApp reports whether what was sent into the feed by hand is among what is
// chosen.
func (f DeliveryFilter) sentInApp() bool {
	return (f.Channel == "" || f.Channel == app.ChannelInApp) && (f.Status == "" || f.Status == app.DeliverySent) && f.AutomationID == ""
}

// Deliveries returns what was or is to be sent, newest first: also what was sent
// into the feed by hand, for as long as it is there.
func (s *Store) Deliveries(ctx context.Context, business app.BusinessID, f DeliveryFilter) ([]app.Delivery, error) {
	list, err := s.deliveryRows(ctx, business, f)
	if err != nil || !f.sentInApp() {
		return list, err
	}
	sent, err := s.sentRows(ctx, business, f)
	if err != nil {
		return nil, err
	}
	for _, item := range sent {
		list = append(list, item.Delivery())
	}
	slices.SortFunc(list, func(a, b app.Delivery) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return list[:min(len(list), f.Limit)], nil
}

func (s *Store) deliveryRows(ctx context.Context, business app.BusinessID, f DeliveryFilter) ([]app.Delivery, error) {
	w := &where{}
	w.add("business_id = ?", business)
	for _, is := range []struct{ column, value string }{
		{"channel", f.Channel}, {"status", f.Status}, {"automation_id", f.AutomationID},
	} {
		if is.value != "" {
			w.add(is.column+" = ?", is.value)
		}
	}
	if f.Before != "" {
		w.add("(created_at, id) < ("+deliveryAt+")", f.Before, business)
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries WHERE `+w.sql()+`
		ORDER BY created_at DESC, id DESC LIMIT ?`, append(w.args, f.Limit)...)
	return collect(rows, err, scanDelivery)
}

// deliveryAt is where a delivery stands in the list, in whichever of the two
// tables it is.
const deliveryAt = `SELECT created_at, id FROM (
	SELECT created_at, id, business_id FROM deliveries UNION ALL SELECT created_at, id, business_id FROM feed WHERE sent = 1
	) WHERE id = ? AND business_id = ? LIMIT 1`

// sentRows goes through the feed in the order of its sequence, which is also
// that of the times and ids of what was sent by hand.
func (s *Store) sentRows(ctx context.Context, business app.BusinessID, f DeliveryFilter) ([]app.FeedItem, error) {
	w := &where{}
	w.add("f.business_id = ? AND f.sent = 1", business)
	if f.Before != "" {
		w.add("(f.created_at, f.id) < ("+deliveryAt+")", f.Before, business)
		seq, there, err := s.FeedSeq(ctx, business, f.Before)
		if err != nil {
			return nil, err
		}
		if there {
			w.add("f.seq < ?", seq)
		}
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+feedColumns+` FROM feed f WHERE `+w.sql()+`
		ORDER BY f.seq DESC LIMIT ?`, append(w.args, f.Limit)...)
	return collect(rows, err, scanFeed)
}

// Delivery returns one delivery of a business.
func (s *Store) Delivery(ctx context.Context, business app.BusinessID, id string) (app.Delivery, error) {
	d, err := scanDelivery(s.reads.QueryRowContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries WHERE id = ? AND business_id = ?`, id, business))
	if !errors.Is(err, sql.ErrNoRows) {
		return d, err
	}
	f, err := scanFeed(s.reads.QueryRowContext(ctx, `SELECT `+feedColumns+` FROM feed f WHERE f.id = ? AND f.business_id = ? AND f.sent = 1`, id, business))
	return f.Delivery(), found(err, "delivery")
}
