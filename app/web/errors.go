package web

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/disk"
	"crk/store"
)

// status maps each kind of error to the one status it has.
var status = map[app.Kind]int{
	app.Internal: 500, app.Malformed: 400, app.Unauthorized: 401, app.Forbidden: 403, app.NotFound: 404,
	app.BadMethod: 405, app.Conflict: 409, app.TooLarge: 413, app.Unsupported: 415, app.Invalid: 422,
	app.RateLimited: 429, app.Unavailable: 503,
}

// An errorBody is how the API says that something went wrong.
type errorBody struct {
	Error     string      `json:"error"`
	Message   string      `json:"message"`
	RequestID string      `json:"requestId"`
	Details   []app.Field `json:"details,omitempty"`
}

// answerError answers the errors that handlers return: the API in JSON, people
// with a page. What an internal error says is logged and never sent.
func answerError(log *slog.Logger) fiber.ErrorHandler {
	return func(c *fiber.Ctx, err error) error {
		e := explain(err)
		if requestID(c) == "" { // nothing of the request could be read
			nameRequest(c)
		}
		if e.Kind == app.Internal {
			log.Error("request failed", "method", c.Method(), "path", pathForLog(c), "id", requestID(c), "err", err)
		} else if e.Err != nil {
			log.Info("request refused", "method", c.Method(), "path", pathForLog(c), "id", requestID(c), "err", e)
		}
		c.Status(status[e.Kind])
		if e.Kind == app.Unauthorized && isAPI(c) {
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
		}
		if e.RetryAfter > 0 {
			c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
		}
		if isAPI(c) {
			return c.JSON(errorBody{e.Code, e.Message, requestID(c), e.Fields})
		}
		return errorPage(c, status[e.Kind], e)
	}
}

func isAPI(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), "/api/") || c.Path() == "/api"
}

// explain turns any error into one with an answer.
func explain(err error) *app.Error {
	var e *app.Error
	if errors.As(err, &e) {
		return e
	}
	var f *fiber.Error
	if errors.As(err, &f) {
		return explainFiber(f)
	}
	if store.Full(err) || disk.NoSpace(err) {
		return &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "There is no space left on the disk.", Err: err, RetryAfter: time.Minute}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "This took too long. Try again.", Err: err}
	}
	return &app.Error{Kind: app.Internal, Code: "internal", Message: "Something went wrong inside. The request's id helps to find out what.", Err: err}
}

func explainFiber(f *fiber.Error) *app.Error {
	switch f.Code {
	case fiber.StatusNotFound:
		return &app.Error{Kind: app.NotFound, Code: "not_found", Message: "There is nothing at this address."}
	case fiber.StatusMethodNotAllowed:
		return &app.Error{Kind: app.BadMethod, Code: "method_not_allowed", Message: "This address does not take that method."}
	case fiber.StatusRequestEntityTooLarge:
		return tooLarge(maxBody)
	case fiber.StatusForbidden:
		return &app.Error{Kind: app.Forbidden, Code: "forbidden", Message: "This may not be done from there.", Err: f}
	case fiber.StatusInternalServerError:
		return &app.Error{Kind: app.Internal, Code: "internal", Message: "Something went wrong inside.", Err: f}
	}
	return &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: "The request cannot be read.", Err: f}
}
