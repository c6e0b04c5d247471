package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
)

// noteAccess writes down that the caller hears or takes away something. What
// cannot be written down is not given out.
func (o Options) noteAccess(c *fiber.Ctx, action, recording string, rows int) error {
	if c.Method() == fiber.MethodHead {
		return nil
	}
	w := who(c)
	a := app.Access{
		BusinessID: w.Business.ID, UserID: w.User.ID, Action: action, RecordingID: recording, Rows: rows, IP: clientAddr(c),
	}
	if w.Key != nil {
		a.KeyID = w.Key.ID
	}
	return o.DB.NoteAccess(c.UserContext(), a)
}
