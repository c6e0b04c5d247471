package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/notify/notifytest"
	"crk/app/notify/telegram"
	"crk/store/storetest"
)

// code makes a link code through the gateway.
func (r *rig) code(t *testing.T) string {
	t.Helper()
	link, err := r.gateway.LinkCode(t.Context(), r.Business.ID, r.Owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	return link.Code.Reveal()
}

// handled waits until an update is confirmed: its effect is then saved.
func (r *rig) handled(t *testing.T, update int64) {
	t.Helper()
	if err := r.telegram.WaitConfirmed(within(t), update); err != nil {
		t.Fatalf("update %d: %v\n%s", update, err, r.log)
	}
}

func (r *rig) chats(t *testing.T) []app.Chat {
	t.Helper()
	list, _, err := r.Chats(t.Context(), r.Business.ID, 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestLinking(t *testing.T) {
	for _, tt := range []struct {
		name  string
		say   func(sim *notifytest.Telegram, code string) int64
		want  app.Chat
		reply int64 // the thread
	}{
		{"private", func(sim *notifytest.Telegram, code string) int64 { return sim.Say(ann, "/start "+code) },
			app.Chat{ChatID: ann.ID, Title: "Ann", Type: "private"}, 0},
		{"group, as the group link does it", func(sim *notifytest.Telegram, code string) int64 { return sim.Say(group, "/start@CRK_bot "+code) },
			app.Chat{ChatID: group.ID, Title: "Sales", Type: "group"}, 0},
		{"topic", func(sim *notifytest.Telegram, code string) int64 {
			return sim.SayInTopic(super, 9, "Bangna", "/start@crk_bot "+code)
		},
			app.Chat{ChatID: super.ID, ThreadID: 9, Title: "Sales › Bangna", Type: "supergroup"}, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			r.start(t)
			r.handled(t, tt.say(r.telegram, r.code(t)))
			list := r.chats(t)
			is.Equal(len(list), 1) // the chat is linked
			c := list[0]
			is.True(c.Active && c.State == app.ChatOK)
			is.Equal(app.Chat{ChatID: c.ChatID, ThreadID: c.ThreadID, Title: c.Title, Type: c.Type}, tt.want) // as what it is
			m, err := r.telegram.WaitMessages(within(t), 1)
			is.NoErr(err)
			is.Equal(m[0].ChatID, tt.want.ChatID)                             // and greeted
			is.Equal(m[0].ThreadID, tt.reply)                                 // in its topic
			is.True(strings.Contains(m[0].Text, "Linked to Acme Co."))        // in English
			is.True(strings.Contains(m[0].Text, "เชื่อมต่อกับ Acme Co แล้ว")) // and Thai
		})
	}
}

func TestWrongCodes(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.start(t)
	code := r.code(t)
	for i := range 8 {
		r.handled(t, r.telegram.Say(ann, "/start wrong"))
		m, err := r.telegram.WaitMessages(within(t), min(i+1, 5))
		is.NoErr(err)
		is.Equal(len(m), min(i+1, 5)) // five are answered, then there is silence
		is.True(strings.Contains(m[len(m)-1].Text, "wrong or too old"))
		r.Clock.Advance(4 * time.Second) // so that the pace holds nothing back
	}
	r.handled(t, r.telegram.Say(ann, "/start "+code))
	m, err := r.telegram.WaitMessages(within(t), 6)
	is.NoErr(err)
	is.True(strings.Contains(m[5].Text, "Linked to")) // but for the right one
	is.Equal(len(r.chats(t)), 1)
	r.Clock.Advance(10 * time.Minute)
	r.handled(t, r.telegram.Say(ann, "/start wrong"))
	m, err = r.telegram.WaitMessages(within(t), 7)
	is.NoErr(err)
	is.True(strings.Contains(m[6].Text, "wrong or too old")) // which does not last
}

func TestBotCommands(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.start(t)
	r.handled(t, r.telegram.Say(ann, "/start "+r.code(t)))
	r.handled(t, r.telegram.Say(ann, "/start"))
	r.handled(t, r.telegram.Say(ann, "/stop"))
	m, err := r.telegram.WaitMessages(within(t), 3)
	is.NoErr(err)
	is.True(strings.Contains(m[1].Text, "Make a link code")) // who comes without a code is told where to get one
	is.True(strings.Contains(m[2].Text, "off here"))         // who goes is told that it worked
	is.True(!r.chats(t)[0].Active)                           // and is left alone

	r.handled(t, r.telegram.Say(ann, "/stop"))            // again: nothing to do
	r.handled(t, r.telegram.Say(group, "/start"))         // a group is no place for hints
	r.handled(t, r.telegram.Say(group, "/start@other x")) // another bot's command
	r.handled(t, r.telegram.Say(group, "hello"))          // people's talk
	r.Clock.Advance(time.Minute)
	r.handled(t, r.telegram.Say(ann, "/start "+r.code(t)))
	m, err = r.telegram.WaitMessages(within(t), 4)
	is.NoErr(err)
	is.True(strings.Contains(m[3].Text, "Linked to")) // nothing was said to any of these
	is.True(r.chats(t)[0].Active)                     // and a new code links anew
}

func TestBotSeesItsStanding(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.start(t)
	r.handled(t, r.telegram.Say(group, "/start "+r.code(t)))
	r.telegram.Shut(group, notifytest.KickedFromGroup)
	r.handled(t, r.telegram.Push(map[string]any{"callback_query": map[string]any{"id": "1"}}))
	is.Equal(r.chats(t)[0].State, app.ChatBlocked) // removed
	r.telegram.Reopen(group)
	r.handled(t, r.telegram.Push(map[string]any{"callback_query": map[string]any{"id": "2"}}))
	is.Equal(r.chats(t)[0].State, app.ChatOK) // and back

	r.handled(t, r.telegram.Push(map[string]any{"message": map[string]any{
		"message_id": 1, "chat": group, "migrate_to_chat_id": super.ID,
	}}))
	is.Equal(r.chats(t)[0].ChatID, super.ID) // the group became a supergroup
	r.handled(t, r.telegram.Push(map[string]any{"message": map[string]any{
		"message_id": 1, "chat": super, "migrate_from_chat_id": group.ID,
	}}))
	is.Equal(len(r.chats(t)), 1) // which is told twice
}

func TestUpdatesOfAnOldPollAreNotHandledAgain(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	code := r.code(t)
	update := r.telegram.Say(ann, "/start "+code)
	first, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.gateway.Run(first) }()
	r.handled(t, update)
	_, err := r.telegram.WaitMessages(within(t), 1)
	is.NoErr(err)
	stop()
	is.NoErr(<-done) // a stop ends the bot

	r.telegram.Rewind(ann, update, "/start "+code) // Telegram lost track of what it had confirmed
	r.start(t)
	r.handled(t, r.telegram.Say(ann, "hello"))
	is.Equal(len(r.chats(t)), 1)
	is.Equal(len(r.telegram.Messages()), 1) // nobody is told that the code is wrong
}

func TestAnUpdateThatCannotBeHandledIsPassedOver(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	code := r.code(t)
	r.Exec(t, `CREATE TRIGGER refuse BEFORE INSERT ON chats WHEN new.chat_id = 77 BEGIN SELECT RAISE(ABORT, 'no'); END`)
	r.telegram.Say(ann, "/start "+code)
	last := r.telegram.Say(group, "/start "+code)
	r.start(t)
	r.handled(t, last)
	is.Equal(r.chats(t)[0].ChatID, group.ID)                    // those after it are handled
	is.True(strings.Contains(r.log.String(), "is passed over")) // and it is said
}

func TestLinkCode(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	link, err := r.gateway.LinkCode(t.Context(), r.Business.ID, r.Owner.ID)
	is.NoErr(err)
	is.Equal(link.DeepLink, "https://t.me/crk_bot?start="+link.Code.Reveal())       // for a person
	is.Equal(link.GroupLink, "https://t.me/crk_bot?startgroup="+link.Code.Reveal()) // for a group
	_, err = r.gateway.LinkCode(t.Context(), r.Business.ID, r.Owner.ID)
	is.NoErr(err)
	is.Equal(r.telegram.Calls("getMe"), 1) // the bot's name is asked for once

	for _, tt := range []struct {
		name  string
		fault notifytest.Fault
		code  string
	}{{"token refused", notifytest.Unauthorized, notify.NotConfigured}, {"Telegram down", notifytest.BadGateway, "unavailable"}} {
		r := newRig(t)
		r.telegram.Fail("getMe", tt.fault)
		_, err := r.gateway.LinkCode(t.Context(), r.Business.ID, r.Owner.ID)
		var e *app.Error
		is.True(errors.As(err, &e))
		is.Equal(e.Code, tt.code) // says what is wrong
		is.Equal(e.Kind, app.Unavailable)
	}
	none := notify.New(notify.Options{DB: r.Store, Log: slog.New(slog.DiscardHandler)})
	_, err = none.LinkCode(t.Context(), r.Business.ID, r.Owner.ID)
	var e *app.Error
	is.True(errors.As(err, &e))
	is.Equal(e.Code, notify.NotConfigured)
	s, err := none.BotStatus(t.Context())
	is.NoErr(err)
	is.Equal(s, notify.BotStatus{})
}

// until waits for a status.
func (r *rig) until(t *testing.T, want func(notify.BotStatus) bool) notify.BotStatus {
	t.Helper()
	ctx := within(t)
	for {
		s, err := r.gateway.BotStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want(s) {
			return s
		}
		select {
		case <-ctx.Done():
			t.Fatalf("status stays %+v\n%s", s, r.log)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestBotStatus(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	s, err := r.gateway.BotStatus(t.Context())
	is.NoErr(err)
	is.Equal(s, notify.BotStatus{Configured: true}) // nothing is claimed before it runs
	r.start(t)
	s = r.until(t, func(s notify.BotStatus) bool { return s.Healthy })
	is.Equal(s.Username, "crk_bot")
	is.True(s.LastUpdateAt.IsZero())
	r.handled(t, r.telegram.Say(ann, "hello"))
	s = r.until(t, func(s notify.BotStatus) bool { return !s.LastUpdateAt.IsZero() })
	is.Equal(s.LastUpdateAt, storetest.Start)
}

func TestBotTroubles(t *testing.T) {
	for _, tt := range []struct {
		name    string
		trouble func(sim *notifytest.Telegram)
		problem string
	}{
		{"another poller", func(sim *notifytest.Telegram) { sim.Fail("getUpdates", notifytest.OtherPoller) }, notify.BotConflict},
		{"a webhook", func(sim *notifytest.Telegram) { sim.SetWebhook("https://crm.example.com/hook") }, notify.BotWebhook},
		{"a refused token", func(sim *notifytest.Telegram) { sim.Fail("getMe", notifytest.Unauthorized) }, notify.BotToken},
		{"a proxy's page", func(sim *notifytest.Telegram) { sim.Fail("getUpdates", notifytest.BadGateway) }, notify.BotUnreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			tt.trouble(r.telegram)
			r.start(t)
			s := r.until(t, func(s notify.BotStatus) bool { return s.Problem != "" })
			is.Equal(s.Problem, tt.problem) // it is told what is wrong
			is.True(!s.Healthy)
			is.Equal(strings.Count(r.log.String(), "gets no updates"), 1) // and logged once
			is.Equal(r.telegram.Calls("deleteWebhook"), 0)                // nobody's webhook is taken away
			is.True(!strings.Contains(r.log.String(), "/hook"))           // nor its path told
			is.True(!strings.Contains(r.log.String(), "secret_part"))
		})
	}
}

func TestBotRecovers(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.telegram.Fail("getUpdates", notifytest.BadGateway)
	update := r.telegram.Say(ann, "/start "+r.code(t))
	r.start(t)
	r.handled(t, update)
	s := r.until(t, func(s notify.BotStatus) bool { return s.Healthy })
	is.Equal(s.Problem, "")
	is.True(strings.Contains(r.log.String(), "gets updates again")) // which is said too
}

func TestPauses(t *testing.T) {
	failure := func(k telegram.Kind) error { return &telegram.Error{Kind: k, RetryAfter: 17 * time.Second} }
	for _, tt := range []struct {
		name        string
		err         error
		first, last time.Duration // lower bounds; the upper is a quarter more
	}{
		{"another poller", failure(telegram.OtherPoller), 5 * time.Second, time.Minute},
		{"a webhook", failure(telegram.WebhookSet), 5 * time.Second, time.Minute},
		{"no answer", failure(telegram.Unreachable), time.Second, time.Minute},
		{"trouble of our own", errors.New("disk"), time.Second, time.Minute},
		{"too many requests", failure(telegram.RateLimited), 17 * time.Second, 17 * time.Second},
		{"a refused token", failure(telegram.BadToken), 10 * time.Minute, 10 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var p notify.Pauses
			d := p.After(tt.err, true)
			is.True(d >= tt.first && d <= tt.first*5/4) // soon at first
			for range 100 {
				d = p.After(tt.err, true)
			}
			is.True(d >= tt.last && d <= tt.last*5/4) // and ever less often
			is.Equal(p.After(nil, false), time.Duration(0))
			d = p.After(tt.err, true)
			is.True(d <= tt.first*5/4) // one success and it is as at first
		})
	}
	is := is.New(t)
	var p notify.Pauses
	is.Equal(p.After(nil, true), time.Second) // a server that does not let polls wait is not asked without end
}

func TestBotStopsAtOnce(t *testing.T) {
	is := is.New(t)
	sim := notifytest.NewTelegram(token, "crk_bot")
	srv := httptest.NewServer(sim)
	defer srv.Close()
	f := storetest.New(t)
	g := notify.New(notify.Options{DB: f.Store, Log: slog.New(slog.DiscardHandler), TelegramToken: token, TelegramURL: srv.URL})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- g.Run(ctx) }()
	is.NoErr(sim.WaitCalls(within(t), "getUpdates", 1))
	cancel()
	is.NoErr(<-done) // in the middle of a long poll
}
