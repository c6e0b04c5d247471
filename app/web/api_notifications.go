package web

import (
	"regexp"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// sendNow sends a message and says what came of it. Where the other side fails
// that is no error of ours: the answer is 200 and says so.
func sendNow(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[sendRequest](c)
		if err != nil {
			return err
		}
		d := in.delivery(who(c).Business.ID)
		switch d.Channel {
		case app.ChannelTelegram:
			chat, err := o.DB.FindChat(c.UserContext(), d.BusinessID, string(in.ChatID))
			if err != nil {
				return err
			}
			d.ChatID = chat.ID
		case app.ChannelDiscord:
			hook, err := o.DB.DiscordWebhook(c.UserContext(), d.BusinessID, in.WebhookID)
			if err != nil {
				return err
			}
			d.WebhookID = hook.ID
		}
		result, err := o.Gateway.Send(c.UserContext(), d)
		if err != nil {
			return err
		}
		return c.JSON(showResult(result))
	}
}

// A channelHealth is how a channel fares.
type channelHealth struct {
	Enabled      bool    `json:"enabled"`
	Destinations int     `json:"destinations"`
	Sent24h      int     `json:"sent24h"`
	Failed24h    int     `json:"failed24h"`
	LastError    *string `json:"lastError"`
}

func getNotificationStatus(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		bot, err := o.Gateway.BotStatus(c.UserContext())
		if err != nil {
			return err
		}
		statuses, err := o.DB.ChannelStatuses(c.UserContext(), who(c).Business.ID)
		if err != nil {
			return err
		}
		out := map[string]channelHealth{}
		for channel, s := range statuses {
			out[channel] = channelHealth{
				Enabled: channel != app.ChannelTelegram || bot.Configured, Destinations: s.Destinations,
				Sent24h: s.Sent24h, Failed24h: s.Failed24h, LastError: orNil(s.LastError),
			}
		}
		return c.JSON(out)
	}
}

// mostDestinations is more than a business has of either sort.
const mostDestinations = 10_000

// listDestinations shows where messages may go, for who writes a rule.
func listDestinations(db *store.Store) fiber.Handler {
	type chat struct {
		ID       string `json:"id"`
		ChatID   string `json:"chatId"`
		Title    string `json:"title"`
		IsActive bool   `json:"isActive"`
	}
	type hook struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		IsActive bool   `json:"isActive"`
	}
	return func(c *fiber.Ctx) error {
		chats, _, err := db.Chats(c.UserContext(), who(c).Business.ID, mostDestinations, 0)
		if err != nil {
			return err
		}
		hooks, err := db.DiscordWebhooks(c.UserContext(), who(c).Business.ID)
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{
			"telegramChats": mapped(chats, func(c app.Chat) chat {
				v := showChat(c)
				return chat{v.ID, v.ChatID, v.Title, v.IsActive}
			}),
			"discordWebhooks": mapped(hooks, func(w app.DiscordWebhook) hook { return hook{w.ID, w.Name, w.Active} }),
		})
	}
}

// A deliveryView is one message to one destination.
type deliveryView struct {
	ID            string  `json:"id"`
	Channel       string  `json:"channel"`
	Destination   string  `json:"destination"`
	ChatID        *string `json:"chatId"`    // the id of the chat's row
	WebhookID     *string `json:"webhookId"` // of the webhook's
	AutomationID  *string `json:"automationId"`
	RecordingID   *string `json:"recordingId"`
	Title         string  `json:"title"`
	Body          string  `json:"body"`
	Severity      string  `json:"severity"`
	Status        string  `json:"status"`
	Attempts      int     `json:"attempts"`
	Error         *string `json:"error"`
	NextAttemptAt *string `json:"nextAttemptAt"`
	CreatedAt     *string `json:"createdAt"`
	SentAt        *string `json:"sentAt"`
}

func showDelivery(d app.Delivery) deliveryView {
	return deliveryView{
		ID: d.ID, Channel: d.Channel, Destination: d.Destination, ChatID: orNil(d.ChatID), WebhookID: orNil(d.WebhookID),
		AutomationID: orNil(d.AutomationID), RecordingID: orNil(d.RecordingID), Title: d.Title, Body: d.Body, Severity: string(d.Severity),
		Status: d.Status, Attempts: d.Attempts, Error: orNil(d.Error), NextAttemptAt: timeText(d.NextAttemptAt),
		CreatedAt: timeText(d.CreatedAt), SentAt: timeText(d.SentAt),
	}
}

var idForm = regexp.MustCompile(`^[0-9a-fA-F-]{36}$`)

func listDeliveries(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		f := store.DeliveryFilter{
			Channel: q.one("channel", app.Channels()...), Status: q.one("status", app.DeliveryQueued, app.DeliverySent, app.DeliveryFailed),
			AutomationID: q.text("automationId"), Before: q.text("cursor"), Limit: q.whole("limit", 1, 200, 20),
		}
		if f.Before != "" && !idForm.MatchString(f.Before) {
			q.problems.Add("cursor", "Give the nextCursor of the page before.")
		}
		if err := q.err(); err != nil {
			return err
		}
		limit := f.Limit
		f.Limit++ // one more tells whether there is another page
		items, err := db.Deliveries(c.UserContext(), who(c).Business.ID, f)
		if err != nil {
			return err
		}
		var next *string
		if len(items) > limit {
			items = items[:limit]
			next = &items[limit-1].ID
		}
		return c.JSON(cursorList[deliveryView]{mapped(items, showDelivery), next})
	}
}
