package web

import (
	"log/slog"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// A caller is who asks, and what they may do in which business.
type caller struct {
	Key      *app.Key     // by API key
	Session  *app.Session // or by the dashboard's cookie
	User     app.User
	Business app.Business // the business that is meant
	Role     app.Role
	Scopes   app.Scopes // what may be done there now
	assigned []string   // the user's agents
}

// only is what the caller sees of the calls: nil for all, else those of these
// agents.
func (c caller) only() []string {
	if c.Scopes.Allow(app.ViewRecordingAll) {
		return nil
	}
	if !c.Scopes.Allow(app.ViewRecordingSelf) || c.assigned == nil {
		return []string{}
	}
	return c.assigned
}

// who returns the caller that the route's guard let in.
func who(c *fiber.Ctx) caller {
	w, _ := c.Locals(localCaller).(caller)
	return w
}

const businessHeader = "x-business-id"

var errUnauthorized = &app.Error{
	Kind: app.Unauthorized, Code: "unauthorized",
	Message: "Send a valid API key as \"Authorization: Bearer crk_…\".",
}

var errBusiness = &app.Error{
	Kind: app.Forbidden, Code: "business_forbidden", Message: "This key does not reach that business.",
}

// identify finds out whose key a request carries, if any. It lets everybody on:
// the routes say what they need.
func identify(db *store.Store, log *slog.Logger) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := keyCaller(c, db)
		if app.IsKind(err, app.Unauthorized) {
			return c.Next()
		}
		if err != nil {
			return err
		}
		c.Locals(localCaller, w)
		if err := db.TouchKey(c.UserContext(), *w.Key); err != nil {
			log.Error("note the use of a key", "err", err)
		}
		return c.Next()
	}
}

// requireKey lets in who has a live key.
func requireKey(c *fiber.Ctx) error {
	if who(c).Key == nil {
		return errUnauthorized
	}
	return c.Next()
}

// keyCaller finds the key that a request carries. No key, a malformed, unknown,
// expired and revoked one all answer alike.
func keyCaller(c *fiber.Ctx, db *store.Store) (caller, error) {
	kind, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	hash, ok := app.HashKey(strings.TrimSpace(token))
	if !ok || !strings.EqualFold(kind, "Bearer") {
		return caller{}, errUnauthorized
	}
	k, err := db.KeyByHash(c.UserContext(), hash)
	if app.IsKind(err, app.NotFound) || (err == nil && !k.Alive(db.Now())) {
		return caller{}, errUnauthorized
	}
	return caller{Key: &k}, err
}

// requireBusiness finds the business that is meant and what the key may do in
// it.
func requireBusiness(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := keyMember(c, db, who(c))
		if err != nil {
			return err
		}
		c.Locals(localCaller, w)
		actAsKey(c, w)
		return c.Next()
	}
}

// keyMember adds to a caller by key the business that is meant, and what may be
// done in it: the key's scopes within its owner's role there.
func keyMember(c *fiber.Ctx, db *store.Store, w caller) (caller, error) {
	id, err := meantBusiness(*w.Key, app.BusinessID(strings.TrimSpace(c.Get(businessHeader))))
	if err != nil {
		return w, err
	}
	m, err := db.Member(c.UserContext(), id, w.Key.OwnerID)
	if app.IsKind(err, app.NotFound) {
		return w, errBusiness // the same where there is no such business
	}
	if err != nil {
		return w, err
	}
	w.User, w.Business, w.Role, w.assigned = m.User, m.Business, m.Role, m.Agents
	w.Scopes = w.Key.Scopes.Within(m.Role.Scopes())
	return w, nil
}

// meantBusiness is the business a request is about, by its key and its header.
func meantBusiness(k app.Key, named app.BusinessID) (app.BusinessID, error) {
	switch {
	case !k.Account() && named != "" && named != k.BusinessID:
		return "", errBusiness
	case !k.Account():
		return k.BusinessID, nil
	case named != "":
		return named, nil
	case k.DefaultID != "":
		return k.DefaultID, nil
	}
	return "", &app.Error{Kind: app.Malformed, Code: "business_required", Message: "Name the business that is meant in the header x-business-id."}
}

// requireScope lets in who may do what the scope says.
func requireScope(s app.Scope) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := who(c).needs(s); err != nil {
			return err
		}
		return c.Next()
	}
}

// needs is nil where the caller has the scope, else the error that names it.
func (c caller) needs(s app.Scope) error {
	if c.Scopes.Allow(s) {
		return nil
	}
	return &app.Error{
		Kind: app.Forbidden, Code: "insufficient_scope", Message: "This needs the scope " + string(s) + ".",
		Fields: []app.Field{{Name: "scope", Message: string(s)}},
	}
}
