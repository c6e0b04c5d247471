package store_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// deliveryFor queues deliveries of an automation to chats and returns their ids.
func deliveryFor(t *testing.T, f *storetest.Fixture, a app.Automation, chats ...string) []string {
	t.Helper()
	d := store.Decision{Trace: json.RawMessage(`{}`)}
	for _, id := range chats {
		d.Deliveries = append(d.Deliveries, app.Delivery{
			Channel: app.ChannelTelegram, Destination: "telegram:" + id, Title: "T", Body: "B", Severity: app.Info,
		})
	}
	return queueRun(t, f, decided(a, d))
}

// queueRun stores a run for a new call and returns the ids of its deliveries, in
// their order.
func queueRun(t *testing.T, f *storetest.Fixture, run store.AutomationRun) []string {
	t.Helper()
	call := f.Call(t, f.Business.ID)
	claimed, err := f.ClaimJobs(t.Context(), app.JobAutomate, 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claim: %v %v", claimed, err)
	}
	if err := f.SaveAutomationRuns(t.Context(), claimed[0], "an-1", []store.AutomationRun{run}); err != nil {
		t.Fatal(err)
	}
	return strings.Split(f.Text(t, `SELECT group_concat(id) FROM (SELECT id FROM deliveries WHERE recording_id = ? ORDER BY id)`, call), ",")
}

// claimDelivery leases the job of one delivery.
func claimDelivery(t *testing.T, f *storetest.Fixture) (app.Job, app.Delivery) {
	t.Helper()
	claimed, err := f.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claim: %v %v", claimed, err)
	}
	d, err := f.Delivery(t.Context(), f.Business.ID, claimed[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	return claimed[0], d
}

func TestEndDelivery(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome store.Outcome
		status  string
		counts  [2]int64 // sent, failed
		state   app.ChatState
		err     string
		history string
	}{
		{"sent", store.Outcome{Tried: true, State: app.ChatOK}, app.DeliverySent, [2]int64{1, 0}, app.ChatOK, "", "notified telegram"},
		{"blocked", store.Outcome{Tried: true, Code: "chat_blocked", State: app.ChatBlocked}, app.DeliveryFailed, [2]int64{0, 1}, app.ChatBlocked, "chat_blocked", ""},
		{"gone", store.Outcome{Tried: true, Code: "chat_gone", State: app.ChatGone}, app.DeliveryFailed, [2]int64{0, 1}, app.ChatGone, "chat_gone", ""},
		{"given up", store.Outcome{Tried: true, Code: "timeout"}, app.DeliveryFailed, [2]int64{0, 1}, app.ChatOK, "timeout", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f, ctx := storetest.New(t), t.Context()
			chat := (&phone{f: f}).link(t, f.Business.ID, f.Owner.ID, annChat)
			a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", []string{chat.ID}, nil, false))
			is.NoErr(err)
			deliveryFor(t, f, a, chat.ID)
			job, d := claimDelivery(t, f)
			is.Equal(d.ChatID, chat.ID) // the destination is read back

			stale := job
			stale.Claims--
			is.True(errors.Is(f.EndDelivery(ctx, stale, d, tt.outcome), store.ErrLease)) // not by who lost the job
			is.NoErr(f.EndDelivery(ctx, job, d, tt.outcome))
			d, err = f.Delivery(ctx, f.Business.ID, d.ID)
			is.NoErr(err)
			is.Equal(d.Status, tt.status)
			is.Equal(d.Error, tt.err)
			is.Equal(d.Attempts, 1)
			is.Equal(!d.SentAt.IsZero(), tt.status == app.DeliverySent)
			is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'deliver'`), "0") // the job is done
			a, err = f.Automation(ctx, f.Business.ID, a.ID)
			is.NoErr(err)
			is.Equal([2]int64{a.Sent, a.Failed}, tt.counts) // it counts once
			c, err := f.Store.Chat(ctx, f.Business.ID, chat.ID)
			is.NoErr(err)
			is.Equal(c.State, tt.state) // the chat is known as it is
			is.Equal(c.LastError, tt.err)
			is.Equal(!c.LastDeliveryAt.IsZero(), tt.status == app.DeliverySent)
			is.Equal(f.Text(t, `SELECT coalesce(group_concat(stage || ' ' || detail), '') FROM stage_events WHERE stage = 'notified'`), tt.history)
			told := "0"
			if tt.state != app.ChatOK {
				told = "1"
			}
			is.Equal(f.Text(t, `SELECT count(*) FROM feed`), told) // what was lost is said
		})
	}
}

func TestLostChatIsSaidOnce(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	chat := (&phone{f: f}).link(t, f.Business.ID, f.Owner.ID, annChat)
	lost := func(code string, state app.ChatState) {
		_, err := f.AddDelivery(ctx, app.Delivery{
			BusinessID: f.Business.ID, Channel: app.ChannelTelegram, Destination: "telegram:" + chat.ID, ChatID: chat.ID, Title: "T", Severity: app.Info,
		}, store.Outcome{Tried: true, Code: code, State: state})
		is.NoErr(err)
	}
	lost("chat_blocked", app.ChatBlocked)
	lost("chat_blocked", app.ChatBlocked)
	lost("chat_gone", app.ChatGone)
	is.Equal(f.Text(t, `SELECT count(*) FROM feed`), "1") // once, though it got worse
	lost("", app.ChatOK)
	c, err := f.Store.Chat(ctx, f.Business.ID, chat.ID)
	is.NoErr(err)
	is.Equal(c.State, app.ChatOK) // a message that arrived proves that it is back
	lost("chat_gone", app.ChatGone)
	is.Equal(f.Text(t, `SELECT group_concat(title, ' | ') FROM feed`), "Telegram chat blocked the bot: Ann | Telegram chat is gone: Ann")
}

func TestNoteAttempt(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	chat := (&phone{f: f}).link(t, f.Business.ID, f.Owner.ID, annChat)
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", []string{chat.ID}, nil, false))
	is.NoErr(err)
	deliveryFor(t, f, a, chat.ID)
	job, d := claimDelivery(t, f)
	again := storetest.Start.Add(time.Minute)
	lost := job
	lost.Claims--
	is.True(errors.Is(f.NoteAttempt(ctx, lost, d, store.Outcome{Tried: true, Code: "rejected"}), store.ErrLease)) // only who holds it may
	is.NoErr(f.NoteAttempt(ctx, job, d, store.Outcome{Tried: true, Code: "timeout", Again: again}))
	d, err = f.Delivery(ctx, f.Business.ID, d.ID)
	is.NoErr(err)
	is.Equal(d.Status, app.DeliveryQueued) // it is not over
	is.Equal(d.NextAttemptAt, again)       // and will be tried then
	is.Equal(d.Attempts, 1)
	is.Equal(d.Error, "timeout")
	a, err = f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)
	is.Equal(a.Failed, int64(0)) // it counts only when it is
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'deliver'`), "1")
}

func TestDeliverInApp(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, nil, true))
	is.NoErr(err)
	queueRun(t, f, decided(a, store.Decision{Trace: json.RawMessage(`{}`), Deliveries: []app.Delivery{{
		Channel: app.ChannelInApp, Destination: app.ChannelInApp, Audience: app.AudienceOf([]app.Role{app.Owner}), Title: "T", Body: "B", Link: "https://crk.example/calls/1", Severity: app.Warning,
		Data: json.RawMessage(`{"recordingId":"r"}`),
	}}}))
	job, d := claimDelivery(t, f)
	is.NoErr(f.DeliverInApp(ctx, job, d))
	is.True(errors.Is(f.DeliverInApp(ctx, job, d), store.ErrLease)) // run twice it is as if once
	item, err := f.FeedItem(ctx, f.Business.ID, f.Owner.ID, d.ID)
	is.NoErr(err) // the row has the delivery's id
	is.Equal(item.RuleID, a.ID)
	is.Equal(item.Audience, app.AudienceOf([]app.Role{app.Owner})) // and its audience
	is.Equal(item.Title+item.Body+string(item.Severity), "TBwarning")
	is.Equal(string(item.Data), `{"link":"https://crk.example/calls/1","recordingId":"r"}`) // the link is in its data
	a, err = f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)
	is.Equal(a.Sent, int64(1))
	var feed int
	for _, c := range f.Changes() {
		if c.Topic == "feed" {
			feed++
			is.Equal(c.Feed.ID, d.ID) // it is published
			is.True(c.Feed.Seq > 0)   // with its place
		}
	}
	is.Equal(feed, 1) // once
}

func TestAddInApp(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	id, err := f.AddInApp(ctx, app.Delivery{
		BusinessID: f.Business.ID, Channel: app.ChannelInApp, Title: "T", Body: "B", Severity: app.Success,
	})
	is.NoErr(err)
	item, err := f.FeedItem(ctx, f.Business.ID, f.Owner.ID, id)
	is.NoErr(err) // the feed has it under the id
	is.Equal(len(item.Data), 0)
	d, err := f.Delivery(ctx, f.Business.ID, id)
	is.NoErr(err) // and so have the deliveries
	is.Equal(d.Status, app.DeliverySent)
	is.Equal(d.Destination, app.ChannelInApp)
}

func TestDeliveries(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	add := func(b app.BusinessID, channel, code string) string {
		t.Helper()
		id, err := f.AddDelivery(ctx, app.Delivery{
			BusinessID: b, Channel: channel, Destination: channel + ":x", Title: "T", Severity: app.Info,
		}, store.Outcome{Code: code})
		is.NoErr(err)
		return id
	}
	first := add(f.Business.ID, app.ChannelTelegram, "")
	second := add(f.Business.ID, app.ChannelDiscord, "webhook_gone") // of the same moment
	f.Clock.Advance(time.Second)
	third := add(f.Business.ID, app.ChannelTelegram, "timeout")
	theirs := add(other.ID, app.ChannelTelegram, "")

	ids := func(filter store.DeliveryFilter) (ids []string) {
		t.Helper()
		if filter.Limit == 0 {
			filter.Limit = 10
		}
		list, err := f.Deliveries(ctx, f.Business.ID, filter)
		is.NoErr(err)
		for _, d := range list {
			ids = append(ids, d.ID)
		}
		return ids
	}
	is.Equal(ids(store.DeliveryFilter{}), []string{third, second, first})                     // newest first, one's own
	is.Equal(ids(store.DeliveryFilter{Channel: app.ChannelTelegram}), []string{third, first}) // by channel
	is.Equal(ids(store.DeliveryFilter{Status: app.DeliveryFailed}), []string{third, second})  // by status
	is.Equal(len(ids(store.DeliveryFilter{AutomationID: "a"})), 0)                            // by rule
	is.Equal(ids(store.DeliveryFilter{Limit: 1}), []string{third})                            // by page
	is.Equal(ids(store.DeliveryFilter{Limit: 1, Before: third}), []string{second})            // and on
	is.Equal(ids(store.DeliveryFilter{Before: second}), []string{first})                      // also within one moment
	is.Equal(len(ids(store.DeliveryFilter{Before: theirs})), 0)                               // another's id tells nothing
	_, err := f.Delivery(ctx, f.Business.ID, theirs)
	is.True(app.IsKind(err, app.NotFound))
}

func TestChannelStatuses(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	add := func(b app.BusinessID, code string) {
		_, err := f.AddDelivery(ctx, app.Delivery{BusinessID: b, Channel: app.ChannelTelegram, Destination: "telegram:x", Title: "T", Severity: app.Info}, store.Outcome{Code: code})
		is.NoErr(err)
	}
	add(f.Business.ID, "chat_gone") // longer ago than a day
	f.Clock.Advance(25 * time.Hour)
	add(f.Business.ID, "chat_blocked")
	f.Clock.Advance(time.Second)
	add(f.Business.ID, "timeout")
	f.Clock.Advance(time.Second)
	add(f.Business.ID, "")
	add(other.ID, "rejected")
	(&phone{f: f}).link(t, f.Business.ID, f.Owner.ID, annChat)
	off := f.Chat(t, f.Business.ID)
	_, err := f.SetChatActive(ctx, f.Business.ID, off, false)
	is.NoErr(err)

	got, err := f.ChannelStatuses(ctx, f.Business.ID)
	is.NoErr(err)
	is.Equal(got[app.ChannelTelegram], store.ChannelStatus{Destinations: 1, Sent24h: 1, Failed24h: 2, LastError: "timeout"}) // the day, one's own, the chats that are on
	is.Equal(got[app.ChannelDiscord], store.ChannelStatus{})
	is.Equal(got[app.ChannelInApp], store.ChannelStatus{Destinations: 1}) // the feed reaches the members
}

func TestRetryDelivery(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	chat := (&phone{f: f}).link(t, f.Business.ID, f.Owner.ID, annChat)
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", []string{chat.ID}, nil, false))
	is.NoErr(err)
	id := deliveryFor(t, f, a, chat.ID)[0]
	counts := func() [2]int64 {
		a, err := f.Automation(ctx, f.Business.ID, a.ID)
		is.NoErr(err)
		return [2]int64{a.Sent, a.Failed}
	}
	is.True(app.IsKind(f.RetryDelivery(ctx, f.Business.ID, id), app.Conflict)) // it is still on its way
	for range 2 {
		job, d := claimDelivery(t, f)
		is.NoErr(f.EndDelivery(ctx, job, d, store.Outcome{Tried: true, Code: "timeout"}))
		is.Equal(counts(), [2]int64{0, 1})
		is.True(app.IsKind(f.RetryDelivery(ctx, "another", id), app.NotFound)) // another business's is as if it were not there
		f.Clock.Advance(time.Hour)
		is.NoErr(f.RetryDelivery(ctx, f.Business.ID, id))
		is.Equal(counts(), [2]int64{0, 0})                                         // it has not failed any more
		is.True(app.IsKind(f.RetryDelivery(ctx, f.Business.ID, id), app.Conflict)) // pressed twice, it is queued once
		d, err = f.Delivery(ctx, f.Business.ID, id)
		is.NoErr(err)
		is.Equal(d.Status, app.DeliveryQueued)
		is.Equal(d.Error, "")
		is.Equal(d.NextAttemptAt, f.Clock.Now()) // it is due at once
	}
	job, d := claimDelivery(t, f)
	is.Equal(job.Lane, d.Destination) // in the lane of its destination
	is.Equal(job.Attempts, 0)         // with all its attempts
	is.NoErr(f.EndDelivery(ctx, job, d, store.Outcome{Tried: true, State: app.ChatOK}))
	is.Equal(counts(), [2]int64{1, 0}) // and counts once, as what it came to
	d, err = f.Delivery(ctx, f.Business.ID, id)
	is.NoErr(err)
	is.Equal(d.Attempts, 3)                                                    // every attempt is told of
	is.True(app.IsKind(f.RetryDelivery(ctx, f.Business.ID, id), app.Conflict)) // what arrived is not sent again

	byHand, err := f.AddDelivery(ctx, app.Delivery{
		BusinessID: f.Business.ID, Channel: app.ChannelTelegram, Destination: "telegram:" + chat.ID, ChatID: chat.ID, Title: "T", Severity: app.Info,
	}, store.Outcome{Tried: true, Code: "timeout"})
	is.NoErr(err)
	is.True(app.IsKind(f.RetryDelivery(ctx, f.Business.ID, byHand), app.Conflict)) // nor what its sender knows to have failed
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'deliver'`), "0")
}
