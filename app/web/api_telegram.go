package web

import (
	"math"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/notify"
	"crk/store"
	"crk/views"
)

// A chatView is a linked chat as the API shows it.
type chatView struct {
	ID             string  `json:"id"`
	ChatID         string  `json:"chatId"` // Telegram's own, which JavaScript's numbers might not hold
	ThreadID       *string `json:"threadId"`
	Title          string  `json:"title"`
	Type           string  `json:"type"`
	IsActive       bool    `json:"isActive"`
	State          string  `json:"state"`
	LinkedAt       *string `json:"linkedAt"`
	LastDeliveryAt *string `json:"lastDeliveryAt"`
	LastError      *string `json:"lastError"`
}

func showChat(c app.Chat) chatView {
	v := chatView{
		ID: c.ID, ChatID: strconv.FormatInt(c.ChatID, 10), Title: c.Title, Type: c.Type, IsActive: c.Active, State: string(c.State),
		LinkedAt: timeText(c.LinkedAt), LastDeliveryAt: timeText(c.LastDeliveryAt), LastError: orNil(c.LastError),
	}
	if c.ThreadID != 0 {
		v.ThreadID = orNil(strconv.FormatInt(c.ThreadID, 10))
	}
	return v
}

// createLinkCode makes a code that ties a chat to the business, in the name of
// the key's owner.
func createLinkCode(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		link, err := o.Gateway.LinkCode(c.UserContext(), w.Business.ID, w.User.ID)
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{
			"code": link.Code.Reveal(), "deepLink": link.DeepLink, "groupLink": link.GroupLink,
			"expiresInSec": int(store.LinkCodeLife / time.Second),
		})
	}
}

// getTelegramStatus tells how the bot fares. It is always polling: an appliance
// behind a router cannot be called.
func getTelegramStatus(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		bot, err := o.Gateway.BotStatus(c.UserContext())
		if err != nil {
			return err
		}
		_, chats, err := o.DB.Chats(c.UserContext(), who(c).Business.ID, 0, 0)
		if err != nil {
			return err
		}
		return c.JSON(fiber.Map{
			"configured": bot.Configured, "botUsername": orNil(bot.Username), "mode": "polling", "healthy": bot.Healthy,
			"problem": orNil(bot.Problem), "lastUpdateAt": timeText(bot.LastUpdateAt), "chats": chats,
		})
	}
}

func listChats(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q := readQuery(c)
		limit, offset := q.page(200)
		if err := q.err(); err != nil {
			return err
		}
		items, total, err := db.Chats(c.UserContext(), who(c).Business.ID, limit, offset)
		if err != nil {
			return err
		}
		return c.JSON(list[chatView]{mapped(items, showChat), total, limit, offset})
	}
}

// sendTest sends a chat a message that says, in the business's language, that it
// is linked.
func sendTest(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b := who(c).Business
		chat, err := o.DB.Chat(c.UserContext(), b.ID, c.Params("id"))
		if err != nil {
			return err
		}
		message := greeting(views.WithLanguage(c.UserContext(), views.ChooseLanguage(b.Language)), b)
		result, err := o.Gateway.Test(c.UserContext(), chat, message)
		if err != nil {
			return err
		}
		return c.JSON(showResult(result))
	}
}

// A chatPatch turns the people's switch of a chat.
type chatPatch struct {
	IsActive *bool `json:"isActive"`
}

// Validate returns what is wrong with the patch.
func (p chatPatch) Validate() error {
	var problems app.Problems
	if p.IsActive == nil {
		problems.Add("isActive", "Say true or false.")
	}
	return problems.Err()
}

func patchChat(db *store.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := decode[chatPatch](c)
		if err != nil {
			return err
		}
		chat, err := db.SetChatActive(c.UserContext(), who(c).Business.ID, c.Params("id"), *in.IsActive)
		if err != nil {
			return err
		}
		return c.JSON(showChat(chat))
	}
}

func deleteChat(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := o.Gateway.Unlink(c.UserContext(), who(c).Business.ID, c.Params("id")); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNoContent)
	}
}

// A sentView is what came of a message that was to be sent at once. "ok" comes
// first: see once.
type sentView struct {
	OK            bool   `json:"ok"`
	ID            string `json:"id"`
	Error         string `json:"error,omitempty"`
	Message       string `json:"message,omitempty"`
	Retryable     *bool  `json:"retryable,omitempty"`
	RetryAfterSec *int   `json:"retryAfterSec,omitempty"`
}

func showResult(r notify.Result) sentView {
	v := sentView{OK: r.OK, ID: r.ID, Error: r.Code, Message: r.Message}
	if !r.OK {
		v.Retryable = &r.Retryable
	}
	if r.RetryAfter > 0 {
		seconds := int(math.Ceil(r.RetryAfter.Seconds()))
		v.RetryAfterSec = &seconds
	}
	return v
}
