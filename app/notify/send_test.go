package notify_test

import (
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/notify/notifytest"
)

func TestSend(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	for _, d := range []app.Delivery{r.to(r.link(t, ann, 0)), r.to(r.webhook(t, "9")), r.to(nil)} {
		d.Destination = "" // Send fills it in
		res, err := r.gateway.Send(t.Context(), d)
		is.NoErr(err)
		is.Equal(res, notify.Result{ID: res.ID, OK: true}) // it went
		kept, err := r.Delivery(t.Context(), r.Business.ID, res.ID)
		is.NoErr(err)
		is.Equal(kept.Status, app.DeliverySent) // and is kept
		is.Equal(kept.Attempts, 1)
		is.Equal(kept.Channel, d.Channel)
		is.Equal(kept.ChatID+kept.WebhookID, d.ChatID+d.WebhookID)
	}
	is.Equal(len(r.telegram.Messages()), 1)
	is.Equal(len(r.discord.Posts()), 1)
	is.Equal(r.Text(t, `SELECT count(*) FROM feed`), "1")
	is.Equal(r.jobs(t), "0") // nothing is left to be tried again
}

func TestSendFailures(t *testing.T) {
	blocked := func(r *rig, _ app.Chat) { r.telegram.Shut(ann, notifytest.BlockedByUser) }
	for _, tt := range []struct {
		name    string
		prepare func(r *rig, c app.Chat)
		want    notify.Result
		calls   int
	}{
		{"blocked", blocked, notify.Result{Code: notify.ChatBlocked}, 1},
		{"gone", func(r *rig, _ app.Chat) { r.telegram.Shut(ann, notifytest.NotFound) }, notify.Result{Code: notify.ChatGone}, 1},
		{"switched off", func(r *rig, c app.Chat) { r.Exec(t, `UPDATE chats SET active = 0`) }, notify.Result{Code: notify.ChatInactive}, 0},
		{"known to be blocked", func(r *rig, c app.Chat) { r.Exec(t, `UPDATE chats SET state = 'blocked'`) }, notify.Result{Code: notify.ChatBlocked}, 0},
		{"known to be gone", func(r *rig, c app.Chat) { r.Exec(t, `UPDATE chats SET state = 'gone'`) }, notify.Result{Code: notify.ChatGone}, 0},
		{"429", func(r *rig, _ app.Chat) { r.telegram.FailChat(ann.ID, notifytest.TooMany) },
			notify.Result{Code: notify.RateLimited, Retryable: true, RetryAfter: 2 * time.Second}, 1},
		{"500", func(r *rig, _ app.Chat) { r.telegram.FailChat(ann.ID, notifytest.ServerError) }, notify.Result{Code: notify.PeerError, Retryable: true}, 1},
		{"HTML", func(r *rig, _ app.Chat) { r.telegram.FailChat(ann.ID, notifytest.BadGateway) }, notify.Result{Code: notify.PeerError, Retryable: true}, 1},
		{"reset", func(r *rig, _ app.Chat) { r.telegram.FailChat(ann.ID, notifytest.Reset) }, notify.Result{Code: notify.Unreachable, Retryable: true}, 1},
		{"entities refused twice", func(r *rig, _ app.Chat) { r.telegram.FailChat(ann.ID, notifytest.NoEntities, notifytest.NoEntities) }, notify.Result{Code: notify.Rejected}, 2},
		{"token refused", func(r *rig, _ app.Chat) { r.telegram.Fail("sendMessage", notifytest.Unauthorized) }, notify.Result{Code: notify.NotConfigured}, 1},
		{"no bot", func(r *rig, _ app.Chat) {
			r.gateway = notify.New(notify.Options{DB: r.Store, Log: slog.New(slog.DiscardHandler)})
		},
			notify.Result{Code: notify.NotConfigured}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			c := r.link(t, ann, 0)
			tt.prepare(r, c)
			res, err := r.gateway.Send(t.Context(), r.to(c))
			is.NoErr(err)                                // the answer says what happened
			is.True(strings.HasSuffix(res.Message, ".")) // in a sentence
			tt.want.ID, tt.want.Message = res.ID, res.Message
			is.Equal(res, tt.want)                              // as the case says
			is.Equal(r.telegram.Calls("sendMessage"), tt.calls) // with no more calls than it takes
			d := r.only(t)
			is.Equal(d.ID, res.ID)
			is.Equal(d.Status, app.DeliveryFailed) // it is kept as failed
			is.Equal(d.Error, tt.want.Code)
			is.Equal(d.Attempts, min(tt.calls, 1))
			is.Equal(r.jobs(t), "0") // and not tried again: that is the caller's
		})
	}
}

func TestSendToLostWebhook(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	w := r.webhook(t, "9")
	r.discord.Remove("9")
	for range 3 {
		res, err := r.gateway.Send(t.Context(), r.to(w))
		is.NoErr(err)
		is.Equal(res.Code, notify.WebhookGone)
		is.True(!res.Retryable)
	}
	is.Equal(r.discord.Calls("9"), 1) // Discord is asked once, and never again
}

func TestSendOverThePace(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	c := r.link(t, super, 0)
	for range 20 {
		res, err := r.gateway.Send(t.Context(), r.to(c))
		is.NoErr(err)
		is.True(res.OK) // twenty fit into a minute
		r.Clock.Advance(time.Second)
	}
	res, err := r.gateway.Send(t.Context(), r.to(c))
	is.NoErr(err)
	is.Equal(res.Code, notify.RateLimited) // one more would wait past its deadline
	is.True(res.Retryable)
	is.Equal(res.RetryAfter, 41*time.Second) // which is said at once, with how long
	is.Equal(len(r.telegram.Messages()), 20) // Telegram was not asked
}

func TestSendWaitsForAShortTurn(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	c := r.link(t, ann, 0)
	for range 4 { // the fourth comes 3 s after the first
		res, err := r.gateway.Send(t.Context(), r.to(c))
		is.NoErr(err)
		is.True(res.OK) // a wait that fits is waited for
	}
	m := r.telegram.Messages()
	is.True(m[3].At.Sub(m[2].At) > 2*time.Second) // which takes its time
}

func TestSendLearnsDiscordsLimit(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.discord.SetLimit(2, 30*time.Second)
	w := r.webhook(t, "9")
	for i := range 3 {
		res, err := r.gateway.Send(t.Context(), r.to(w))
		is.NoErr(err)
		is.Equal(res.OK, i < 2) // the headers said that two is all
		if !res.OK {
			is.Equal(res.Code, notify.RateLimited)
			is.True(res.RetryAfter > 20*time.Second && res.RetryAfter <= 30*time.Second) // and until when
		}
	}
	is.Equal(r.discord.TooManyAnswers(), 0) // so no call was wasted
}

func TestTestMessage(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	c := r.link(t, ann, 0)
	r.telegram.Shut(ann, notifytest.BlockedByUser)
	d := app.Delivery{Title: "Test", Body: "It works.", Severity: app.Info}
	res, err := r.gateway.Test(t.Context(), c, d)
	is.NoErr(err)
	is.Equal(res.Code, notify.ChatBlocked)
	r.telegram.Reopen(ann) // of which the bot was not told
	c, err = r.Store.Chat(t.Context(), r.Business.ID, c.ID)
	is.NoErr(err)
	is.Equal(c.State, app.ChatBlocked)
	res, err = r.gateway.Test(t.Context(), c, d)
	is.NoErr(err)
	is.True(res.OK) // a test asks Telegram all the same
	c, err = r.Store.Chat(t.Context(), r.Business.ID, c.ID)
	is.NoErr(err)
	is.Equal(c.State, app.ChatOK) // and finds that the chat is back
	c.Active = false
	res, err = r.gateway.Test(t.Context(), c, d)
	is.NoErr(err)
	is.Equal(res.Code, notify.ChatInactive) // but not where people switched it off
}

func TestUnlinkLeavesTheGroup(t *testing.T) {
	for _, tt := range []struct {
		name   string
		chat   notifytest.Chat
		leaves int
	}{{"group", super, 1}, {"person", ann, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			c := r.link(t, tt.chat, 0)
			r.telegram.Fail("leaveChat", notifytest.ServerError) // which is Telegram's trouble, not ours
			is.NoErr(r.gateway.Unlink(t.Context(), r.Business.ID, c.ID))
			is.Equal(r.telegram.Calls("leaveChat"), tt.leaves) // a group that nobody is linked to any more is left
			is.True(app.IsKind(r.gateway.Unlink(t.Context(), r.Business.ID, c.ID), app.NotFound))
		})
	}
	t.Run("a group that another business has", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t)
		c := r.link(t, super, 0)
		other, _ := r.OtherBusiness(t)
		r.Exec(t, `INSERT INTO chats (id, business_id, chat_id, title, type, linked_at) VALUES ('x', ?, `+strconv.FormatInt(super.ID, 10)+`, 'x', 'supergroup', 0)`, string(other.ID))
		is.NoErr(r.gateway.Unlink(t.Context(), r.Business.ID, c.ID))
		is.Equal(r.telegram.Calls("leaveChat"), 0)
	})
}
