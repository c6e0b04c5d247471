package store

import (
	"context"
	"database/sql"
	"errors"

	"crk/app"
)

// SignIn returns the word that KeepSignIn kept of an integration, or nothing.
func (s *Store) SignIn(ctx context.Context, business app.BusinessID, provider string) (way string, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT s.way FROM sign_ins s JOIN providers p ON p.id = s.provider_id
		WHERE s.provider_id = ? AND p.business_id = ?`, provider, business).Scan(&way)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return way, err
}

// KeepSignIn keeps how an integration signed in, in a word of its connector's. One
// that is gone meanwhile is no error.
func (s *Store) KeepSignIn(ctx context.Context, business app.BusinessID, provider, way string) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO sign_ins (provider_id, way) SELECT id, ? FROM providers WHERE id = ? AND business_id = ?
			ON CONFLICT (provider_id) DO UPDATE SET way = excluded.way`, way, provider, business)
	})
}
