package store

import (
	"context"

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
			err := t.row(`SELECT role FROM members WHERE business_id = ? AND user_id = ? AND suspended_at IS NULL`, b, k.OwnerID).Scan(&role)
			if err != nil {
				return found(err, "member")
			}
		}
		err := t.exec(`INSERT INTO api_keys (id, hash, name, owner_id, business_id, default_id, scopes, hint, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, k.ID, hash, k.Name, k.OwnerID, orNull(k.BusinessID), orNull(k.DefaultID),
			toJSON(k.Scopes), k.Hint, stamp(t.now), stamp(k.ExpiresAt))
		if err != nil {
			return err
		}
		var touched changes
		touched.set("scopes", nil, k.Scopes)
		touched.set("account", nil, k.Account())
		touched.set("expiresAt", nil, k.ExpiresAt)
		return t.auditKey(k, "key.create", touched...)
	})
	return k, key, err
}

// KeyByHash returns the key with this hash (see [app.HashKey]), alive or not.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (app.Key, error) {
	return kept(ctx, s, func(r *rights) map[string]app.Key { return r.keys }, string(hash), func() (app.Key, error) {
		k, err := scanKey(s.readHot(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE hash = ?`, hash))
		return k, found(err, "key")
	})
}

// Key returns a key by its id, alive or not.
func (s *Store) Key(ctx context.Context, id string) (app.Key, error) {
	k, err := scanKey(s.reads.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id = ?`, id))
	return k, found(err, "key")
}

// Keys returns the keys of a business and the account keys that a user owns,
// newest first, revoked ones too.
func (s *Store) Keys(ctx context.Context, business app.BusinessID, user app.UserID) ([]app.Key, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+keyColumns+` FROM api_keys
		WHERE business_id = ?1 OR (business_id IS NULL AND owner_id = ?2) ORDER BY created_at DESC, id DESC`, business, user)
	return collect(rows, err, scanKey)
}

// RevokeKey ends a key of the business, or an account key of the user, for
// good. Its sockets are closed (see rights_changes).
func (s *Store) RevokeKey(ctx context.Context, business app.BusinessID, user app.UserID, id string) error {
	return s.write(ctx, func(t *tx) error {
		k, err := scanKey(t.row(`SELECT `+keyColumns+` FROM api_keys
			WHERE id = ?1 AND (business_id = ?2 OR (business_id IS NULL AND owner_id = ?3))`, id, business, user))
		if err != nil || !k.RevokedAt.IsZero() {
			return found(err, "key")
		}
		if err := t.exec(`UPDATE api_keys SET revoked_at = ? WHERE id = ?`, stamp(t.now), id); err != nil {
			return err
		}
		return t.auditKey(k, "key.revoke")
	})
}

// auditKey writes a line about a key: of an account key to every business that
// it reaches.
func (t *tx) auditKey(k app.Key, action app.Action, touched ...app.FieldChange) error {
	businesses := []string{string(k.BusinessID)}
	if k.Account() {
		rows, err := t.query(`SELECT business_id FROM members WHERE user_id = ? ORDER BY business_id`, k.OwnerID)
		if businesses, err = collect(rows, err, scanString); err != nil {
			return err
		}
		if len(businesses) == 0 { // it reaches none yet
			businesses = []string{""}
		}
	}
	for _, b := range businesses {
		if err := t.audit(app.BusinessID(b), action, k.ID, k.Name, touched...); err != nil {
			return err
		}
	}
	return nil
}

// TouchKey notes that a key was used, at most once a minute.
func (s *Store) TouchKey(ctx context.Context, k app.Key) error {
	if !s.rights.touch(k.ID, k.LastUsedAt, s.now()) {
		return nil
	}
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE api_keys SET last_used_at = ? WHERE id = ?`, stamp(t.now), k.ID)
	})
}
