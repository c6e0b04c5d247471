package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
)

// act names who makes the changes of this request, for the audit log. The guards
// call it once they know.
func act(c *fiber.Ctx, a app.Actor) {
	a.Address = clientAddr(c)
	c.SetUserContext(app.WithActor(c.UserContext(), a))
}

// actAsKey is act for a caller by API key.
func actAsKey(c *fiber.Ctx, w caller) {
	act(c, app.Actor{
		Kind: app.ActorKey, UserID: w.User.ID, Name: w.User.Email, KeyID: w.Key.ID, KeyName: w.Key.Name, Via: app.ViaAPI,
	})
}

// actAsUser is act for somebody who is signed in.
func actAsUser(c *fiber.Ctx, u app.User) {
	act(c, app.Actor{Kind: app.ActorUser, UserID: u.ID, Name: u.Email, Via: app.ViaDashboard})
}

// actAsVisitor is act for somebody who is not, or not yet, signed in.
func actAsVisitor(via string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		act(c, app.Actor{Kind: app.ActorVisitor, Via: via})
		return c.Next()
	}
}
