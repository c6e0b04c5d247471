package web

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const (
	webhooksPath   = "/settings/webhooks"
	recentWebhooks = 60 // deliveries that a webhook's health shows
)

func webhookPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", webhooksPath, app.ManageWebhooks, webhooksPage(o)},
		{"POST", webhooksPath, app.ManageWebhooks, saveWebhook(o)},
		{"GET", webhooksPath + "/new", app.ManageWebhooks, newWebhookPage(o)},
		{"GET", webhooksPath + "/:id", app.ManageWebhooks, webhookPage(o)},
		{"POST", webhooksPath + "/:id", app.ManageWebhooks, saveWebhook(o)},
		{"GET", webhooksPath + "/:id/edit", app.ManageWebhooks, editWebhookPage(o)},
		{"POST", webhooksPath + "/:id/active", app.ManageWebhooks, switchWebhook(o)},
		{"POST", webhooksPath + "/:id/secret", app.ManageWebhooks, rotateWebhook(o)},
		{"POST", webhooksPath + "/:id/test", app.ManageWebhooks, tryWebhook(o)},
		{"POST", webhooksPath + "/:id/delete", app.ManageWebhooks, removeWebhook(o)},
		{"POST", webhooksPath + "/:id/recover", app.ManageWebhooks, recoverEvents(o)},
		{"POST", webhooksPath + "/:id/deliveries/:deliveryId/retry", app.ManageWebhooks, sendEventAgain(o)},
	}
}

func webhooksPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showWebhooks(c, views.WebhooksPage{}) }
}

// showWebhooks lists the webhooks with how they fare. A form, or a secret just
// made, is in p.
func (o Options) showWebhooks(c *fiber.Ctx, p views.WebhooksPage) error {
	ctx, b := c.UserContext(), who(c).Business.ID
	list, _, err := o.DB.Webhooks(ctx, b, app.MaxWebhooks, 0)
	if err != nil {
		return err
	}
	for _, w := range list {
		card := views.WebhookCard{Webhook: w}
		if card.Recent, _, err = o.DB.WebhookDeliveries(ctx, b, w.ID, "", "", recentWebhooks); err != nil {
			return err
		}
		p.Items = append(p.Items, card)
	}
	return o.show(c, views.AtSettings, "Webhooks", func(f views.Frame) templ.Component { return views.Webhooks(f, p) })
}

func newWebhookPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f := views.Form{Values: url.Values{"events": {string(app.AllEvents)}}}
		return o.showWebhooks(c, views.WebhooksPage{Form: &views.WebhookForm{Form: f}})
	}
}

func editWebhookPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := o.DB.Webhook(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		f := views.Form{Values: url.Values{
			"url": {w.URL}, "description": {w.Description}, "events": mapped(w.Events, func(e app.EventType) string { return string(e) }), "ca": {w.CA},
		}}
		return o.showWebhooks(c, views.WebhooksPage{Form: &views.WebhookForm{ID: w.ID, Form: f}})
	}
}

// saveWebhook makes a webhook and shows its secret, this once, or changes one.
func saveWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		id := c.Params("id")
		w, secret, err := o.keepWebhook(c, id, in)
		f, ok := refused(o.reader(c), "invalid.webhook", in, err)
		if id == "" && app.IsKind(err, app.Conflict) {
			f, ok = views.Form{Values: in, Problem: views.T(o.reader(c), "webhooks.most", "Most", app.MaxWebhooks)}, true
		}
		switch {
		case ok:
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showWebhooks(c, views.WebhooksPage{Form: &views.WebhookForm{ID: id, Form: f}})
		case err == nil && id == "":
			return o.showWebhooks(c, views.WebhooksPage{Fresh: &views.WebhookSecret{Webhook: w, Secret: secret.Reveal()}})
		}
		return done(c, webhooksPath, "saved", err)
	}
}

// keepWebhook stores what a form says. There is a secret where id is empty.
func (o Options) keepWebhook(c *fiber.Ctx, id string, in url.Values) (w app.Webhook, secret app.Secret, err error) {
	address, description, ca := strings.TrimSpace(in.Get("url")), strings.TrimSpace(in.Get("description")), strings.TrimSpace(in.Get("ca"))
	events := mapped(in["events"], func(e string) app.EventType { return app.EventType(e) })
	if events == nil {
		events = []app.EventType{} // none, which is refused; nil would leave them as they are
	}
	if id == "" {
		n := newWebhook{URL: address, Description: description, Events: events, ca: ca}
		if err = together(n.Validate(), checkCA("ca", ca)); err == nil {
			w, secret, err = addWebhook(c.UserContext(), o, who(c).Business.ID, n)
		}
		return w, secret, err
	}
	p := webhookPatch{URL: &address, Description: &description, Events: events, ca: &ca}
	if err = together(p.Validate(), checkCA("ca", ca)); err == nil {
		w, err = changeWebhook(c.UserContext(), o, who(c).Business.ID, id, p)
	}
	return w, "", err
}

func switchWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		on := c.FormValue("active") == "true"
		_, err := changeWebhook(c.UserContext(), o, who(c).Business.ID, c.Params("id"), webhookPatch{IsActive: &on})
		return done(c, webhooksPath, switched(on), err)
	}
}

func rotateWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b, id := who(c).Business.ID, c.Params("id")
		secret, err := renewWebhookSecret(c.UserContext(), o.DB, b, id)
		if err != nil {
			return err
		}
		w, err := o.DB.Webhook(c.UserContext(), b, id)
		if err != nil {
			return err
		}
		return o.showWebhooks(c, views.WebhooksPage{Fresh: &views.WebhookSecret{Webhook: w, Secret: secret.Reveal(), Rotated: true}})
	}
}

func removeWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return done(c, webhooksPath, "deleted", o.DB.DeleteWebhook(c.UserContext(), who(c).Business.ID, c.Params("id")))
	}
}
