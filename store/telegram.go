package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"crk/app"
)

// An Update names one update of a Telegram bot.
type Update struct {
	Bot int64
	ID  int64
}

// numbersRestart is how long a bot must have been quiet before an update with a
// smaller number than the last is believed to be new: after a week without any,
// Telegram starts the numbers anew at random.
const numbersRestart = 6 * 24 * time.Hour

// ErrSeen says that an update was handled before. It has no effect again.
var ErrSeen = errors.New("store: the update was handled before")

// TelegramOffset returns which update of a bot to ask for next, and when the
// last one was handled; zero where none was.
func (s *Store) TelegramOffset(ctx context.Context, bot int64) (next int64, at time.Time, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT next, updated_at FROM telegram_updates WHERE bot_id = ?`, bot).Scan(&next, instant{&at})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return next, at, err
}

// handle runs the effect of an update and moves the bot's offset past it, both
// or neither. It returns ErrSeen for an update that was handled before.
func (s *Store) handle(ctx context.Context, u Update, effect func(t *tx) error) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`INSERT INTO telegram_updates (bot_id, next, updated_at) VALUES (?1, ?2, ?3)
			ON CONFLICT (bot_id) DO UPDATE SET next = excluded.next, updated_at = excluded.updated_at
			WHERE excluded.next > next OR updated_at < ?4`,
			u.Bot, u.ID+1, stamp(t.now), stamp(t.now.Add(-numbersRestart)))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrSeen
		}
		return effect(t)
	})
}

// SkipUpdate handles an update that has no effect. Like all that handle one it
// returns ErrSeen where it was handled before.
func (s *Store) SkipUpdate(ctx context.Context, u Update) error {
	return s.handle(ctx, u, func(*tx) error { return nil })
}

// A Link is what came of a code that somebody sent to the bot.
type Link struct {
	OK       bool // else the code is unknown, used or expired
	Chat     app.Chat
	Business app.Business
}

// LinkChat handles an update that sends a code: the chat belongs to the code's
// business from now on, and the code serves no more. A chat that was linked
// before is the same row, active. A code of a clock that was ahead is none.
func (s *Store) LinkChat(ctx context.Context, u Update, code string, c app.Chat) (link Link, err error) {
	hash := hashLinkCode(code)
	err = s.handle(ctx, u, func(t *tx) error {
		b := &link.Business
		by := app.Actor{Kind: app.ActorUser, Via: app.ViaTelegram}
		err := t.row(`UPDATE link_codes SET used_at = ?1 WHERE hash = ?2 AND used_at IS NULL AND expires_at > ?1 AND expires_at <= ?3
			RETURNING business_id, user_id, coalesce((SELECT email FROM users WHERE id = user_id), '')`,
			stamp(t.now), hash, stamp(t.now.Add(LinkCodeLife+ahead))).Scan(&b.ID, &by.UserID, &by.Name)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.row(`SELECT name, language FROM businesses WHERE id = ?`, b.ID).Scan(&b.Name, &b.Language); err != nil {
			return err
		}
		link.Chat, err = scanChat(t.row(`INSERT INTO chats (id, business_id, chat_id, thread_id, title, type, linked_at)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (business_id, chat_id, thread_id) DO UPDATE SET
				active = 1, state = 'ok', last_error = '', title = excluded.title, type = excluded.type, linked_at = excluded.linked_at
			RETURNING `+chatColumns,
			newID(), b.ID, c.ChatID, c.ThreadID, c.Title, c.Type, stamp(t.now)))
		if err != nil {
			return err
		}
		link.OK = true
		t.chatChanged(link.Chat)
		t.ctx = app.WithActor(t.ctx, by) // whose code it was
		return t.audit(b.ID, "chat.link", link.Chat.ID, link.Chat.Title)
	})
	if err != nil {
		return Link{}, err
	}
	return link, nil
}

// StopChat handles an update in which somebody asks to be left alone: the chat,
// or its topic, is switched off in every business. It returns in how many.
func (s *Store) StopChat(ctx context.Context, u Update, chatID, threadID int64) (n int, err error) {
	err = s.handle(ctx, u, func(t *tx) error {
		rows, err := t.query(`UPDATE chats SET active = 0 WHERE chat_id = ? AND thread_id = ? AND active = 1 RETURNING `+chatColumns, chatID, threadID)
		stopped, err := collect(rows, err, scanChat)
		t.ctx = app.WithActor(t.ctx, app.Actor{Kind: app.ActorVisitor, Via: app.ViaTelegram})
		for _, c := range stopped {
			t.chatChanged(c)
			var touched changes
			touched.set("isActive", true, false)
			err = errors.Join(err, t.audit(c.BusinessID, "chat.update", c.ID, c.Title, touched...))
		}
		n = len(stopped)
		return err
	})
	return n, err
}

// SetChatPresence handles an update that says whether the bot is in a chat, not
// blocked and not removed.
func (s *Store) SetChatPresence(ctx context.Context, u Update, chatID int64, present bool) error {
	state := app.ChatBlocked
	if present {
		state = app.ChatOK
	}
	return s.handle(ctx, u, func(t *tx) error {
		all, err := t.chatsOf(chatID)
		for _, c := range all {
			err = errors.Join(err, t.setChatState(c, state))
		}
		return err
	})
}

// MigrateChat handles an update that says that a group has a new id.
func (s *Store) MigrateChat(ctx context.Context, u Update, from, to int64) error {
	return s.handle(ctx, u, func(t *tx) error { return t.migrateChat(from, to) })
}

// migrateChat moves a group's rows to its new id. A business that has linked the
// new one already is left with one row, the older: what sends to the other sends
// to that instead.
func (t *tx) migrateChat(from, to int64) error {
	all, err := t.chatsOf(from)
	if err != nil {
		return err
	}
	for _, c := range all {
		var twin string
		err := t.row(`SELECT id FROM chats WHERE business_id = ? AND chat_id = ? AND thread_id = ?`, c.BusinessID, to, c.ThreadID).Scan(&twin)
		if err == nil {
			err = t.replaceChat(c.BusinessID, twin, c.ID)
		} else if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		if err != nil {
			return err
		}
		if err := t.exec(`UPDATE chats SET chat_id = ?, type = 'supergroup', state = 'ok', last_error = '' WHERE id = ?`, to, c.ID); err != nil {
			return err
		}
		t.chatChanged(c)
	}
	return nil
}

// replaceChat puts one row in the place of another, which is deleted: in rules,
// whose text holds ids nowhere else, and in what is still to be sent. What both
// were to get is sent once.
func (t *tx) replaceChat(business app.BusinessID, old, by string) error {
	err := t.exec(`UPDATE automations SET graph = replace(graph, ?, ?) WHERE business_id = ? AND instr(graph, ?) > 0`, old, by, business, old)
	if err != nil {
		return err
	}
	err = t.exec(`UPDATE OR IGNORE deliveries SET destination = ? WHERE business_id = ? AND destination = ? AND status = 'queued'`,
		app.ChannelTelegram+":"+by, business, app.ChannelTelegram+":"+old)
	if err != nil {
		return err
	}
	return t.exec(`DELETE FROM chats WHERE id = ?`, old)
}
