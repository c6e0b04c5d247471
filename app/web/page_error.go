package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
)

// errorPage tells a person what went wrong.
func errorPage(c *fiber.Ctx, status int, e *app.Error) error {
	return c.Status(status).SendString(e.Message)
}
