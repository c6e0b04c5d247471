package store

import (
	"crk/app"
)

// words is a text of the feed in the languages of the dashboard.
type words struct{ title, body string }

// lostChat says that a chat cannot be reached any more.
func lostChat(c app.Chat) map[string]words {
	if c.State == app.ChatGone {
		return map[string]words{
			"en": {"Telegram chat is gone: " + c.Title, "Telegram does not know the chat any more. Nothing is sent there. Link it again, or unlink it."},
			"th": {"ไม่พบแชต Telegram: " + c.Title, "Telegram ไม่รู้จักแชตนี้แล้ว ระบบจะไม่ส่งไปอีก เชื่อมต่อใหม่ หรือยกเลิกการเชื่อมต่อ"},
		}
	}
	return map[string]words{
		"en": {"Telegram chat blocked the bot: " + c.Title, "The bot was blocked or removed. Nothing is sent there until it is let in again."},
		"th": {"แชต Telegram บล็อกบอท: " + c.Title, "บอทถูกบล็อกหรือถูกนำออกจากกลุ่ม ระบบจะไม่ส่งไปจนกว่าจะเปิดให้บอทอีกครั้ง"},
	}
}

// lostWebhook says that a Discord webhook was deleted.
func lostWebhook(w app.DiscordWebhook) map[string]words {
	return map[string]words{
		"en": {"Discord webhook is gone: " + w.Name, "It was deleted in Discord. Nothing is sent there any more. Add a new one."},
		"th": {"ไม่พบ Discord webhook: " + w.Name, "webhook ถูกลบใน Discord แล้ว ระบบจะไม่ส่งไปอีก เพิ่ม webhook ใหม่"},
	}
}

// sayLost tells a business, in its language, that a destination was lost.
func (t *tx) sayLost(business app.BusinessID, item app.FeedItem, in map[string]words) error {
	var language string
	if err := t.row(`SELECT language FROM businesses WHERE id = ?`, business).Scan(&language); err != nil {
		return err
	}
	said, ok := in[language]
	if !ok {
		said = in["en"]
	}
	item.BusinessID, item.Severity, item.Title, item.Body = business, app.Warning, said.title, said.body
	_, err := t.addFeed(item, "")
	return err
}
