package notify

import (
	"context"
	"errors"
	"fmt"

	"crk/app"
	"crk/app/notify/clip"
	"crk/app/notify/pace"
	"crk/app/notify/telegram"
	"crk/store"
)

// stuckAfter is how often an update is tried that cannot be handled. It must not
// keep the bot from all that follow.
const stuckAfter = 3

// maxTitle is more than Telegram lets people call a chat and its topic.
const maxTitle = 300

// handleOrSkip gives an update its effect, or passes over one that has kept the
// bot long enough. It returns store.ErrSeen for one that was handled before.
func (b *bot) handleOrSkip(ctx context.Context, self telegram.User, u telegram.Update) error {
	at := store.Update{Bot: self.ID, ID: u.ID}
	err := b.handle(ctx, self, at, u)
	if err == nil || errors.Is(err, store.ErrSeen) || ctx.Err() != nil {
		return err
	}
	if b.stuck != u.ID {
		b.stuck, b.stuckAt = u.ID, 0
	}
	if b.stuckAt++; b.stuckAt < stuckAfter {
		return fmt.Errorf("notify: update %d: %w", u.ID, err)
	}
	b.log.Error("an update of the Telegram bot is passed over", "update", u.ID, "err", err)
	return b.db.SkipUpdate(ctx, at)
}

// handle gives an update its effect. Everything that is answered is answered
// after that is saved: a crash between the two costs an answer, not a link.
func (b *bot) handle(ctx context.Context, self telegram.User, at store.Update, u telegram.Update) error {
	switch m := u.Message; {
	case u.Member != nil:
		return b.db.SetChatPresence(ctx, at, u.Member.Chat.ID, u.Member.Present())
	case m == nil:
		return b.db.SkipUpdate(ctx, at)
	case m.MigrateTo != 0:
		return b.db.MigrateChat(ctx, at, m.Chat.ID, m.MigrateTo)
	case m.MigrateFrom != 0:
		return b.db.MigrateChat(ctx, at, m.MigrateFrom, m.Chat.ID)
	default:
		return b.command(ctx, self, at, *m)
	}
}

func (b *bot) command(ctx context.Context, self telegram.User, at store.Update, m telegram.Message) error {
	thread, topic := m.Topic()
	to := telegram.Address{Chat: m.Chat.ID, Thread: thread}
	name, code, ok := m.Command(self.Username)
	switch {
	case ok && name == "start" && code != "":
		return b.link(ctx, at, to, m.Chat, topic, code)
	case ok && name == "stop":
		n, err := b.db.StopChat(ctx, at, to.Chat, to.Thread)
		if err == nil && n > 0 {
			b.say(to, sayStopped)
		}
		return err
	case ok && name == "start" && m.Chat.Private():
		if err := b.db.SkipUpdate(ctx, at); err != nil {
			return err
		}
		if b.wrong.may(to.Chat, b.db.Now()) {
			b.say(to, sayHowTo)
		}
		return nil
	}
	return b.db.SkipUpdate(ctx, at)
}

// link ties a chat, or its topic, to the business of a code.
func (b *bot) link(ctx context.Context, at store.Update, to telegram.Address, c telegram.Chat, topic, code string) error {
	title := c.Name()
	if topic != "" {
		title += " › " + topic
	}
	title = clip.To(clip.Line(title), maxTitle)
	link, err := b.db.LinkChat(ctx, at, code, app.Chat{ChatID: to.Chat, ThreadID: to.Thread, Title: title, Type: c.Type})
	switch {
	case err != nil:
		return err
	case link.OK:
		b.say(to, sayLinked(link.Business.Name))
	case b.wrong.may(to.Chat, b.db.Now()):
		b.say(to, sayWrongCode)
	}
	return nil
}

// What the bot says, to people whose language it does not know.
const (
	sayStopped   = "หยุดส่งการแจ้งเตือนมาที่นี่แล้ว\nNotifications are off here."
	sayWrongCode = "รหัสนี้ใช้ไม่ได้หรือหมดอายุแล้ว สร้างรหัสใหม่ใน CRK\nThis code is wrong or too old. Make a new one in CRK."
	sayHowTo     = "สร้างรหัสใน CRK แล้วส่งมาที่นี่เพื่อรับการแจ้งเตือน\nMake a link code in CRK and send it here to get notifications."
)

func sayLinked(business string) string {
	return "เชื่อมต่อกับ " + business + " แล้ว การแจ้งเตือนจะส่งมาที่นี่ พิมพ์ /stop เพื่อหยุด\n" +
		"Linked to " + business + ". Notifications will arrive here; send /stop to end them."
}

// A reply is what the bot says in a chat.
type reply struct {
	to   telegram.Address
	text string
}

// say has the bot say something soon. Where too much waits to be said it says
// nothing: answers are a courtesy, and polling must go on.
func (b *bot) say(to telegram.Address, text string) {
	select {
	case b.replies <- reply{to, text}:
	default:
		b.log.Info("a reply of the Telegram bot was left out")
	}
}

// answer sends replies until ctx ends.
func (b *bot) answer(ctx context.Context) {
	b.setMenu(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-b.replies:
			b.reply(ctx, r)
		}
	}
}

func (b *bot) reply(ctx context.Context, r reply) {
	ctx, cancel := context.WithTimeout(ctx, 2*postTimeout)
	defer cancel()
	lane := pace.Telegram(r.to.Chat)
	err := b.pace.Wait(ctx, lane, b.db.Now().Add(postTimeout))
	if err == nil {
		_, err = b.telegram.Post(ctx, r.to, telegram.Note{Body: r.text})
	}
	if res := telegramResult(err); res.code == RateLimited && res.after > 0 {
		b.pace.Hold(lane.Key, res.after)
	}
	if err != nil && ctx.Err() == nil {
		b.log.Info("the Telegram bot could not answer", "err", err)
	}
}
