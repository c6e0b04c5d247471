package telegram_test

import (
	"context"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/notify/notifytest"
	"crk/app/notify/telegram"
)

func TestUpdates(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	first := sim.Say(ann, "/start abc")
	sim.SayInTopic(super, 9, "Bangna", "/start@crk_bot abc")
	sim.Shut(ann, notifytest.BlockedByUser)
	last := sim.Push(map[string]any{"callback_query": map[string]any{"id": "1"}})

	us, err := c.Updates(t.Context(), 0, time.Second)
	is.NoErr(err)
	is.Equal(len(us), 4)                       // all that wait, at once
	is.Equal(us[0].ID, first)                  // oldest first
	is.Equal(us[0].Message.Chat.Name(), "Ann") // the private chat is called as the person
	is.True(us[0].Message.Chat.Private())      // and is private
	topic, name := us[1].Message.Topic()
	is.Equal(topic, int64(9))                                // the topic
	is.Equal(name, "Bangna")                                 // and its name
	is.Equal(us[1].Message.Chat.ID, super.ID)                // of the supergroup
	is.True(us[2].Message == nil && !us[2].Member.Present()) // the bot was blocked
	is.Equal(us[3], telegram.Update{ID: last})               // what is not needed is an id only

	us, err = c.Updates(t.Context(), last+1, 0)
	is.NoErr(err)
	is.Equal(len(us), 0) // asking from last+1 confirms
	is.NoErr(sim.WaitConfirmed(t.Context(), last))
}

func TestUpdatesWaits(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	got := make(chan []telegram.Update)
	go func() {
		us, _ := c.Updates(t.Context(), 0, 30*time.Second)
		got <- us
	}()
	is.NoErr(sim.WaitCalls(t.Context(), "getUpdates", 1)) // the poll is under way
	sim.Say(ann, "hi")
	is.Equal(len(<-got), 1) // and ends with the first update
}

func TestUpdatesStops(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := c.Updates(ctx, 0, 30*time.Second)
		done <- err
	}()
	is.NoErr(sim.WaitCalls(t.Context(), "getUpdates", 1))
	cancel()
	is.True((<-done) != nil) // a stop does not wait for the poll
}

func TestUpdatesOtherPoller(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	done := make(chan error)
	go func() {
		_, err := c.Updates(t.Context(), 0, 30*time.Second)
		done <- err
	}()
	is.NoErr(sim.WaitPoll(t.Context()))
	go func() { _, _ = c.Updates(t.Context(), 0, time.Second) }()
	is.Equal(telegram.KindOf(<-done), telegram.OtherPoller) // the first poll is thrown out
}

func TestUpdatesSurviveStrangeParts(t *testing.T) {
	is := is.New(t)
	c := answering(t, 200, nil, `{"ok":true,"result":[
		{"update_id":1,"message":"a form from the future"},
		{"update_id":2,"my_chat_member":[]},
		{"update_id":3,"message":{"chat":{"id":5,"type":"private"},"text":"/stop","new":{"a":1}}}]}`)
	us, err := c.Updates(t.Context(), 0, 0)
	is.NoErr(err) // one bad part does not spoil the rest
	is.Equal(us[0], telegram.Update{ID: 1})
	is.Equal(us[1], telegram.Update{ID: 2})
	is.Equal(us[2].Message.Text, "/stop")

	c = answering(t, 200, nil, `{"ok":true,"result":["what"]}`)
	_, err = c.Updates(t.Context(), 0, 0)
	is.Equal(telegram.KindOf(err), telegram.PeerError) // without an id nothing can be confirmed
}

func TestTopicOfReplyThread(t *testing.T) {
	is := is.New(t)
	id, _ := telegram.Message{ThreadID: 4}.Topic()
	is.Equal(id, int64(0)) // a thread of replies is no topic
}

func TestCommand(t *testing.T) {
	for _, tt := range []struct {
		text, name, arg string
		ok              bool
	}{
		{"/start AbC-_123", "start", "AbC-_123", true},
		{"/start", "start", "", true},
		{"/start@CRK_bot abc", "start", "abc", true},
		{"/start@other_bot abc", "", "", false},
		{"/START  abc \n", "start", "abc", true},
		{"/stop", "stop", "", true},
		{"/start a b", "", "", false},
		{"/start เริ่ม", "", "", false},
		{"start abc", "", "", false},
		{" /start abc", "", "", false},
		{"", "", "", false},
	} {
		t.Run(tt.text, func(t *testing.T) {
			is := is.New(t)
			name, arg, ok := telegram.Message{Text: tt.text}.Command("crk_bot")
			is.Equal(ok, tt.ok)     // a command, or not
			is.Equal(name, tt.name) // which
			is.Equal(arg, tt.arg)   // and its word
		})
	}
}

func TestChatName(t *testing.T) {
	for _, tt := range []struct {
		chat telegram.Chat
		want string
	}{
		{telegram.Chat{ID: -1, Title: "Sales", Username: "sales"}, "Sales"},
		{telegram.Chat{ID: 1, FirstName: "Ann", LastName: "Lee"}, "Ann Lee"},
		{telegram.Chat{ID: 1, LastName: "Lee"}, "Lee"},
		{telegram.Chat{ID: 1, Username: "ann"}, "@ann"},
		{telegram.Chat{ID: -1009}, "-1009"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			is.New(t).Equal(tt.chat.Name(), tt.want) // named as people know it
		})
	}
}

func TestPresent(t *testing.T) {
	for status, want := range map[string]bool{
		"creator": true, "administrator": true, "member": true,
		"restricted": false, "left": false, "kicked": false, "": false,
	} {
		t.Run(status, func(t *testing.T) {
			var m telegram.MemberChange
			m.New.Status = status
			is.New(t).Equal(m.Present(), want) // can, or cannot be written through
		})
	}
	var m telegram.MemberChange
	m.New.Status, m.New.IsMember = "restricted", true
	is.New(t).True(m.Present()) // restricted, but in
}

func FuzzCommand(f *testing.F) {
	f.Add("/start@crk_bot abc")
	f.Add("/start \x00")
	f.Fuzz(func(t *testing.T, text string) {
		name, arg, ok := telegram.Message{Text: text}.Command("crk_bot")
		if !ok && name+arg != "" {
			t.Fatal("something was read from what is no command")
		}
		for _, r := range name + arg {
			if r > 'z' || r < '-' {
				t.Fatalf("%q let %q through", text, r)
			}
		}
	})
}
