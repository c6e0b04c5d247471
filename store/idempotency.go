package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"crk/app"
)

// A KeptAnswer is the answer to a request that was done once and is not done
// again.
type KeptAnswer struct {
	Status int
	Body   []byte
}

// keepAnswers is how long a key replays its answer.
const keepAnswers = 24 * time.Hour

// BeginOnce takes an idempotency key of an API key for a request, known by its
// hash. It returns the kept answer where the request was done already, and nil
// where the caller is to do it, and then to call KeepOnce or FreeOnce. A key
// that is in use is a Conflict; one used for another request is Invalid.
func (s *Store) BeginOnce(ctx context.Context, keyID, key string, request []byte) (*KeptAnswer, error) {
	var kept *KeptAnswer
	err := s.write(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE created_at < ? LIMIT 100)`,
			stamp(t.now.Add(-keepAnswers))); err != nil {
			return err
		}
		var first, body []byte
		var status sql.NullInt64
		err := t.row(`SELECT request, status, body FROM idempotency WHERE key_id = ? AND key = ? AND created_at >= ?`,
			keyID, key, stamp(t.now.Add(-keepAnswers))).Scan(&first, &status, &body)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return t.exec(`INSERT OR REPLACE INTO idempotency (key_id, key, request, created_at) VALUES (?, ?, ?, ?)`,
				keyID, key, request, stamp(t.now))
		case err != nil:
			return err
		case !bytes.Equal(first, request):
			return &app.Error{Kind: app.Invalid, Code: "idempotency_key_reused", Message: "This Idempotency-Key was used for another request."}
		case !status.Valid:
			return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "The first request with this Idempotency-Key is still under way."}
		}
		kept = &KeptAnswer{Status: int(status.Int64), Body: body}
		return nil
	})
	if err != nil || kept == nil {
		return nil, err
	}
	kept.Body, err = s.box.Open("idempotency", answerName(keyID, key), kept.Body)
	return kept, err
}

// answerName names a kept answer where it is sealed. Names are bounded there,
// and callers choose the key.
func answerName(keyID, key string) string {
	sum := sha256.Sum256([]byte(key))
	return keyID + "/" + hex.EncodeToString(sum[:])
}

// KeepOnce keeps the answer to the request that BeginOnce took the key for. It
// is sealed: an answer may hold a secret that is shown once.
func (s *Store) KeepOnce(ctx context.Context, keyID, key string, a KeptAnswer) error {
	sealed, err := s.box.Seal("idempotency", answerName(keyID, key), a.Body)
	if err != nil {
		return err
	}
	return s.write(context.WithoutCancel(ctx), func(t *tx) error {
		return t.exec(`UPDATE idempotency SET status = ?, body = ? WHERE key_id = ? AND key = ?`, a.Status, sealed, keyID, key)
	})
}

// FreeOnce gives a key back after a request that was not done.
func (s *Store) FreeOnce(ctx context.Context, keyID, key string) error {
	return s.write(context.WithoutCancel(ctx), func(t *tx) error {
		return t.exec(`DELETE FROM idempotency WHERE key_id = ? AND key = ? AND status IS NULL`, keyID, key)
	})
}

// FreeAllOnce gives back the keys of requests that a stop cut off.
func (s *Store) FreeAllOnce(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error { return t.exec(`DELETE FROM idempotency WHERE status IS NULL`) })
}
