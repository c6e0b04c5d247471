package store

import (
	"context"
	"time"

	"crk/app"
)

const keyColumns = `id, name, owner_id, coalesce(business_id, ''), coalesce(default_id, ''), scopes, hint,
	created_at, expires_at, last_used_at, revoked_at`

func scanKey(row scanner) (k app.Key, err error) {
	err = row.Scan(&k.ID, &k.Name, &k.OwnerID, &k.BusinessID, &k.DefaultID, asJSON{&k.Scopes}, &k.Hint,
		instant{&k.CreatedAt}, instant{&k.ExpiresAt}, instant{&k.LastUsedAt}, instant{&k.RevokedAt})
	return k, err
}

// CreateKey makes an API key and returns it with the key itself, which is not
// kept and cannot be read again. The owner must be a member of the key's
// business, or of its default one.
func (s *Store) CreateKey(ctx context.Context, k app.Key) (app.Key, app.Secret, error) {
	if err := app.CheckScopes(k.Scopes); err != nil {
		return k, "", err
	}
	key := app.NewKey()
	hash, _ := app.HashKey(key.Reveal())
	err := s.write(ctx, func(t *tx) error {
		k.ID, k.CreatedAt, k.Hint = newID(), t.now, key.Reveal()[len(key)-4:]
		if b := k.BusinessID + k.DefaultID; b != "" {
			var role app.Role
			err := t.row(`SELECT role FROM members WHERE business_id = ? AND user_id = ?`, b, k.OwnerID).Scan(&role)
			if err != nil {
				return found(err, "member")
			}
		}
		return t.exec(`INSERT INTO api_keys (id, hash, name, owner_id, business_id, default_id, scopes, hint, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, k.ID, hash, k.Name, k.OwnerID, orNull(k.BusinessID), orNull(k.DefaultID),
			toJSON(k.Scopes), k.Hint, stamp(t.now), stamp(k.ExpiresAt))
	})
	return k, key, err
}

// KeyByHash returns the key with this hash (see [app.HashKey]), alive or not.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (app.Key, error) {
	k, err := scanKey(s.readHot(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE hash = ?`, hash))
	return k, found(err, "key")
}

// KeyAlive reports whether a key still serves.
func (s *Store) KeyAlive(ctx context.Context, id string) (bool, error) {
	k, err := scanKey(s.reads.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id = ?`, id))
	if err != nil {
		return false, found(err, "key")
	}
	return k.Alive(s.now()), nil
}

// Keys returns the keys of a business and the account keys that a user owns,
// newest first, revoked ones too.
func (s *Store) Keys(ctx context.Context, business app.BusinessID, user app.UserID) ([]app.Key, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+keyColumns+` FROM api_keys
		WHERE business_id = ?1 OR (business_id IS NULL AND owner_id = ?2) ORDER BY created_at DESC, id DESC`, business, user)
	return collect(rows, err, scanKey)
}

// RevokeKey ends a key of the business, or an account key of the user, for
// good. Its sockets are closed.
func (s *Store) RevokeKey(ctx context.Context, business app.BusinessID, user app.UserID, id string) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?1)
			WHERE id = ?2 AND (business_id = ?3 OR (business_id IS NULL AND owner_id = ?4))`, stamp(t.now), id, business, user)
		if err == nil && n == 0 {
			err = app.Missing("key")
		}
		t.changed(app.Change{BusinessID: business, Topic: "key", ID: id})
		return err
	})
}

// TouchKey notes that a key was used, at most once a minute.
func (s *Store) TouchKey(ctx context.Context, k app.Key) error {
	if s.now().Sub(k.LastUsedAt) < time.Minute {
		return nil
	}
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE api_keys SET last_used_at = ? WHERE id = ?`, stamp(t.now), k.ID)
	})
}
