package store

import (
	"context"
	"database/sql"
	"errors"

	"crk/app"
)

// Preferences returns what a user set for a business's notifications, or the
// defaults.
func (s *Store) Preferences(ctx context.Context, business app.BusinessID, user app.UserID) (app.Preferences, error) {
	p := app.DefaultPreferences()
	err := s.reads.QueryRowContext(ctx, `SELECT value FROM preferences WHERE business_id = ? AND user_id = ?`, business, user).
		Scan(asJSON{&p})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return p, err
}

// SetPreferences changes a user's preferences with change and returns what they
// are now. The user's sockets follow at once.
func (s *Store) SetPreferences(ctx context.Context, business app.BusinessID, user app.UserID, change func(*app.Preferences)) (app.Preferences, error) {
	p := app.DefaultPreferences()
	err := s.write(ctx, func(t *tx) error {
		err := t.row(`SELECT value FROM preferences WHERE business_id = ? AND user_id = ?`, business, user).Scan(asJSON{&p})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		change(&p)
		t.changed(app.Change{BusinessID: business, UserID: user, Topic: "preferences"})
		return t.exec(`INSERT INTO preferences (business_id, user_id, value) VALUES (?, ?, ?)
			ON CONFLICT (business_id, user_id) DO UPDATE SET value = excluded.value`, business, user, toJSON(p))
	})
	return p, err
}
