package views

import (
	"context"
	"fmt"
	"strings"
	"time"

	"crk/app"
)

// DestinationsPage is where notifications go: Telegram chats and Discord
// channels.
type DestinationsPage struct {
	Telegram TelegramStatus
	Chats    []app.Chat
	Discord  []app.DiscordWebhook
	Link     *TelegramLink // a link code just made; nil: none
	Webhook  *Form         // the form of a new Discord webhook; nil: not open
	Unread   int
}

// A TelegramStatus is how the bot fares.
type TelegramStatus struct {
	Configured   bool
	Bot          string // user name, without @
	Healthy      bool
	LastUpdateAt time.Time
	Problem      string        // a code of what is wrong, or empty
	Polling      bool          // the last question was answered
	Skew         time.Duration // how far Telegram's clock is ahead of ours
}

// A TelegramLink is a code that ties a chat to the business, shown once.
type TelegramLink struct {
	Code      string
	DeepLink  string
	GroupLink string
	ExpiresAt time.Time
	QR        [][]bool // rows of dark squares; nil: none
}

// qrPath draws the dark squares, a row at a time.
func qrPath(rows [][]bool) string {
	var b strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
		}
	}
	return b.String()
}

// chatIcon tells a person from a group.
func chatIcon(c app.Chat) string {
	if c.Type == "private" {
		return "user"
	}
	return "users"
}

// chatLine says what sort of chat it is and when it was last written to.
func chatLine(ctx context.Context, c app.Chat) string {
	kind := label(ctx, "chat", c.Type)
	if c.ThreadID != 0 {
		kind = T(ctx, "chat.topic")
	}
	if c.LastDeliveryAt.IsZero() {
		return kind + " · " + T(ctx, "destination.linked", "When", When(ctx, c.LinkedAt))
	}
	return kind + " · " + T(ctx, "destination.last", "When", When(ctx, c.LastDeliveryAt))
}

// telegramLine says which bot it is and how it fares.
func telegramLine(ctx context.Context, t TelegramStatus) string {
	switch {
	case !t.Configured || t.Bot == "":
		return ""
	case t.LastUpdateAt.IsZero():
		return "@" + t.Bot
	}
	return "@" + t.Bot + " · " + T(ctx, "telegram.heard", "When", When(ctx, t.LastUpdateAt))
}
