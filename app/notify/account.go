package notify

import (
	"context"
	"strconv"
	"strings"

	"crk/app"
	"crk/app/notify/telegram"
)

// An account is the bot that the appliance is in Telegram.
type account struct {
	telegram *telegram.Client
	bot      *bot
}

func (g *Gateway) newAccount(token app.Secret) *account {
	client := telegram.New(token, g.telegramURL, g.client)
	return &account{client, newBot(g.db, g.log, client, g.pace)}
}

// account returns the present bot, nil where there is none: that of the
// configuration, else that whose token people gave.
func (g *Gateway) account() *account {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known {
		return g.present
	}
	token, err := g.db.TelegramToken(context.Background())
	if err != nil {
		g.log.Error("read the token of the Telegram bot", "err", err) // and again the next time
		return nil
	}
	g.known = true
	if token != "" {
		g.present = g.newAccount(token)
	}
	return g.present
}

// TokenFixed reports whether the configuration names the bot, which people then
// cannot change.
func (g *Gateway) TokenFixed() bool { return g.fixed }

// SetToken makes the bot with this token the appliance's, from now on and at
// once, after Telegram has said that there is such a bot. What is under way goes
// out as the old one. The error is an *app.Error where the token is refused,
// where Telegram cannot be asked and where the configuration names the bot.
func (g *Gateway) SetToken(ctx context.Context, token app.Secret) error {
	if g.fixed {
		return errFixed()
	}
	token = app.Secret(strings.TrimSpace(token.Reveal()))
	if !looksLikeToken(token.Reveal()) {
		return errToken(nil)
	}
	a := g.newAccount(token)
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if _, err := a.bot.me(asking); telegram.KindOf(err) == telegram.BadToken {
		return errToken(err)
	} else if err != nil {
		return &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "Telegram cannot be reached. Try again later.", Err: err}
	}
	if err := g.db.SetTelegramToken(ctx, token); err != nil {
		return err
	}
	g.become(a)
	return nil
}

// RemoveToken leaves the appliance without a bot. It is a Conflict where the
// configuration names one.
func (g *Gateway) RemoveToken(ctx context.Context) error {
	if g.fixed {
		return errFixed()
	}
	if err := g.db.DeleteTelegramToken(ctx); err != nil {
		return err
	}
	g.become(nil)
	return nil
}

func (g *Gateway) become(a *account) {
	g.mu.Lock()
	g.present, g.known = a, true
	g.mu.Unlock()
	select {
	case g.changed <- struct{}{}:
	default: // a change that is not seen yet has this one seen too
	}
}

// poll lets the present bot answer until ctx ends, and the next one after a
// change.
func (g *Gateway) poll(ctx context.Context) {
	for ctx.Err() == nil {
		running, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if a := g.account(); a != nil {
				a.bot.run(running)
			}
		}()
		select {
		case <-ctx.Done():
		case <-g.changed:
		}
		stop()
		<-ended
	}
}

// looksLikeToken keeps from a path of Telegram's server what is none: a token is
// the bot's number, a colon and letters.
func looksLikeToken(s string) bool {
	id, rest, ok := strings.Cut(s, ":")
	if _, err := strconv.ParseUint(id, 10, 63); err != nil || !ok || rest == "" || len(s) > 100 {
		return false
	}
	return strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

func errToken(err error) *app.Error {
	const message = "Telegram knows no bot with this token; copy it again from @BotFather."
	return &app.Error{
		Kind: app.Invalid, Code: "validation_failed", Message: message, Err: err, Fields: []app.Field{{Name: "token", Message: message}},
	}
}

func errFixed() *app.Error {
	return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "The bot is set by CRK_TELEGRAM_TOKEN."}
}
