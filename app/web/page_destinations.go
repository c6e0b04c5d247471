package web

import (
	"context"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/skip2/go-qrcode"

	"crk/app"
	"crk/store"
	"crk/views"
)

const destinationsPath = "/settings/destinations"

func destinationsPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showDestinations(c, views.DestinationsPage{}) }
}

// showDestinations shows where notifications go. A link code just made, or a
// form, is in p.
func (o Options) showDestinations(c *fiber.Ctx, p views.DestinationsPage) error {
	ctx, b := c.UserContext(), who(c).Business.ID
	var err error
	if p.Telegram, err = o.telegramStatus(ctx); err != nil {
		return err
	}
	if p.Chats, _, err = o.DB.Chats(ctx, b, everything, 0); err != nil {
		return err
	}
	if p.Discord, err = o.DB.DiscordWebhooks(ctx, b); err != nil {
		return err
	}
	return o.show(c, views.AtSettings, "destinations.title", func(f views.Frame) templ.Component { return views.Destinations(f, p) })
}

// linkTelegram makes a code that ties a chat to the business, and shows it.
func linkTelegram(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		code, err := o.Gateway.LinkCode(c.UserContext(), w.Business.ID, w.User.ID)
		if err != nil {
			return done(c, destinationsPath, "", err)
		}
		qr, err := qrcode.New(code.DeepLink, qrcode.Medium)
		if err != nil {
			return err
		}
		qr.DisableBorder = true
		return o.showDestinations(c, views.DestinationsPage{Link: &views.TelegramLink{
			Code: code.Code.Reveal(), DeepLink: code.DeepLink, GroupLink: code.GroupLink,
			ExpiresAt: o.DB.Now().Add(store.LinkCodeLife), QR: qr.Bitmap(),
		}})
	}
}

// testChat sends a message that says that the chat works.
func testChat(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, b := o.reader(c), who(c).Business
		chat, err := o.DB.Chat(ctx, b.ID, c.Params("id"))
		if err != nil {
			return err
		}
		result, err := o.Gateway.Test(ctx, chat, greeting(ctx, b))
		if err == nil && !result.OK {
			flash(c, "unsent", true)
			return goTo(c, destinationsPath)
		}
		return done(c, destinationsPath, "sent", err)
	}
}

// greeting is the message of a test.
func greeting(ctx context.Context, b app.Business) app.Delivery {
	return app.Delivery{
		Title: views.T(ctx, "test.message.title"), Body: views.T(ctx, "test.message.body", "Business", b.Name), Severity: app.Success,
	}
}

func switchChat(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		on := c.FormValue("active") == "true"
		_, err := o.DB.SetChatActive(c.UserContext(), who(c).Business.ID, c.Params("id"), on)
		return done(c, destinationsPath, switched(on), err)
	}
}

func unlinkChat(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := o.Gateway.Unlink(c.UserContext(), who(c).Business.ID, c.Params("id"))
		return done(c, destinationsPath, "unlinked", err)
	}
}
