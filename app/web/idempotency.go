package web

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// once honours Idempotency-Key on a route that makes or sends something: the
// same key and request give the first answer again, without doing it again.
// Only an answer that says it was done is kept; any other frees the key.
func once(db *store.Store, log *slog.Logger) fiber.Handler {
	return func(c *fiber.Ctx) error {
		key := c.Get("Idempotency-Key")
		if key == "" {
			return c.Next()
		}
		if len(key) > 255 {
			var p app.Problems
			p.Add("Idempotency-Key", "Use 1 to 255 characters.")
			return p.Err()
		}
		w := who(c)
		kept, err := db.BeginOnce(c.UserContext(), w.Key.ID, key, fingerprint(c, w))
		if err != nil {
			return err
		}
		if kept != nil {
			c.Set("Idempotency-Replayed", "true")
			c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
			return c.Status(kept.Status).Send(kept.Body)
		}
		done := false
		defer func() { // also where the handler panics
			if !done {
				if err := db.FreeOnce(c.UserContext(), w.Key.ID, key); err != nil {
					log.Error("free an idempotency key", "err", err)
				}
			}
		}()
		if err := c.Next(); err != nil {
			return err
		}
		code, body := c.Response().StatusCode(), c.Response().Body()
		if code < 200 || code > 299 || bytes.HasPrefix(bytes.TrimSpace(body), []byte(`{"ok":false`)) {
			return nil
		}
		done = true // whatever comes now: a retry must not do it again
		if err := db.KeepOnce(c.UserContext(), w.Key.ID, key, store.KeptAnswer{Status: code, Body: bytes.Clone(body)}); err != nil {
			log.Error("keep an answer", "id", requestID(c), "err", err)
		}
		return nil
	}
}

// fingerprint tells one request from another that uses the same key.
func fingerprint(c *fiber.Ctx, w caller) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n%s\n", c.Method(), c.Path(), w.Business.ID)
	h.Write(c.Body())
	return h.Sum(nil)
}
