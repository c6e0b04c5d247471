package store

import (
	"context"

	"crk/app"
)

// RemoveDestination is what the deletion of a chat or webhook does to rules.
func (s *Store) RemoveDestination(ctx context.Context, business app.BusinessID, channel, id string) error {
	return s.write(ctx, func(t *tx) error { return t.removeDestination(business, channel, id) })
}

// CountDelivery is what the end of a delivery does to its rule.
func (s *Store) CountDelivery(ctx context.Context, d app.Delivery) error {
	return s.write(ctx, func(t *tx) error { return t.countDelivery(d) })
}
