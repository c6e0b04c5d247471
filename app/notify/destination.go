package notify

import (
	"context"
	"errors"
	"time"

	"crk/app"
	"crk/app/notify/discord"
	"crk/app/notify/pace"
	"crk/app/notify/telegram"
)

// A destination is a chat or webhook that a message can be sent to now.
type destination struct {
	channel string
	lane    pace.Lane
	send    func(context.Context) result // its own result is not kept yet
}

// post sends to a destination.
func (g *Gateway) post(ctx context.Context, to destination) result {
	began := time.Now()
	r := to.send(ctx)
	g.metrics.note(to.channel, r.code, began)
	return r
}

// destination finds where a delivery goes. A result whose code is not empty says
// that it cannot go there; err is trouble of our own.
func (g *Gateway) destination(ctx context.Context, d app.Delivery) (destination, result, error) {
	if d.Channel == app.ChannelDiscord {
		return g.discordDestination(ctx, d)
	}
	c, err := g.db.Chat(ctx, d.BusinessID, d.ChatID)
	if app.IsKind(err, app.NotFound) {
		return destination{}, result{code: ChatGone}, nil
	}
	if err != nil {
		return destination{}, result{}, err
	}
	if code := g.chatTrouble(c); code != "" {
		return destination{}, result{code: code}, nil
	}
	to, err := g.chatDestination(ctx, c, d)
	return to, result{}, err
}

// chatTrouble returns why a chat is not written to, or nothing.
func (g *Gateway) chatTrouble(c app.Chat) string {
	switch {
	case g.account() == nil:
		return NotConfigured
	case !c.Active:
		return ChatInactive
	case c.State == app.ChatBlocked:
		return ChatBlocked
	case c.State == app.ChatGone:
		return ChatGone
	}
	return ""
}

func (g *Gateway) chatDestination(ctx context.Context, c app.Chat, d app.Delivery) (destination, error) {
	b, err := g.db.Business(ctx, c.BusinessID)
	if err != nil {
		return destination{}, err
	}
	a := g.account()
	if a == nil { // taken away since it was looked for
		return destination{}, errNotConfigured(nil)
	}
	lane := pace.Telegram(c.ChatID)
	return destination{app.ChannelTelegram, lane, func(ctx context.Context) result {
		receipt, err := a.telegram.Post(ctx, telegram.Address{Chat: c.ChatID, Thread: c.ThreadID}, telegramNote(d, b.Language))
		if receipt.MigratedTo != 0 || receipt.ThreadGone {
			if err := g.db.MoveChat(context.WithoutCancel(ctx), c, receipt.MigratedTo, receipt.ThreadGone); err != nil {
				g.log.Error("save where a chat went", "chat", c.ID, "err", err)
			}
		}
		r := telegramResult(err)
		if r.code == RateLimited {
			g.pace.Hold(lane.Key, r.after)
		}
		return r
	}}, nil
}

func (g *Gateway) discordDestination(ctx context.Context, d app.Delivery) (destination, result, error) {
	w, err := g.db.DiscordWebhook(ctx, d.BusinessID, d.WebhookID)
	switch {
	case app.IsKind(err, app.NotFound):
		return destination{}, result{code: WebhookGone}, nil
	case err != nil:
		return destination{}, result{}, err
	case w.State != app.ChatOK:
		return destination{}, result{code: WebhookGone}, nil
	}
	lane := pace.Discord(w.WebhookID)
	return destination{app.ChannelDiscord, lane, func(ctx context.Context) result {
		hook := discord.Hook{ID: w.WebhookID, Token: w.Token, Thread: w.ThreadID}
		receipt, err := g.discord.Post(ctx, hook, discordNote(d))
		g.pace.Learn(lane.Key, pace.Quota(receipt.Quota))
		r := discordResult(err)
		var e *discord.Error
		if errors.As(err, &e) && e.Global {
			g.pace.Hold(pace.DiscordKey, r.after)
		} else if r.code == RateLimited {
			g.pace.Hold(lane.Key, r.after)
		}
		return r
	}}, result{}, nil
}

const checkTimeout = 4 * time.Second

// CheckWebhook asks Discord about a webhook that is to be added. The error is an
// *app.Error where Discord denies it. What Discord cannot say now is found out
// by the first message.
func (g *Gateway) CheckWebhook(ctx context.Context, h discord.Hook) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	_, err := g.discord.Check(ctx, h)
	var e *discord.Error
	if !errors.As(err, &e) {
		return nil
	}
	message := ""
	switch {
	case e.Kind == discord.NotIncoming:
		message = "This webhook cannot be posted to; make one under Integrations → Webhooks."
	case e.Kind == discord.Gone && e.Code != 0: // in Discord's own words, not those of something between
		message = "Discord does not know this webhook; copy its URL again."
	default:
		g.log.Info("a Discord webhook could not be checked", "err", err)
		return nil
	}
	return &app.Error{
		Kind: app.Invalid, Code: discord.InvalidWebhook, Message: message, Err: err,
		Fields: []app.Field{{Name: "webhookUrl", Message: message}},
	}
}
