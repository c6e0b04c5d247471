package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

func newDiscordPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return o.showDestinations(c, views.DestinationsPage{Webhook: &views.Form{}})
	}
}

// addDiscord adds a channel of Discord. Its URL is a secret: where the form is
// refused, it is not sent back.
func addDiscord(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := newDiscordWebhook{Name: in.Get("name"), WebhookURL: new(app.Secret(in.Get("webhookUrl")))}
		if err = w.Validate(); err == nil {
			_, err = o.addDiscordWebhook(c.UserContext(), who(c).Business.ID, w)
		}
		in.Del("webhookUrl")
		ctx := o.reader(c)
		f, ok := refused(ctx, "invalid.discord", in, err)
		if app.IsKind(err, app.Conflict) {
			f, ok = views.Form{Values: in, Errors: map[string]string{"webhookUrl": views.T(ctx, "discord.known")}}, true
		}
		if ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showDestinations(c, views.DestinationsPage{Webhook: &f})
		}
		return done(c, destinationsPath, "linked", err)
	}
}

func removeDiscord(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := o.DB.DeleteDiscordWebhook(c.UserContext(), who(c).Business.ID, c.Params("id"))
		return done(c, destinationsPath, "unlinked", err)
	}
}
