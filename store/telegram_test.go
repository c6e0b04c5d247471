package store_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// A phone sends the bot's updates of one bot, numbered.
type phone struct {
	f    *storetest.Fixture
	last int64
}

func (p *phone) next() store.Update {
	p.last++
	return store.Update{Bot: 42, ID: p.last}
}

// link links a chat to a business with a fresh code.
func (p *phone) link(t *testing.T, business app.BusinessID, user app.UserID, c app.Chat) app.Chat {
	t.Helper()
	code, err := p.f.CreateLinkCode(t.Context(), business, user)
	if err != nil {
		t.Fatal(err)
	}
	link, err := p.f.LinkChat(t.Context(), p.next(), code.Reveal(), c)
	if err != nil || !link.OK {
		t.Fatalf("link: %+v %v", link, err)
	}
	return link.Chat
}

func (p *phone) chats(t *testing.T, business app.BusinessID) []app.Chat {
	t.Helper()
	list, _, err := p.f.Chats(t.Context(), business, 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var (
	annChat = app.Chat{ChatID: 77, Title: "Ann", Type: "private"}
	group   = app.Chat{ChatID: -500, Title: "Sales", Type: "group"}
	super   = app.Chat{ChatID: -1001234567890, Title: "Sales", Type: "supergroup"}
)

func TestLinkCodes(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	code, err := f.CreateLinkCode(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	raw, err := base64.RawURLEncoding.DecodeString(code.Reveal())
	is.NoErr(err)          // it fits into a link
	is.Equal(len(raw), 16) // 128 bits
	is.Equal(f.Text(t, `SELECT count(*) FROM link_codes WHERE hex(hash) LIKE '%' || ? || '%'`, code.Reveal()), "0")
	is.Equal(f.Text(t, `SELECT length(hash) FROM link_codes`), "32") // only a hash is kept

	link, err := f.LinkChat(ctx, p.next(), "AAAAAAAAAAAAAAAAAAAAAA", annChat)
	is.NoErr(err)
	is.True(!link.OK) // a wrong code links nothing
	link, err = f.LinkChat(ctx, p.next(), code.Reveal(), annChat)
	is.NoErr(err)
	is.True(link.OK)                              // the right one does
	is.Equal(link.Business.Name, f.Business.Name) // to its business
	is.Equal(link.Chat.State, app.ChatOK)
	is.True(link.Chat.Active) // ready to be written to
	is.Equal(link.Chat.LinkedAt, storetest.Start)
	link, err = f.LinkChat(ctx, p.next(), code.Reveal(), group)
	is.NoErr(err)
	is.True(!link.OK) // it serves once
	is.Equal(len(p.chats(t, f.Business.ID)), 1)
}

func TestLinkCodeExpires(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration
		ok    bool
	}{
		{"in its last second", store.LinkCodeLife - time.Second, true},
		{"then no more", store.LinkCodeLife, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			code, err := f.CreateLinkCode(t.Context(), f.Business.ID, f.Owner.ID)
			is.NoErr(err)
			f.Clock.Advance(tt.after)
			link, err := f.LinkChat(t.Context(), store.Update{Bot: 1, ID: 1}, code.Reveal(), annChat)
			is.NoErr(err)
			is.Equal(link.OK, tt.ok) // as the case says
		})
	}
}

func TestOldLinkCodesAreForgotten(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	for range 3 {
		_, err := f.CreateLinkCode(t.Context(), f.Business.ID, f.Owner.ID)
		is.NoErr(err)
		f.Clock.Advance(48 * time.Hour)
	}
	is.Equal(f.Text(t, `SELECT count(*) FROM link_codes`), "1") // the table does not grow
}

func TestUpdateTakesEffectOnce(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	next, at, err := f.TelegramOffset(ctx, 42)
	is.NoErr(err)
	is.Equal(next, int64(0)) // a new bot begins anywhere
	is.True(at.IsZero())

	code, err := f.CreateLinkCode(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	u := store.Update{Bot: 42, ID: 1000}
	link, err := f.LinkChat(ctx, u, code.Reveal(), annChat)
	is.NoErr(err)
	is.True(link.OK)
	next, at, err = f.TelegramOffset(ctx, 42)
	is.NoErr(err)
	is.Equal(next, int64(1001)) // the offset moved with the link
	is.Equal(at, storetest.Start)
	_, err = f.LinkChat(ctx, u, code.Reveal(), group)
	is.True(errors.Is(err, store.ErrSeen))                    // the same update again
	is.True(errors.Is(f.SkipUpdate(ctx, u), store.ErrSeen))   // has no effect, whatever is made of it
	is.NoErr(f.SkipUpdate(ctx, store.Update{Bot: 43, ID: 5})) // another bot counts for itself
	next, _, err = f.TelegramOffset(ctx, 42)
	is.NoErr(err)
	is.Equal(next, int64(1001))
}

func TestFailedEffectKeepsTheOffset(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	code, err := f.CreateLinkCode(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	f.Exec(t, `CREATE TRIGGER refuse BEFORE INSERT ON chats BEGIN SELECT RAISE(ABORT, 'disk on fire'); END`)
	_, err = f.LinkChat(ctx, store.Update{Bot: 42, ID: 7}, code.Reveal(), annChat)
	is.True(err != nil)
	next, _, err := f.TelegramOffset(ctx, 42)
	is.NoErr(err)
	is.Equal(next, int64(0)) // the update will come again
	f.Exec(t, `DROP TRIGGER refuse`)
	link, err := f.LinkChat(ctx, store.Update{Bot: 42, ID: 7}, code.Reveal(), annChat)
	is.NoErr(err)
	is.True(link.OK) // and the code still serves
}

func TestUpdateNumbersStartAnew(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	is.NoErr(f.SkipUpdate(ctx, store.Update{Bot: 42, ID: 900_000}))
	f.Clock.Advance(24 * time.Hour)
	is.True(errors.Is(f.SkipUpdate(ctx, store.Update{Bot: 42, ID: 5}), store.ErrSeen)) // an old update
	f.Clock.Advance(7 * 24 * time.Hour)
	is.NoErr(f.SkipUpdate(ctx, store.Update{Bot: 42, ID: 5})) // but after a week of silence the numbers may be lower
	next, _, err := f.TelegramOffset(ctx, 42)
	is.NoErr(err)
	is.Equal(next, int64(6))
}

func TestLinkAgain(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	first := p.link(t, f.Business.ID, f.Owner.ID, annChat)
	_, err := f.SetChatActive(ctx, f.Business.ID, first.ID, false)
	is.NoErr(err)
	is.NoErr(f.SetChatPresence(ctx, p.next(), annChat.ChatID, false))
	renamed := annChat
	renamed.Title = "Ann Lee"
	again := p.link(t, f.Business.ID, f.Owner.ID, renamed)
	is.Equal(again.ID, first.ID)                       // the same row
	is.True(again.Active && again.State == app.ChatOK) // ready again
	is.Equal(again.Title, "Ann Lee")                   // under its new name
	is.Equal(again.LastError, "")

	other, owner := f.OtherBusiness(t)
	theirs := p.link(t, other.ID, owner.ID, annChat)
	is.True(theirs.ID != first.ID) // another business has a row of its own
	topic := super
	topic.ThreadID = 9
	p.link(t, f.Business.ID, f.Owner.ID, super)
	p.link(t, f.Business.ID, f.Owner.ID, topic)
	is.Equal(len(p.chats(t, f.Business.ID)), 3) // and so has each topic
}

func TestPresence(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	c := p.link(t, f.Business.ID, f.Owner.ID, annChat)
	other, owner := f.OtherBusiness(t)
	p.link(t, other.ID, owner.ID, annChat)
	bystander := p.link(t, f.Business.ID, f.Owner.ID, group)

	is.NoErr(f.SetChatPresence(ctx, p.next(), annChat.ChatID, false))
	is.NoErr(f.SetChatPresence(ctx, p.next(), annChat.ChatID, false))
	for _, b := range []app.BusinessID{f.Business.ID, other.ID} {
		c, err := f.FindChat(ctx, b, "77")
		is.NoErr(err)
		is.Equal(c.State, app.ChatBlocked) // blocked in every business
		is.Equal(c.LastError, "chat_blocked")
		is.Equal(f.Text(t, `SELECT count(*) FROM feed WHERE business_id = ?`, string(b)), "1") // which each is told once
	}
	untouched, err := f.Store.Chat(ctx, f.Business.ID, bystander.ID)
	is.NoErr(err)
	is.Equal(untouched.State, app.ChatOK) // other chats are not meant
	is.Equal(f.Text(t, `SELECT title || ' | ' || severity || ' | ' || data FROM feed WHERE business_id = ?`, string(f.Business.ID)),
		`Telegram chat blocked the bot: Ann | warning | {"chatId":"`+c.ID+`"}`)

	is.NoErr(f.SetChatPresence(ctx, p.next(), annChat.ChatID, true))
	back, err := f.Store.Chat(ctx, f.Business.ID, c.ID)
	is.NoErr(err)
	is.Equal(back.State, app.ChatOK) // let in again
	is.Equal(back.LastError, "")
	is.NoErr(f.SetChatPresence(ctx, p.next(), annChat.ChatID, false))
	is.Equal(f.Text(t, `SELECT count(*) FROM feed WHERE business_id = ?`, string(f.Business.ID)), "2") // a new block is said anew
}

func TestPresenceIsSaidInThai(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	f.Exec(t, `UPDATE businesses SET language = 'th'`)
	p := &phone{f: f}
	p.link(t, f.Business.ID, f.Owner.ID, annChat)
	is.NoErr(f.SetChatPresence(t.Context(), p.next(), annChat.ChatID, false))
	is.Equal(f.Text(t, `SELECT title FROM feed`), "แชต Telegram บล็อกบอท: Ann") // in the business's language
}

func TestStopChat(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	topic := super
	topic.ThreadID = 9
	whole, part := p.link(t, f.Business.ID, f.Owner.ID, super), p.link(t, f.Business.ID, f.Owner.ID, topic)
	n, err := f.StopChat(ctx, p.next(), super.ChatID, 9)
	is.NoErr(err)
	is.Equal(n, 1)
	c, err := f.Store.Chat(ctx, f.Business.ID, part.ID)
	is.NoErr(err)
	is.True(!c.Active) // the topic is left alone
	c, err = f.Store.Chat(ctx, f.Business.ID, whole.ID)
	is.NoErr(err)
	is.True(c.Active) // the group is not
	n, err = f.StopChat(ctx, p.next(), super.ChatID, 9)
	is.NoErr(err)
	is.Equal(n, 0) // once is enough
}

func TestMigrateChat(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	c := p.link(t, f.Business.ID, f.Owner.ID, group)
	is.NoErr(f.SetChatPresence(ctx, p.next(), group.ChatID, false))
	is.NoErr(f.MigrateChat(ctx, p.next(), group.ChatID, super.ChatID))
	moved, err := f.Store.Chat(ctx, f.Business.ID, c.ID)
	is.NoErr(err)
	is.Equal(moved.ChatID, super.ChatID) // the same row, the new id
	is.Equal(moved.Type, "supergroup")
	is.Equal(moved.State, app.ChatOK)
	is.NoErr(f.MigrateChat(ctx, p.next(), group.ChatID, super.ChatID)) // told twice, from both groups: nothing left to do
}

func TestMigrateOntoALinkedGroup(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	old := p.link(t, f.Business.ID, f.Owner.ID, group)
	twin := p.link(t, f.Business.ID, f.Owner.ID, super)
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("Twin", []string{twin.ID}, nil, false))
	is.NoErr(err)
	both, err := f.CreateAutomation(ctx, f.Business.ID, graph("Both", []string{old.ID, twin.ID}, nil, false))
	is.NoErr(err)
	queued := deliveryFor(t, f, both, old.ID, twin.ID)
	alone := deliveryFor(t, f, a, twin.ID)

	is.NoErr(f.MigrateChat(ctx, p.next(), group.ChatID, super.ChatID))
	list := p.chats(t, f.Business.ID)
	is.Equal(len(list), 1)                 // one row is left
	is.Equal(list[0].ID, old.ID)           // the older
	is.Equal(list[0].ChatID, super.ChatID) // with the new id
	a, err = f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)
	is.Equal(a.Graph.Targets(app.ChannelTelegram), []string{old.ID}) // rules send to it now
	d, err := f.Delivery(ctx, f.Business.ID, alone[0])
	is.NoErr(err)
	is.Equal(d.ChatID, old.ID) // and so does what waits
	d, err = f.Delivery(ctx, f.Business.ID, queued[1])
	is.NoErr(err)
	is.Equal(d.ChatID, twin.ID) // but what goes there anyway does not go twice
}

func TestMoveChat(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	topic := super
	topic.ThreadID = 9
	c := p.link(t, f.Business.ID, f.Owner.ID, topic)
	is.NoErr(f.MoveChat(ctx, c, 0, true))
	c, err := f.Store.Chat(ctx, f.Business.ID, c.ID)
	is.NoErr(err)
	is.Equal(c.ThreadID, int64(0)) // the lost topic is not asked for again

	other := p.link(t, f.Business.ID, f.Owner.ID, topic)
	is.NoErr(f.MoveChat(ctx, other, 0, true))
	other, err = f.Store.Chat(ctx, f.Business.ID, other.ID)
	is.NoErr(err)
	is.Equal(other.ThreadID, int64(9)) // unless the group has a row of its own

	g := p.link(t, f.Business.ID, f.Owner.ID, group)
	is.NoErr(f.MoveChat(ctx, g, -100999, false))
	g, err = f.Store.Chat(ctx, f.Business.ID, g.ID)
	is.NoErr(err)
	is.Equal(g.ChatID, int64(-100999)) // a group that moved is found at its new id
}

func TestChats(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	topic := super
	topic.ThreadID = 9
	part := p.link(t, f.Business.ID, f.Owner.ID, topic)
	f.Clock.Advance(time.Second)
	whole := p.link(t, f.Business.ID, f.Owner.ID, super)

	list, total, err := f.Chats(ctx, f.Business.ID, 1, 0)
	is.NoErr(err)
	is.Equal(total, 2)
	is.Equal(list, []app.Chat{whole}) // newest first, by page
	c, err := f.FindChat(ctx, f.Business.ID, "-1001234567890")
	is.NoErr(err)
	is.Equal(c.ID, whole.ID) // of a group with topics, the group
	c, err = f.FindChat(ctx, f.Business.ID, part.ID)
	is.NoErr(err)
	is.Equal(c.ID, part.ID) // a row by its own id

	other, _ := f.OtherBusiness(t)
	for name, call := range map[string]func(app.BusinessID, string) error{
		"read":   func(b app.BusinessID, id string) error { _, err := f.Store.Chat(ctx, b, id); return err },
		"find":   func(b app.BusinessID, id string) error { _, err := f.FindChat(ctx, b, id); return err },
		"number": func(b app.BusinessID, _ string) error { _, err := f.FindChat(ctx, b, "-1001234567890"); return err },
		"switch": func(b app.BusinessID, id string) error { _, err := f.SetChatActive(ctx, b, id, false); return err },
		"delete": func(b app.BusinessID, id string) error { _, _, err := f.DeleteChat(ctx, b, id); return err },
	} {
		var e *app.Error
		is.True(errors.As(call(other.ID, whole.ID), &e))
		is.Equal(e.Code, "chat_not_found") // another's chat is as if it were not there
		if name != "number" {
			is.True(errors.As(call(f.Business.ID, "nobody"), &e))
			is.Equal(e.Code, "chat_not_found") // like one that is not
		}
	}
	is.True(strings.Contains(f.Text(t, `SELECT group_concat(active) FROM chats`), "1,1")) // nothing was done to it
}

func TestSwitchingOnTriesAgain(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	c := p.link(t, f.Business.ID, f.Owner.ID, annChat)
	is.NoErr(f.SetChatPresence(ctx, p.next(), annChat.ChatID, false))
	c, err := f.SetChatActive(ctx, f.Business.ID, c.ID, false)
	is.NoErr(err)
	is.Equal(c.State, app.ChatBlocked) // switching off changes nothing else
	is.Equal(c.LastError, "chat_blocked")
	c, err = f.SetChatActive(ctx, f.Business.ID, c.ID, true)
	is.NoErr(err)
	is.True(c.Active)
	is.Equal(c.State, app.ChatOK) // switching on gives it another chance
	is.Equal(c.LastError, "")
}

func TestDeleteChat(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := &phone{f: f}
	other, owner := f.OtherBusiness(t)
	mine, theirs := p.link(t, f.Business.ID, f.Owner.ID, group), p.link(t, other.ID, owner.ID, group)
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", []string{mine.ID}, nil, false))
	is.NoErr(err)

	_, last, err := f.DeleteChat(ctx, f.Business.ID, mine.ID)
	is.NoErr(err)
	is.True(!last) // the other business still has it
	a, err = f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)
	is.True(!a.Enabled && !a.Graph.Sends()) // the rule that sent there is off
	_, last, err = f.DeleteChat(ctx, other.ID, theirs.ID)
	is.NoErr(err)
	is.True(last) // now nobody has
}

func TestLinksOfManyAtOnce(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	code, err := f.CreateLinkCode(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	var mu sync.Mutex
	linked := 0
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			link, err := f.LinkChat(ctx, store.Update{Bot: int64(i + 1), ID: 1}, code.Reveal(), app.Chat{ChatID: int64(i + 1), Title: "x", Type: "private"})
			mu.Lock()
			defer mu.Unlock()
			if err == nil && link.OK {
				linked++
			}
		})
	}
	wg.Wait()
	is.Equal(linked, 1) // a code serves one, however many race for it
}
