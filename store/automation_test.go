package store_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// graph returns one that sends to these chats and webhooks, and to the feed.
func graph(name string, chats, webhooks []string, feed bool) app.Graph {
	g := app.Graph{
		Version: app.GraphVersion, Name: name,
		Nodes: []app.Node{
			{ID: "start", Kind: app.NodeTrigger},
			{ID: "message", Kind: app.NodeMessage, Message: &app.MessageText{Text: "x", Severity: app.Info}},
		},
		Edges: []app.Edge{{From: "start", To: "message"}},
	}
	send := func(channel string, to []string) {
		g.Nodes = append(g.Nodes, app.Node{ID: channel, Kind: app.NodeSend, Send: &app.Send{Channel: channel, To: to}})
		g.Edges = append(g.Edges, app.Edge{From: "message", To: channel})
	}
	if len(chats) > 0 {
		send(app.ChannelTelegram, chats)
	}
	if len(webhooks) > 0 {
		send(app.ChannelDiscord, webhooks)
	}
	if feed {
		send(app.ChannelInApp, nil)
	}
	return g
}

func TestAutomations(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	chat, webhook := f.Chat(t, f.Business.ID), f.Webhook(t, f.Business.ID)

	first, err := f.CreateAutomation(ctx, f.Business.ID, graph("First", []string{chat}, []string{webhook}, true))
	is.NoErr(err)          // a valid graph is stored
	is.True(first.Enabled) // and switched on
	read, err := f.Automation(ctx, f.Business.ID, first.ID)
	is.NoErr(err)         // it can be read
	is.Equal(read, first) // as it was written

	f.Clock.Advance(time.Second)
	second, err := f.CreateAutomation(ctx, f.Business.ID, graph("Second", nil, nil, true))
	is.NoErr(err) // another one
	list, total, err := f.Automations(ctx, f.Business.ID, 10, 0)
	is.NoErr(err)                                   // they can be listed
	is.Equal(list, []app.Automation{second, first}) // newest first
	is.Equal(total, 2)                              // and counted
	list, total, err = f.Automations(ctx, f.Business.ID, 1, 1)
	is.NoErr(err)                           // by page
	is.Equal(list, []app.Automation{first}) // the second one
	is.Equal(total, 2)                      // of all

	off, err := f.EnableAutomation(ctx, f.Business.ID, second.ID, false)
	is.NoErr(err)         // it can be switched off
	is.True(!off.Enabled) // and says so
	enabled, err := f.EnabledAutomations(ctx, f.Business.ID)
	is.NoErr(err)                              // those that are on
	is.Equal(enabled, []app.Automation{first}) // are the others

	replaced, err := f.ReplaceAutomation(ctx, f.Business.ID, second.ID, graph("Third", nil, nil, true))
	is.NoErr(err)                                    // it can be replaced
	is.Equal(replaced.Name(), "Third")               // by another graph
	is.True(!replaced.Enabled)                       // and stays off
	is.True(replaced.UpdatedAt.After(off.UpdatedAt)) // two versions differ in their time, also at one moment

	is.NoErr(f.DeleteAutomation(ctx, f.Business.ID, first.ID)) // it can be deleted
	_, err = f.Automation(ctx, f.Business.ID, first.ID)
	is.True(app.IsKind(err, app.NotFound)) // and is gone

	var topics []string
	for _, c := range f.Changes() {
		if c.Topic == "automation" {
			topics = append(topics, c.Status)
		}
	}
	is.Equal(topics, []string{"created", "created", "updated", "updated", "deleted"}) // each change is published
}

func TestAutomationsOfAnotherBusiness(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("Mine", nil, nil, true))
	is.NoErr(err) // one is made

	for name, call := range map[string]func(app.BusinessID) error{
		"read":    func(b app.BusinessID) error { _, err := f.Automation(ctx, b, a.ID); return err },
		"replace": func(b app.BusinessID) error { _, err := f.ReplaceAutomation(ctx, b, a.ID, a.Graph); return err },
		"switch":  func(b app.BusinessID) error { _, err := f.EnableAutomation(ctx, b, a.ID, false); return err },
		"delete":  func(b app.BusinessID) error { return f.DeleteAutomation(ctx, b, a.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			is.True(app.IsKind(call(other.ID), app.NotFound)) // another's is as if it were not there
		})
	}
	list, total, err := f.Automations(ctx, other.ID, 10, 0)
	is.NoErr(err)                // the other can list
	is.Equal(len(list)+total, 0) // and sees none
	enabled, err := f.EnabledAutomations(ctx, other.ID)
	is.NoErr(err)             // nor
	is.Equal(len(enabled), 0) // runs any
	again, err := f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)      // it is still there
	is.Equal(again, a) // and untouched
}

func TestAutomationTargetsMustBeThere(t *testing.T) {
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	chat, webhook := f.Chat(t, f.Business.ID), f.Webhook(t, f.Business.ID)
	stored, err := f.CreateAutomation(ctx, f.Business.ID, graph("Stored", []string{chat}, nil, false))
	is.New(t).NoErr(err) // one is made

	for _, tt := range []struct {
		name            string
		chats, webhooks []string
		code            string
	}{
		{"unknown chat", []string{chat, "none"}, nil, "chat_not_found"},
		{"another's chat", []string{f.Chat(t, other.ID)}, nil, "chat_not_found"},
		{"a webhook as chat", []string{webhook}, nil, "chat_not_found"},
		{"unknown webhook", nil, []string{"none"}, "discord_webhook_not_found"},
		{"another's webhook", []string{chat}, []string{webhook, f.Webhook(t, other.ID)}, "discord_webhook_not_found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			g := graph("New", tt.chats, tt.webhooks, true)
			_, err := f.CreateAutomation(ctx, f.Business.ID, g)
			is.True(err != nil && strings.HasPrefix(err.Error(), tt.code+":")) // is not taken
			_, err = f.ReplaceAutomation(ctx, f.Business.ID, stored.ID, g)
			is.True(err != nil && strings.HasPrefix(err.Error(), tt.code+":")) // nor in another's place
			list, _, err := f.Automations(ctx, f.Business.ID, 10, 0)
			is.NoErr(err)                            // what there is
			is.Equal(list, []app.Automation{stored}) // is what there was
		})
	}
}

func TestAutomationsAreBounded(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("One", nil, nil, true))
	is.NoErr(err) // one is made
	f.Exec(t, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
		INSERT INTO automations (id, business_id, name, graph, created_at, updated_at)
		SELECT i, business_id, name, graph, created_at, updated_at FROM automations, n`)
	_, err = f.CreateAutomation(ctx, f.Business.ID, a.Graph)
	is.True(app.IsKind(err, app.Conflict)) // one more than may be
}

func TestDeletedDestinationGoesFromTheRules(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	chat, webhook := f.Chat(t, f.Business.ID), f.Webhook(t, f.Business.ID)
	create := func(g app.Graph) app.Automation {
		a, err := f.CreateAutomation(ctx, f.Business.ID, g)
		is.NoErr(err) // an automation is made
		return a
	}
	both := create(graph("Both", []string{chat}, []string{webhook}, false))
	alone := create(graph("Alone", []string{chat}, nil, false))
	off := create(graph("Off", []string{chat}, nil, false))
	apart := create(graph("Apart", nil, []string{webhook}, false))
	_, err := f.EnableAutomation(ctx, f.Business.ID, off.ID, false)
	is.NoErr(err) // one is off already

	is.NoErr(f.RemoveDestination(ctx, other.ID, app.ChannelTelegram, chat))                       // another business's chat of that id
	is.NoErr(f.RemoveDestination(ctx, f.Business.ID, app.ChannelDiscord, chat))                   // or a webhook of that id
	is.Equal(f.Text(t, `SELECT count(*) FROM automations WHERE graph LIKE ?`, "%"+chat+"%"), "3") // takes nothing out

	is.NoErr(f.RemoveDestination(ctx, f.Business.ID, app.ChannelTelegram, chat)) // the chat itself
	read := func(id string) app.Automation {
		a, err := f.Automation(ctx, f.Business.ID, id)
		is.NoErr(err) // the automation is still there
		return a
	}
	is.Equal(len(read(both.ID).Graph.Targets(app.ChannelTelegram)), 0)           // it is taken out
	is.Equal(read(both.ID).Graph.Targets(app.ChannelDiscord), []string{webhook}) // the rest stays
	is.True(read(both.ID).Enabled)                                               // what can send is on
	is.True(!read(alone.ID).Enabled)                                             // what cannot is off
	is.True(read(alone.ID).UpdatedAt.After(alone.UpdatedAt))                     // and is another version
	is.Equal(read(apart.ID), apart)                                              // what did not name it is untouched
	is.Equal(f.Text(t, `SELECT group_concat(title || ' / ' || severity || ' / ' || data) FROM feed WHERE business_id = ?`, f.Business.ID),
		`A rule was switched off: Alone / warning / {"automationId":"`+alone.ID+`"}`) // the feed tells of the one that was switched off
	var told int
	for _, c := range f.Changes() {
		if c.Topic == "feed" && c.Feed != nil && c.Feed.Seq > 0 && c.Feed.Title == "A rule was switched off: Alone" {
			told++
		}
	}
	is.Equal(told, 1) // live too

	_, err = f.EnableAutomation(ctx, f.Business.ID, alone.ID, true)
	is.True(app.IsKind(err, app.Conflict)) // it cannot be switched on without a destination
	_, err = f.ReplaceAutomation(ctx, f.Business.ID, alone.ID, graph("Alone", nil, nil, true))
	is.NoErr(err) // with one
	_, err = f.EnableAutomation(ctx, f.Business.ID, alone.ID, true)
	is.NoErr(err) // it can
}

func TestSilencedAutomationIsToldInThai(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	f.Exec(t, `UPDATE businesses SET language = 'th'`)
	chat := f.Chat(t, f.Business.ID)
	_, err := f.CreateAutomation(ctx, f.Business.ID, graph("กฎ", []string{chat}, nil, false))
	is.NoErr(err)                                                                // an automation
	is.NoErr(f.RemoveDestination(ctx, f.Business.ID, app.ChannelTelegram, chat)) // loses its chat
	is.Equal(f.Text(t, `SELECT title FROM feed`), "ปิดกฎแล้ว: กฎ")               // which is told in the business's language
}

// decided is a run of which all is known beforehand.
func decided(a app.Automation, d store.Decision) store.AutomationRun {
	return store.AutomationRun{Automation: a, Decide: func(store.Used) store.Decision { return d }}
}

// reRunning is the graph with the choice to fire at each analysis.
func reRunning(g app.Graph) app.Graph {
	g.Nodes = slices.Clone(g.Nodes)
	g.Nodes[0].Trigger = &app.Trigger{OnReanalysis: true}
	return g
}

func TestSaveAutomationRuns(t *testing.T) {
	f, ctx := storetest.New(t), t.Context()
	is := is.New(t)
	chat := f.Chat(t, f.Business.ID)
	call := f.Call(t, f.Business.ID)
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", []string{chat}, nil, true))
	is.NoErr(err) // an automation
	run := decided(a, store.Decision{Trace: json.RawMessage(`{"matched":true}`), Deliveries: []app.Delivery{
		{Channel: app.ChannelTelegram, Destination: "telegram:" + chat, Title: "A", Body: "b", Link: "https://l.example", Severity: app.Warning},
		{Channel: app.ChannelInApp, Destination: "in_app", Title: "A", Body: "b", Severity: app.Warning, Data: json.RawMessage(`{"k":"v"}`)},
	}})
	claim := func() app.Job {
		t.Helper()
		claimed, err := f.ClaimJobs(ctx, app.JobAutomate, 1, time.Minute)
		is.NoErr(err)             // jobs can be claimed
		is.Equal(len(claimed), 1) // the call's is there
		return claimed[0]
	}

	job := claim()
	stale := job
	stale.Claims--
	is.Equal(f.SaveAutomationRuns(ctx, stale, "an-1", []store.AutomationRun{run}), store.ErrLease) // not by who has lost the job
	is.NoErr(f.SaveAutomationRuns(ctx, job, "an-1", []store.AutomationRun{run}))                   // but by who has it
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'automate'`), "0")                  // which ends the job
	is.Equal(f.Text(t, `SELECT group_concat(lane || ' ' || (key = d.id), ', ') FROM (SELECT * FROM jobs ORDER BY id) j JOIN deliveries d ON d.id = j.key
		WHERE kind = 'deliver'`), "telegram:"+chat+" 1, in_app 1") // one job for each destination, in its lane
	is.Equal(f.Text(t, `SELECT channel || title || body || link || severity || status || attempts || recording_id || analysis_id || automation_id
		FROM deliveries WHERE channel = 'telegram'`), "telegramAbhttps://l.examplewarningqueued0"+call+"an-1"+a.ID) // with all there is to send
	is.Equal(f.Text(t, `SELECT data FROM deliveries WHERE channel = 'in_app'`), `{"k":"v"}`)                                              // and its data
	is.Equal(f.Text(t, `SELECT trace FROM automation_runs WHERE automation_id = ? AND recording_id = ?`, a.ID, call), `{"matched":true}`) // the log tells how
	read, err := f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)                             // the automation
	is.Equal(read.LastRunAt, storetest.Start) // knows when it ran last
	is.Equal(read.UpdatedAt, a.UpdatedAt)     // which is no change of it

	again := func(analysis string) error {
		is.NoErr(f.QueueJob(ctx, app.Job{Kind: app.JobAutomate, BusinessID: f.Business.ID, Key: call}))
		return f.SaveAutomationRuns(ctx, claim(), analysis, []store.AutomationRun{run})
	}
	is.NoErr(again("an-1"))                                     // run twice
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "2") // it is as if once
	f.Exec(t, `DELETE FROM automation_runs`)
	is.NoErr(again("an-1"))                                                      // even without its log
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "2")                  // a destination gets it once
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'deliver'`), "2") // and no job is left over
	is.NoErr(again("an-2"))                                                      // a new analysis
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "2")                  // is not told anew
	run.Automation.Graph = reRunning(a.Graph)
	is.NoErr(again("an-2"))                                     // but where the rule says so
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "4") // it is

	_, err = f.EnableAutomation(ctx, f.Business.ID, a.ID, false)
	is.NoErr(err)                                                                 // switched off meanwhile
	is.Equal(again("an-3"), store.ErrStale)                                       // nothing is stored
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "4")                   // of it
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'automate'`), "1") // and the job stays
}

func TestSaveAutomationRunsOfOldVersions(t *testing.T) {
	f, ctx := storetest.New(t), t.Context()
	for _, tt := range []struct {
		name   string
		change func(id string) error
	}{
		{"changed", func(id string) error {
			_, err := f.ReplaceAutomation(ctx, f.Business.ID, id, graph("B", nil, nil, true))
			return err
		}},
		{"deleted", func(id string) error { return f.DeleteAutomation(ctx, f.Business.ID, id) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f.Call(t, f.Business.ID)
			a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, nil, true))
			is.NoErr(err) // an automation
			jobs, err := f.ClaimJobs(ctx, app.JobAutomate, 1, time.Minute)
			is.NoErr(err)             // and a job
			is.NoErr(tt.change(a.ID)) // between the reading and the saving
			run := decided(a, store.Decision{Trace: json.RawMessage(`{}`)})
			is.Equal(f.SaveAutomationRuns(ctx, jobs[0], "an", []store.AutomationRun{run}), store.ErrStale) // is noticed
		})
	}
}

func TestCountDeliveries(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, nil, true))
	is.NoErr(err) // an automation
	count := func(automation, status string) {
		is.NoErr(f.CountDelivery(ctx, app.Delivery{BusinessID: f.Business.ID, AutomationID: automation, Status: status}))
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { count(a.ID, app.DeliverySent) })
	}
	all.Wait()
	count(a.ID, app.DeliveryFailed)
	count(a.ID, app.DeliveryQueued) // is no end
	count("", app.DeliverySent)     // is no automation's
	read, err := f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)                   // the counts
	is.Equal(read.Sent, int64(20))  // are exact
	is.Equal(read.Failed, int64(1)) // of both kinds
}

func TestAnalysedCall(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	id := f.Call(t, f.Business.ID)
	call, err := f.AnalysedCall(ctx, f.Business.ID, id)
	is.NoErr(err)                                     // a call of the business
	is.Equal(call.ID, id)                             // itself
	is.Equal(call.Summary, "Wants a refund")          // with its analysis
	is.Equal(call.ScoreReason, "He shouted.")         // of which the reason is not in the list
	is.Equal(call.Transcript, "สวัสดีครับ ขอคืนเงิน") // what was said
	is.Equal(call.Sound.SilenceRatio, 0.25)           // and what the audio says
	_, err = f.AnalysedCall(ctx, other.ID, id)
	is.True(app.IsKind(err, app.NotFound)) // is not another's
}
