package web

import (
	"context"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// whoami says what a key reaches.
func whoami(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if w.Key.Account() {
			return accountWhoami(c, db, w)
		}
		if _, err := meantBusiness(*w.Key, app.BusinessID(c.Get(businessHeader))); err != nil {
			return err
		}
		m, err := db.Member(c.UserContext(), w.Key.BusinessID, w.Key.OwnerID)
		if app.IsKind(err, app.NotFound) {
			return errBusiness
		}
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{
			"level": "business", "business": m.Business, "scopes": w.Key.Scopes.Within(m.Role.Scopes()),
		})
	}
}

func accountWhoami(c *fiber.Ctx, db *store.Store, w caller) error {
	all, err := db.UserBusinesses(c.UserContext(), w.Key.OwnerID)
	if err != nil {
		return err
	}
	if named := app.BusinessID(c.Get(businessHeader)); named != "" {
		if _, err := db.Member(c.UserContext(), named, w.Key.OwnerID); app.IsKind(err, app.NotFound) {
			return errBusiness
		} else if err != nil {
			return err
		}
	}
	return c.JSON(fiber.Map{
		"level": "account", "userId": w.Key.OwnerID, "scopes": w.Key.Scopes, "businesses": all,
	})
}

// healthz says that the process is up.
func healthz(c *fiber.Ctx) error { return c.JSON(fiber.Map{"ok": true}) }

// readyz says whether work can be taken on: the database can be written and the
// disk is not full. The first is tried at most once in readyAge, whoever asks how
// often.
func readyz(o Options) fiber.Handler {
	var mu sync.Mutex
	var tried time.Time
	var last error
	return func(c *fiber.Ctx) error {
		mu.Lock()
		defer mu.Unlock()
		if tried.IsZero() || time.Since(tried) > readyAge {
			ctx, cancel := context.WithTimeout(c.UserContext(), readyTime)
			last = o.DB.Ready(ctx)
			cancel()
			tried = time.Now()
		}
		err := last
		if err == nil && o.Disk != nil && o.Disk.Full() {
			err = errDiskFull
		}
		if err != nil {
			return &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "The appliance cannot write: is its disk full?", Err: err}
		}
		return c.JSON(fiber.Map{"ok": true})
	}
}

const (
	readyAge  = time.Second
	readyTime = 5 * time.Second
)
