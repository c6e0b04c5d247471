package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

// errorPage tells a person what went wrong, in their language: what the error
// itself says is for programs.
func errorPage(c *fiber.Ctx, status int, e *app.Error) error {
	ctx := readerContext(c, time.Now())
	word := problemWord(e)
	protect(c)
	c.Status(status)
	p := views.Problem{
		Door:   views.Door{Title: views.Label(ctx, "problem.title", word), Path: "/", Theme: theme(c)},
		Status: status, Title: views.Label(ctx, "problem.title", word), Text: views.Label(ctx, "problem.text", word),
		Back: "/",
	}
	if e.Kind == app.Internal {
		p.RequestID = requestID(c)
	}
	return render(c, ctx, views.ErrorPage(p))
}

// problemWord is what the catalogues call a kind of error.
func problemWord(e *app.Error) string {
	switch e.Kind {
	case app.NotFound, app.BadMethod:
		return "not_found"
	case app.Forbidden, app.Unauthorized:
		if e.Code == "business_forbidden" {
			return "no_business"
		}
		return "forbidden"
	case app.Conflict:
		return "conflict"
	case app.TooLarge:
		return "too_large"
	case app.RateLimited:
		return "rate_limited"
	case app.Unavailable:
		return "unavailable"
	case app.Malformed, app.Invalid, app.Unsupported:
		return "invalid"
	}
	return "internal"
}
