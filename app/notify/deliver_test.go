package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/jobs"
	"crk/app/notify"
	"crk/app/notify/notifytest"
	"crk/store/storetest"
)

func TestDeliver(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	chat, hook := r.link(t, ann, 0), r.webhook(t, "9")
	a := r.queue(t, 1, r.to(chat), r.to(hook), r.to(nil))
	for range 3 {
		is.True(r.work(t) == nil) // each goes through
	}
	is.Equal(r.jobs(t), "0") // and leaves no job
	m := r.telegram.Messages()
	is.Equal(len(m), 1)
	is.Equal(m[0].Text, "⚠️ Angry customer\n\nScore 41") // Telegram has it
	is.True(!m[0].Silent)
	p := r.discord.Posts()
	is.Equal(len(p), 1)
	is.Equal(p[0].Embeds[0].Title, "Angry customer") // Discord has it
	feed, err := r.Feed(t.Context(), r.Business.ID, r.Owner.ID, 0, false, 10)
	is.NoErr(err)
	is.Equal(len(feed), 1)
	is.Equal(feed[0].RuleID, a.ID) // the feed has it, as the rule's
	a, err = r.Automation(t.Context(), r.Business.ID, a.ID)
	is.NoErr(err)
	is.Equal(a.Sent, int64(3)) // one for each destination
}

func TestSeverityShows(t *testing.T) {
	for _, tt := range []struct {
		severity app.Severity
		text     string
		silent   bool
		color    int
	}{
		{app.Info, "T", true, 0x3B82F6},
		{app.Success, "✅ T", false, 0x16A34A},
		{app.Warning, "⚠️ T", false, 0xF59E0B},
		{app.Critical, "🔴 T", false, 0xDC2626},
	} {
		t.Run(string(tt.severity), func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			for _, d := range []app.Delivery{r.to(r.link(t, ann, 0)), r.to(r.webhook(t, "9"))} {
				d.Title, d.Body, d.Severity = "T", "", tt.severity
				res, err := r.gateway.Send(t.Context(), d)
				is.NoErr(err)
				is.True(res.OK)
			}
			m, p := r.telegram.Messages()[0], r.discord.Posts()[0]
			is.Equal(m.Text, tt.text)             // a mark tells it at a glance
			is.Equal(m.Silent, tt.silent)         // information makes no sound
			is.Equal(p.Embeds[0].Color, tt.color) // Discord shows a color
			is.Equal(p.Flags == 4096, tt.silent)  // and is as silent
		})
	}
}

func TestButtonSpeaksTheBusinessLanguage(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.Exec(t, `UPDATE businesses SET language = 'th'`)
	d := r.to(r.link(t, ann, 0))
	d.Link = "https://crk.example.com/calls/1"
	_, err := r.gateway.Send(t.Context(), d)
	is.NoErr(err)
	is.Equal(r.telegram.Messages()[0].Button, "เปิดดู")
}

func TestDeliverRetries(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault notifytest.Fault
		code  string
	}{
		{"server error", notifytest.ServerError, notify.PeerError},
		{"page of a proxy", notifytest.BadGateway, notify.PeerError},
		{"reset", notifytest.Reset, notify.Unreachable},
		{"cut JSON", notifytest.CutJSON, notify.Unreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			chat := r.link(t, ann, 0)
			r.queue(t, 1, r.to(chat))
			r.telegram.FailChat(ann.ID, tt.fault)
			f := r.work(t)
			is.True(!f.Permanent && !f.Blameless && f.After > 0) // it is tried again, and counted
			d := r.only(t)
			is.Equal(d.Status, app.DeliveryQueued)
			is.Equal(d.Error, tt.code)                                                 // people see why
			is.Equal(d.NextAttemptAt, r.Now().Add(f.After).Truncate(time.Millisecond)) // and when
			r.Clock.Advance(f.After)
			is.True(r.work(t) == nil)
			d = r.only(t)
			is.Equal(d.Status, app.DeliverySent) // the second attempt gets through
			is.Equal(d.Attempts, 2)
			is.Equal(d.Error, "")
		})
	}
}

func TestDeliverGivesUp(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	chat := r.link(t, ann, 0)
	a := r.queue(t, 1, r.to(chat))
	for range 4 {
		r.telegram.FailChat(ann.ID, notifytest.ServerError)
		r.Clock.Advance(r.work(t).After)
	}
	r.telegram.FailChat(ann.ID, notifytest.ServerError)
	r.work(t)
	is.Equal(r.jobs(t), "0") // the fifth attempt is the last
	d := r.only(t)
	is.Equal(d.Status, app.DeliveryFailed)
	is.Equal(d.Error, notify.PeerError)
	is.Equal(d.Attempts, 5)
	is.Equal(r.telegram.Calls("sendMessage"), 5)
	is.True(r.Now().Sub(storetest.Start) <= time.Hour) // within an hour
	a, err := r.Automation(t.Context(), r.Business.ID, a.ID)
	is.NoErr(err)
	is.Equal(a.Failed, int64(1)) // which counts once
	c, err := r.Store.Chat(t.Context(), r.Business.ID, chat.ID)
	is.NoErr(err)
	is.Equal(c.State, app.ChatOK) // trouble of the peer is not the chat's fault
	is.Equal(c.LastError, notify.PeerError)
}

func TestDeliverHonoursRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration
		set   func(r *rig, t *testing.T) app.Delivery
	}{
		{"Telegram", notifytest.RetryAfter * time.Second, func(r *rig, t *testing.T) app.Delivery {
			d := r.to(r.link(t, ann, 0))
			r.telegram.FailChat(ann.ID, notifytest.TooMany)
			return d
		}},
		{"Discord, to a fraction of a second", 2250 * time.Millisecond, func(r *rig, t *testing.T) app.Delivery {
			d := r.to(r.webhook(t, "9"))
			r.discord.Fail("9", notifytest.TooMany)
			return d
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			r.queue(t, 1, tt.set(r, t))
			f := r.work(t)
			is.Equal(f.After, tt.after) // exactly as long as the peer says
			is.True(f.Blameless)        // however often it says so
			d := r.only(t)
			is.Equal(d.Error, notify.RateLimited)
			is.Equal(d.Status, app.DeliveryQueued)
			is.Equal(r.Text(t, `SELECT attempts FROM jobs WHERE kind = 'deliver'`), "0")
			r.queue(t, 1, d)
			other := r.work(t)
			is.Equal(other.After, tt.after) // another message to the same place waits as long, without asking
			r.Clock.Advance(f.After)
			is.True(r.work(t) == nil)
			is.True(r.work(t) == nil)
			is.Equal(len(r.telegram.Messages())+len(r.discord.Posts()), 2) // then both go through
		})
	}
}

func TestDeliverDoesNotWaitForEver(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.queue(t, 1, r.to(r.link(t, ann, 0)))
	r.Clock.Advance(25 * time.Hour)
	r.telegram.FailChat(ann.ID, notifytest.TooMany)
	is.True(r.work(t) == nil)
	is.Equal(r.only(t).Status, app.DeliveryFailed) // a peer that says later for a day has said no
}

func TestDeliverToLostDestinations(t *testing.T) {
	for _, tt := range []struct {
		name string
		lose func(t *testing.T, r *rig, c app.Chat, w app.DiscordWebhook)
		code string
		kind string
	}{
		{"blocked", func(_ *testing.T, r *rig, _ app.Chat, _ app.DiscordWebhook) {
			r.telegram.Shut(ann, notifytest.BlockedByUser)
		}, notify.ChatBlocked, app.ChannelTelegram},
		{"kicked", func(_ *testing.T, r *rig, _ app.Chat, _ app.DiscordWebhook) {
			r.telegram.Shut(ann, notifytest.KickedFromGroup)
		}, notify.ChatBlocked, app.ChannelTelegram},
		{"not a member", func(_ *testing.T, r *rig, _ app.Chat, _ app.DiscordWebhook) {
			r.telegram.Shut(ann, notifytest.NotAMember)
		}, notify.ChatBlocked, app.ChannelTelegram},
		{"not found", func(_ *testing.T, r *rig, _ app.Chat, _ app.DiscordWebhook) {
			r.telegram.Shut(ann, notifytest.NotFound)
		}, notify.ChatGone, app.ChannelTelegram},
		{"webhook deleted", func(_ *testing.T, r *rig, _ app.Chat, _ app.DiscordWebhook) { r.discord.Remove("9") }, notify.WebhookGone, app.ChannelDiscord},
		{"webhook's token changed", func(_ *testing.T, r *rig, _ app.Chat, _ app.DiscordWebhook) {
			r.discord.Fail("9", notifytest.Unauthorized)
		}, notify.WebhookGone, app.ChannelDiscord},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			c, w := r.link(t, ann, 0), r.webhook(t, "9")
			d := r.to(c)
			if tt.kind == app.ChannelDiscord {
				d = r.to(w)
			}
			tt.lose(t, r, c, w)
			r.queue(t, 2, d)
			is.True(r.work(t) == nil)                                         // over at the first attempt
			is.True(r.work(t) == nil)                                         // and the next is not even tried
			is.Equal(r.telegram.Calls("sendMessage")+r.discord.Calls("9"), 1) // one call in all
			is.Equal(r.Text(t, `SELECT group_concat(status || ' ' || error) FROM deliveries`), "failed "+tt.code+",failed "+tt.code)
			is.Equal(r.Text(t, `SELECT count(*) FROM feed`), "1") // it is said once
		})
	}
}

func TestDeliverToWhatPeopleTookAway(t *testing.T) {
	for _, tt := range []struct {
		name string
		code string
		take func(t *testing.T, r *rig, c app.Chat)
	}{
		{"switched off", notify.ChatInactive, func(t *testing.T, r *rig, c app.Chat) {
			if _, err := r.SetChatActive(t.Context(), c.BusinessID, c.ID, false); err != nil {
				t.Fatal(err)
			}
		}},
		{"unlinked", notify.ChatGone, func(t *testing.T, r *rig, c app.Chat) {
			if err := r.gateway.Unlink(t.Context(), c.BusinessID, c.ID); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			c := r.link(t, ann, 0)
			r.queue(t, 1, r.to(c))
			tt.take(t, r, c)
			is.True(r.work(t) == nil)
			is.Equal(r.only(t).Error, tt.code)
			is.Equal(r.telegram.Calls("sendMessage"), 0) // nobody is called
		})
	}
	t.Run("webhook", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t)
		w := r.webhook(t, "9")
		r.queue(t, 1, r.to(w))
		is.NoErr(r.DeleteDiscordWebhook(t.Context(), w.BusinessID, w.ID))
		is.True(r.work(t) == nil)
		is.Equal(r.only(t).Error, notify.WebhookGone)
	})
}

func TestDeliverFollowsTheGroup(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	c := r.link(t, group, 0)
	r.telegram.Migrate(group, super)
	r.queue(t, 2, r.to(c))
	is.True(r.work(t) == nil)
	is.True(r.work(t) == nil)
	is.Equal(r.telegram.Calls("sendMessage"), 3) // only the first went to the old id
	for _, m := range r.telegram.Messages() {
		is.Equal(m.ChatID, super.ID) // both arrived
	}
	c, err := r.Store.Chat(t.Context(), r.Business.ID, c.ID)
	is.NoErr(err)
	is.Equal(c.ChatID, super.ID) // the link has moved
}

func TestDeliverOutlivesTheTopic(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	c := r.link(t, super, 9)
	r.telegram.DropTopic(super, 9)
	r.queue(t, 2, r.to(c))
	is.True(r.work(t) == nil)
	is.True(r.work(t) == nil)
	is.Equal(r.telegram.Calls("sendMessage"), 3) // the lost topic is asked for once
	is.Equal(len(r.telegram.Messages()), 2)      // the group gets both
}

func TestDeliverWithoutABot(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.queue(t, 1, r.to(r.link(t, ann, 0)))
	r.gateway = notify.New(notify.Options{DB: r.Store, Log: slog.New(slog.DiscardHandler)})
	f := r.work(t)
	is.True(f != nil && !f.Permanent) // somebody may set the token within the hour
	is.Equal(r.only(t).Error, notify.NotConfigured)
	is.Equal(r.only(t).Attempts, 0) // nobody was called
}

func TestDeliverWhatIsGone(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.queue(t, 1, r.to(r.link(t, ann, 0)))
	r.Exec(t, `DELETE FROM deliveries`)
	is.True(r.work(t) == nil) // nothing to do
	is.Equal(r.telegram.Calls("sendMessage"), 0)
	is.NoErr(r.gateway.Handler().GiveUp(t.Context(), app.Job{Key: "gone", BusinessID: r.Business.ID}, nil)) // nor to give up
}

func TestRetryPauseStaysWithinTheHour(t *testing.T) {
	is := is.New(t)
	for range 1000 {
		var sum time.Duration
		for attempt := 1; attempt < 5; attempt++ {
			d := notify.RetryPause(attempt)
			is.True(d >= time.Second) // never at once
			sum += d
		}
		is.True(sum <= time.Hour) // never longer in all
	}
}

// TestBacklogOfAGroup runs messages through the real runner while its clock
// stands still: what fits into a moment arrives, none is refused, and one to
// another chat does not wait for them.
func TestBacklogOfAGroup(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.telegram.EnforceLimits()
	c, other := r.link(t, super, 0), r.link(t, ann, 0)
	r.queue(t, 6, r.to(c))
	r.queue(t, 1, r.to(other))

	runner := jobs.New(r.Store, slog.New(slog.DiscardHandler), map[app.JobKind]jobs.Handler{app.JobDeliver: r.gateway.Handler()})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = runner.Run(ctx) })
	_, err := r.telegram.WaitMessages(within(t), 4)
	is.NoErr(err) // three of the group, and the other chat's beside them
	cancel()
	wg.Wait()
	chats := map[int64]int{}
	for _, m := range r.telegram.Messages() {
		chats[m.ChatID]++
	}
	is.Equal(chats, map[int64]int{super.ID: 3, ann.ID: 1}) // as the pace allows
	is.Equal(r.telegram.TooManyAnswers(), 0)               // and no more
	is.Equal(r.jobs(t), "3")                               // the rest waits
	is.Equal(r.Text(t, `SELECT sum(attempts) FROM jobs`), "0")
}

func TestStopLetsAMessageArrive(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.queue(t, 1, r.to(r.link(t, ann, 0)))
	claimed, err := r.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Hour)
	is.NoErr(err)
	ctx, cancel := context.WithCancel(t.Context())
	r.telegram.OnSend(cancel) // the stop comes while the message is on its way
	is.NoErr(r.gateway.Handler().Run(ctx, claimed[0]))
	is.Equal(r.only(t).Status, app.DeliverySent) // it arrives and is known to have
	is.Equal(r.jobs(t), "0")
}

func TestStopCutsOffAMessageThatHangs(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.queue(t, 1, r.to(r.link(t, ann, 0)))
	claimed, err := r.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Hour)
	is.NoErr(err)
	notify.SetGrace(r.gateway, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	r.telegram.OnSend(cancel)
	r.telegram.FailChat(ann.ID, notifytest.Hang)
	err = r.gateway.Handler().Run(ctx, claimed[0])
	is.True(errors.Is(err, context.Canceled)) // the stop is told as such
	is.Equal(r.only(t).Attempts, 0)           // and is no attempt
	is.Equal(r.telegram.Calls("sendMessage"), 1)
}

func TestNoTokenInTheLog(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	c, w := r.link(t, ann, 0), r.webhook(t, "9")
	for _, f := range []notifytest.Fault{notifytest.ServerError, notifytest.BadGateway, notifytest.Reset, notifytest.CutJSON, notifytest.Unauthorized} {
		r.telegram.FailChat(ann.ID, f)
		_, err := r.gateway.Send(t.Context(), r.to(c))
		is.NoErr(err)
		r.Clock.Advance(time.Minute)
		r.discord.Fail("9", f)
		_, err = r.gateway.Send(t.Context(), r.to(w))
		is.NoErr(err)
	}
	is.True(strings.Contains(r.log.String(), "message was not sent")) // something was logged
	is.True(!strings.Contains(r.log.String(), "secret_part"))         // but no secret
	is.True(!strings.Contains(r.Text(t, `SELECT coalesce(group_concat(error), '') FROM deliveries`), "secret_part"))
}
