package web

import (
	"errors"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

func webhookPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b := who(c).Business
		since := o.DB.Now().In(b.Location()).AddDate(0, 0, -7).Format(time.DateOnly)
		return o.showWebhook(c, views.Form{Values: map[string][]string{"since": {since}}})
	}
}

// showWebhook shows what was sent to a webhook, and the form by which what
// failed is sent again.
func (o Options) showWebhook(c *fiber.Ctx, again views.Form) error {
	ctx, b := c.UserContext(), who(c).Business.ID
	q := readQuery(c)
	cursor, status := q.text("cursor"), q.one("status", app.WebhookStatuses()...)
	if err := q.err(); err != nil {
		return err
	}
	w, err := o.DB.Webhook(ctx, b, c.Params("id"))
	if err != nil {
		return err
	}
	p := views.WebhookPage{Webhook: w, Status: status, Older: cursor != "", Recover: again}
	if p.Recent, _, err = o.DB.WebhookDeliveries(ctx, b, w.ID, "", "", recentWebhooks); err != nil {
		return err
	}
	if p.Pending, p.Held, err = o.DB.WebhookBacklog(ctx, b, w.ID); err != nil {
		return err
	}
	if p.Items, p.Next, err = o.DB.WebhookDeliveries(ctx, b, w.ID, status, cursor, rowsPerPage); err != nil {
		return err
	}
	return o.show(c, views.AtSettings, "Webhooks", func(f views.Frame) templ.Component { return views.Webhook(f, p) })
}

// tryWebhook sends an example of an event and shows what came of it.
func tryWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id, event := c.Params("id"), app.EventType(c.FormValue("event"))
		if !event.Valid() {
			event = "" // one that the webhook wants
		}
		d, err := o.Events.Test(c.UserContext(), who(c).Business.ID, id, event)
		if err != nil {
			return done(c, webhooksPath+"/"+id, "", err)
		}
		if d.Attempts[len(d.Attempts)-1].Error != "" {
			flash(c, "refused", true)
			return goTo(c, webhooksPath+"/"+id)
		}
		return done(c, webhooksPath+"/"+id, "delivered", nil)
	}
}

func sendEventAgain(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		id := c.Params("id")
		err := o.DB.RetryWebhookDelivery(c.UserContext(), who(c).Business.ID, id, c.Params("deliveryId"))
		return webhookIsOn(c, id, "resent", err)
	}
}

// recoverEvents has what failed, or was kept, sent again from a day on.
func recoverEvents(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		b, id, day := who(c).Business, c.Params("id"), in.Get("since")
		r, n := recovery{Since: &day}, int64(0)
		if err = r.Validate(); err == nil {
			since, _ := r.time(b.Location()) // Validate has read it
			n, err = o.DB.RecoverWebhook(c.UserContext(), b.ID, id, since)
		}
		if f, ok := refused(o.reader(c), "invalid.recovery", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showWebhook(c, f)
		}
		if n == 0 {
			return webhookIsOn(c, id, "nothing", err)
		}
		return webhookIsOn(c, id, "recovered", err)
	}
}

// webhookIsOn goes on after something that only a webhook can do that is on.
func webhookIsOn(c *fiber.Ctx, id, word string, err error) error {
	if e, ok := errors.AsType[*app.Error](err); ok && e.Kind == app.Conflict {
		flash(c, "webhookoff", true)
		return goTo(c, webhooksPath+"/"+id)
	}
	return done(c, webhooksPath+"/"+id, word, err)
}
