package web

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/notify/discord"
	"crk/store"
)

// A newDiscordWebhook is a Discord channel to post to.
type newDiscordWebhook struct {
	Name       string      `json:"name"`
	WebhookURL *app.Secret `json:"webhookUrl"`
}

// Validate checks the name; a URL that is given has errors of its own.
func (w newDiscordWebhook) Validate() error {
	var p app.Problems
	if n := utf8.RuneCountInString(strings.TrimSpace(w.Name)); n < 1 || n > 80 {
		p.Add("name", "Give a name of 1 to 80 characters.")
	}
	if w.WebhookURL == nil {
		p.Add("webhookUrl", "Give the URL that Discord shows under Copy Webhook URL.")
	}
	return p.Err()
}

// addDiscordWebhook keeps a webhook that Discord does not deny. Only its parts
// are kept and called, never what was typed.
func (o Options) addDiscordWebhook(ctx context.Context, business app.BusinessID, in newDiscordWebhook) (app.DiscordWebhook, error) {
	hook, err := discord.Parse(in.WebhookURL.Reveal())
	if err != nil {
		return app.DiscordWebhook{}, err
	}
	if err := o.Gateway.CheckWebhook(ctx, hook); err != nil {
		return app.DiscordWebhook{}, err
	}
	return o.DB.AddDiscordWebhook(ctx, app.DiscordWebhook{
		BusinessID: business, Name: strings.TrimSpace(in.Name), WebhookID: hook.ID, Token: hook.Token, ThreadID: hook.Thread,
	})
}

func createDiscordWebhook(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[newDiscordWebhook](c)
		if err != nil {
			return err
		}
		w, err := o.addDiscordWebhook(c.UserContext(), who(c).Business.ID, in)
		if err != nil {
			return err
		}
		return c.Status(fiber.StatusCreated).JSON(fiber.Map{"id": w.ID})
	}
}

func deleteDiscordWebhook(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := db.DeleteDiscordWebhook(c.UserContext(), who(c).Business.ID, c.Params("id")); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}
