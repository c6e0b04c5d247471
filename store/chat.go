package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"crk/app"
)

// LinkCodeLife is how long a code that links a chat serves.
const LinkCodeLife = 15 * time.Minute

const chatColumns = `id, business_id, chat_id, thread_id, title, type, active, state, linked_at, last_delivery_at, last_error`

func scanChat(row scanner) (c app.Chat, err error) {
	err = row.Scan(&c.ID, &c.BusinessID, &c.ChatID, &c.ThreadID, &c.Title, &c.Type, &c.Active, &c.State,
		instant{&c.LinkedAt}, instant{&c.LastDeliveryAt}, &c.LastError)
	return c, err
}

// Chats returns a page of a business's chats, newest link first, and how many
// there are.
func (s *Store) Chats(ctx context.Context, business app.BusinessID, limit, offset int) (list []app.Chat, total int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM chats WHERE business_id = ?`, business).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+chatColumns+` FROM chats
		WHERE business_id = ? ORDER BY linked_at DESC, id DESC LIMIT ? OFFSET ?`, business, limit, offset)
	list, err = collect(rows, err, scanChat)
	return list, total, err
}

// Chat returns one chat of a business.
func (s *Store) Chat(ctx context.Context, business app.BusinessID, id string) (app.Chat, error) {
	c, err := scanChat(s.reads.QueryRowContext(ctx, `SELECT `+chatColumns+` FROM chats WHERE id = ? AND business_id = ?`, id, business))
	return c, found(err, "chat")
}

// chat reads a chat inside a write.
func (t *tx) chat(business app.BusinessID, id string) (app.Chat, error) {
	c, err := scanChat(t.row(`SELECT `+chatColumns+` FROM chats WHERE id = ? AND business_id = ?`, id, business))
	return c, found(err, "chat")
}

// FindChat returns the chat that ref means: the id of a row, or Telegram's own
// id of the chat; of several topics of that, the group without a topic comes
// first.
func (s *Store) FindChat(ctx context.Context, business app.BusinessID, ref string) (app.Chat, error) {
	number, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return s.Chat(ctx, business, ref)
	}
	c, err := scanChat(s.reads.QueryRowContext(ctx, `SELECT `+chatColumns+` FROM chats
		WHERE business_id = ? AND chat_id = ? ORDER BY thread_id LIMIT 1`, business, number))
	return c, found(err, "chat")
}

// SetChatActive turns the people's switch of a chat. Switching on also has a
// chat tried again that could not be reached.
func (s *Store) SetChatActive(ctx context.Context, business app.BusinessID, id string, active bool) (c app.Chat, err error) {
	err = s.write(ctx, func(t *tx) error {
		was, err := t.chat(business, id)
		if err != nil {
			return err
		}
		c, err = scanChat(t.row(`UPDATE chats SET active = ?1,
				last_error = CASE WHEN ?1 AND state <> 'ok' THEN '' ELSE last_error END,
				state = CASE WHEN ?1 THEN 'ok' ELSE state END
			WHERE id = ?2 AND business_id = ?3 RETURNING `+chatColumns, active, id, business))
		if err != nil {
			return found(err, "chat")
		}
		t.chatChanged(c)
		var touched changes
		touched.set("isActive", was.Active, active)
		return t.audit(business, "chat.update", c.ID, c.Title, touched...)
	})
	return c, err
}

// DeleteChat unlinks a chat: it leaves the rules, and what is on its way to it
// fails. last reports that no business is linked to that chat any more.
func (s *Store) DeleteChat(ctx context.Context, business app.BusinessID, id string) (c app.Chat, last bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		c, err = scanChat(t.row(`DELETE FROM chats WHERE id = ? AND business_id = ? RETURNING `+chatColumns, id, business))
		if err != nil {
			return found(err, "chat")
		}
		t.chatChanged(c)
		if err := t.removeDestination(business, app.ChannelTelegram, id); err != nil {
			return err
		}
		if err := t.audit(business, "chat.delete", c.ID, c.Title); err != nil {
			return err
		}
		return t.row(`SELECT NOT EXISTS (SELECT 1 FROM chats WHERE chat_id = ?)`, c.ChatID).Scan(&last)
	})
	return c, last, err
}

func (t *tx) chatChanged(c app.Chat) {
	t.changed(app.Change{BusinessID: c.BusinessID, Topic: "chat", ID: c.ID, Status: string(c.State)})
}

// chatsOf returns every row, of any business, of one of Telegram's chats.
func (t *tx) chatsOf(chatID int64) ([]app.Chat, error) {
	rows, err := t.query(`SELECT `+chatColumns+` FROM chats WHERE chat_id = ? ORDER BY id`, chatID)
	return collect(rows, err, scanChat)
}

// setChatState records what Telegram says of a chat. That it cannot be reached
// any more is said in the feed, once: when it changes.
func (t *tx) setChatState(c app.Chat, state app.ChatState) error {
	n, err := t.affect(`UPDATE chats SET state = ?1, last_error = CASE ?1 WHEN 'ok' THEN '' ELSE 'chat_' || ?1 END
		WHERE id = ?2 AND state <> ?1`, state, c.ID)
	if err != nil || n == 0 {
		return err
	}
	reachable := c.State == app.ChatOK
	c.State = state
	t.chatChanged(c)
	if state == app.ChatOK || !reachable {
		return nil
	}
	return t.sayLost(c.BusinessID, app.FeedItem{Data: []byte(toJSON(map[string]string{"chatId": c.ID}))}, lostChat(c))
}

// CreateLinkCode makes a code with which a person links a chat to a business.
// Only its hash is kept.
func (s *Store) CreateLinkCode(ctx context.Context, business app.BusinessID, user app.UserID) (app.Secret, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	code := base64.RawURLEncoding.EncodeToString(random[:])
	hash := hashLinkCode(code)
	return app.Secret(code), s.write(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM link_codes WHERE expires_at <= ?`, stamp(t.now)); err != nil {
			return err
		}
		err := t.exec(`INSERT INTO link_codes (hash, business_id, user_id, expires_at) VALUES (?, ?, ?, ?)`,
			hash, business, user, stamp(t.now.Add(LinkCodeLife)))
		if err != nil {
			return err
		}
		return t.audit(business, "linkcode.create", "", "")
	})
}

func hashLinkCode(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}
