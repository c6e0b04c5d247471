package views

import (
	"context"
	"strings"
	"time"

	"crk/app"
)

// CheckPage is how the gateway of messages fares, one thing after the other.
type CheckPage struct {
	Telegram TelegramStatus
	Chats    []app.Chat
	Discord  []app.DiscordWebhook
	Unread   int
}

// A check is one thing that was looked at.
type check struct {
	name string // of the list "check.name"
	tone string // "ok", "warn", "bad", or "off": there is nothing to say yet
	says string
	fix  string // what to do about it; empty where all is well
}

// mostSkew is how far two clocks may differ before links expire too soon or too
// late.
const mostSkew = 30 * time.Second

func (p CheckPage) checks(ctx context.Context) []check {
	t := p.Telegram
	if !t.Configured {
		return append([]check{{"token", "off", T(ctx, "telegram.off"), T(ctx, "telegram.off.hint") + " CRK_TELEGRAM_TOKEN"}}, p.places(ctx)...)
	}
	token := problem(ctx, t, "token", "token", "@"+t.Bot)
	if token.tone == "ok" && t.Bot == "" {
		token.tone, token.says = "off", T(ctx, "check.unknown")
	}
	return append([]check{
		token,
		problem(ctx, t, "reach", "unreachable", T(ctx, "check.reach.ok")),
		problem(ctx, t, "poller", "conflict", T(ctx, "check.poller.ok")),
		problem(ctx, t, "webhook", "webhook", T(ctx, "check.webhook.ok")),
		t.heard(ctx),
		t.clock(ctx),
	}, p.places(ctx)...)
}

// problem is a check that fails where the bot's problem is the given one. Where
// it is another one, or nothing has been asked yet, it cannot be told.
func problem(ctx context.Context, t TelegramStatus, name, code, well string) check {
	switch {
	case t.Problem == code:
		return check{name, "bad", T(ctx, "check.bad"), label(ctx, "telegram.problem", code)}
	case t.Polling, t.Problem != "" && name == "reach", t.Problem != "" && t.Problem != "unreachable" && name == "token":
		return check{name: name, tone: "ok", says: well}
	}
	return check{name: name, tone: "off", says: T(ctx, "check.unknown")}
}

func (t TelegramStatus) heard(ctx context.Context) check {
	if t.LastUpdateAt.IsZero() {
		return check{"update", "off", T(ctx, "check.update.none"), T(ctx, "check.update.fix")}
	}
	return check{name: "update", tone: "ok", says: When(ctx, t.LastUpdateAt)}
}

func (t TelegramStatus) clock(ctx context.Context) check {
	seconds := int(t.Skew.Abs() / time.Second)
	switch {
	case t.Bot == "" && t.Skew == 0:
		return check{name: "clock", tone: "off", says: T(ctx, "check.unknown")}
	case t.Skew.Abs() > mostSkew:
		return check{"clock", "warn", T(ctx, "check.clock.off", "Seconds", seconds), T(ctx, "check.clock.fix")}
	}
	return check{name: "clock", tone: "ok", says: T(ctx, "check.clock.off", "Seconds", seconds)}
}

// places says which chats and webhooks cannot be written to any more.
func (p CheckPage) places(ctx context.Context) []check {
	var lost []string
	for _, c := range p.Chats {
		if c.State != app.ChatOK {
			lost = append(lost, c.Title)
		}
	}
	var gone []string
	for _, w := range p.Discord {
		if w.State != app.ChatOK {
			gone = append(gone, w.Name)
		}
	}
	return []check{
		place(ctx, "chats", len(p.Chats), lost, T(ctx, "check.chats.fix")),
		place(ctx, "discord", len(p.Discord), gone, T(ctx, "discord.fix")),
	}
}

func place(ctx context.Context, name string, all int, lost []string, fix string) check {
	switch {
	case len(lost) > 0:
		return check{name, "bad", T(ctx, "check.places.lost", "Names", strings.Join(lost, ", ")), fix}
	case all == 0:
		return check{name: name, tone: "off", says: T(ctx, "check.places.none")}
	}
	return check{name: name, tone: "ok", says: T(ctx, "check.places.ok", "Number", all)}
}

func checkIcon(tone string) string {
	switch tone {
	case "ok":
		return "circle-check"
	case "warn":
		return "triangle-alert"
	case "bad":
		return "circle-x"
	}
	return "clock"
}
