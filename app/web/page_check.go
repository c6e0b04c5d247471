package web

import (
	"context"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/views"
)

// checkPage says what stands between the rules and those whom they tell.
func checkPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w := c.UserContext(), who(c)
		var p views.CheckPage
		var err error
		if p.Telegram, err = o.telegramStatus(ctx); err != nil {
			return err
		}
		if p.Chats, _, err = o.DB.Chats(ctx, w.Business.ID, everything, 0); err != nil {
			return err
		}
		if p.Discord, err = o.DB.DiscordWebhooks(ctx, w.Business.ID); err != nil {
			return err
		}
		if p.Unread, err = o.DB.UnreadCount(ctx, w.Business.ID, w.User.ID); err != nil {
			return err
		}
		return o.show(c, views.AtNotifications, "check.tab", func(f views.Frame) templ.Component { return views.Check(f, p) })
	}
}

// telegramStatus is how the bot fares, for the pages.
func (o Options) telegramStatus(ctx context.Context) (views.TelegramStatus, error) {
	bot, err := o.Gateway.BotStatus(ctx)
	return views.TelegramStatus{
		Configured: bot.Configured, Bot: bot.Username, Healthy: bot.Healthy || bot.Problem == "", Polling: bot.Healthy,
		LastUpdateAt: bot.LastUpdateAt, Problem: bot.Problem, Skew: bot.Skew,
	}, err
}
