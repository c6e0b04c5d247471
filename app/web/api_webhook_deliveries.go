package web

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/egress"
	"crk/app/webhook"
	"crk/store"
)

// A webhookDeliveryView is the delivery of an event as the API shows it.
type webhookDeliveryView struct {
	ID            string               `json:"id"`
	EventID       string               `json:"eventId"` // the webhook-id header
	Event         app.EventType        `json:"event"`
	Status        string               `json:"status"`
	Test          bool                 `json:"test"`
	Attempts      []webhookAttemptView `json:"attempts"`
	NextAttemptAt *string              `json:"nextAttemptAt"`
	CreatedAt     *string              `json:"createdAt"`
	Payload       json.RawMessage      `json:"payload"`
}

// A webhookAttemptView is one attempt as the API shows it.
type webhookAttemptView struct {
	At         *string `json:"at"`
	DurationMs int64   `json:"durationMs"`
	Status     *int    `json:"status"` // of the answer
	Error      *string `json:"error"`
	Response   *string `json:"response"` // the beginning of the answer
}

func showWebhookDelivery(d app.WebhookDelivery) webhookDeliveryView {
	return webhookDeliveryView{
		ID: d.ID, EventID: d.EventID, Event: d.Event, Status: d.Status, Test: d.Test, Payload: d.Body,
		NextAttemptAt: timeText(d.NextAttemptAt), CreatedAt: timeText(d.CreatedAt),
		Attempts: mapped(d.Attempts, func(a app.WebhookAttempt) webhookAttemptView {
			return webhookAttemptView{timeText(a.At), a.Duration.Milliseconds(), answerStatus(a), orNil(a.Error), orNil(a.Response)}
		}),
	}
}

// answerStatus is the status of the answer, null where there was none.
func answerStatus(a app.WebhookAttempt) *int {
	if a.Status == 0 {
		return nil
	}
	return &a.Status
}

func listWebhookDeliveries(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		limit, cursor := q.whole("limit", 1, 200, 20), q.text("cursor")
		status := q.one("status", app.WebhookStatuses()...)
		if err := q.err(); err != nil {
			return err
		}
		items, next, err := db.WebhookDeliveries(c.UserContext(), who(c).Business.ID, c.Params("id"), status, cursor, limit)
		if err != nil {
			return err
		}
		return c.JSON(cursorList[webhookDeliveryView]{mapped(items, showWebhookDelivery), orNil(next)})
	}
}

func retryWebhookDelivery(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		business, hook, id := who(c).Business.ID, c.Params("id"), c.Params("deliveryId")
		if err := db.RetryWebhookDelivery(c.UserContext(), business, hook, id); err != nil {
			return err
		}
		d, err := db.WebhookDelivery(c.UserContext(), business, hook, id)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusAccepted).JSON(showWebhookDelivery(d))
	}
}

// A recovery says from when on what failed is sent again.
type recovery struct {
	Since *string `json:"since"`
}

// Validate returns what is wrong with it.
func (r recovery) Validate() error {
	var problems app.Problems
	if r.Since == nil {
		problems.Add("since", "This is required.")
	} else if _, err := r.time(time.UTC); err != nil {
		problems.Add("since", "Give a time as 2026-11-30T09:00:00+07:00, or a date.")
	}
	return problems.Err()
}

// time reads the time; a bare date is the start of its day in loc.
func (r recovery) time(loc *time.Location) (time.Time, error) {
	if t, err := time.ParseInLocation(time.DateOnly, *r.Since, loc); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, *r.Since)
}

func recoverWebhook(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[recovery](c)
		if err != nil {
			return err
		}
		b := who(c).Business
		since, err := in.time(b.Location())
		if err != nil {
			return err
		}
		n, err := db.RecoverWebhook(c.UserContext(), b.ID, c.Params("id"), since)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusAccepted).JSON(fiber.Map{"queued": n})
	}
}

// A webhookTrial names the event to try a webhook with.
type webhookTrial struct {
	Event app.EventType `json:"event"`
}

// Validate returns what is wrong with it.
func (t webhookTrial) Validate() error {
	var problems app.Problems
	if t.Event != "" && !t.Event.Valid() {
		problems.Add("event", "This must be one of: %s.", strings.Join(mapped(app.EventTypes(), func(e app.EventType) string { return string(e) }), ", "))
	}
	return problems.Err()
}

// A webhookTest is the result of trying a webhook.
type webhookTest struct {
	OK         bool   `json:"ok"`
	DeliveryID string `json:"deliveryId"`
	Status     *int   `json:"status"` // of the answer
	DurationMs int64  `json:"durationMs"`
	Error      string `json:"error,omitempty"`
	Message    string `json:"message,omitempty"`
}

func testWebhook(courier *webhook.Courier) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decodeOptional[webhookTrial](c)
		if err != nil {
			return err
		}
		d, err := courier.Test(c.UserContext(), who(c).Business.ID, c.Params("id"), in.Event)
		if err != nil {
			return err
		}
		a := d.Attempts[len(d.Attempts)-1]
		return c.JSON(webhookTest{
			OK: a.Error == "", DeliveryID: d.ID, Status: answerStatus(a), DurationMs: a.Duration.Milliseconds(),
			Error: a.Error, Message: webhookMessages[a.Error],
		})
	}
}

// webhookMessages says why an attempt failed, and what to do about it.
var webhookMessages = map[string]string{
	app.WebhookErrTimeout:     "There was no answer within 15 seconds. Take the event in first and work on it afterwards.",
	app.WebhookErrUnreachable: "Nothing answers at this address. Check it, and that the appliance can reach it.",
	app.WebhookErrTLS:         "No trusted encrypted connection can be made. Check that the address is right and its certificate valid.",
	app.WebhookErrNotAllowed:  "The address is in a network that webhooks may not reach. The setting " + egress.Setting + " opens it.",
	app.WebhookErrRedirect:    "The receiver answers with a redirect, and those are not followed. Give the address that it redirects to.",
	app.WebhookErrGone:        "The receiver answers that it is gone for good (410).",
	app.WebhookErrRateLimited: "The receiver takes no more for now (429).",
	app.WebhookErrRejected:    "The receiver refuses the event. Its log, or its answer, says why.",
	app.WebhookErrPeer:        "The receiver answers with an error of its own.",
}
