package automation_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/automation"
	"crk/app/jobs"
	"crk/store/storetest"
)

// create stores a rule as an automation.
func create(t testing.TB, f *storetest.Fixture, business app.BusinessID, r app.Rule) app.Automation {
	t.Helper()
	g, err := automation.Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.CreateAutomation(t.Context(), business, g)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func engine(f *storetest.Fixture) *automation.Engine {
	return automation.New(f.Store, slog.New(slog.DiscardHandler), "https://crk.example")
}

func angry(chat string) app.Rule {
	return app.Rule{
		Name:       "Angry caller",
		Conditions: []app.Condition{{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(60)}},
		Message: "{{score}} {{score_reason}} {{tag}} {{sentiment}} {{direction}} {{duration}} {{customer_phone}} {{agent}} {{agent_number}} " +
			"{{summary}} {{topics}} {{action_items}} {{call_at}} {{source}} {{business}} {{rule}} {{link}}",
		Severity:        app.Critical,
		TelegramChatIDs: []string{chat},
		InApp:           true,
	}
}

func TestRun(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	other, _ := f.OtherBusiness(t)
	chat, call := f.Chat(t, f.Business.ID), f.Call(t, f.Business.ID)
	fires := create(t, f, f.Business.ID, angry(chat))
	calm := angry(chat)
	calm.Conditions[0].Op = app.OpGte
	create(t, f, f.Business.ID, calm)
	off := create(t, f, f.Business.ID, angry(chat))
	_, err := f.EnableAutomation(t.Context(), f.Business.ID, off.ID, false)
	is.NoErr(err) // one rule is off
	create(t, f, other.ID, angry(f.Chat(t, other.ID)))

	f.Drain(t, engine(f).Run, app.JobAutomate)

	is.Equal(f.Text(t, `SELECT group_concat(destination) FROM (SELECT * FROM deliveries ORDER BY destination DESC)`),
		"telegram:"+chat+",in_app") // the rule that matches, is on, and is of this business
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'deliver'`), "2") // is queued for each destination
	is.Equal(f.Text(t, `SELECT automation_id || title || severity || link || data FROM deliveries WHERE channel = 'telegram'`),
		fires.ID+"Angry caller"+"critical"+"https://crk.example/calls/"+call+`{"recordingId":"`+call+`"}`) // with what channels need
	is.Equal(f.Text(t, `SELECT body FROM deliveries WHERE channel = 'telegram'`),
		"41 He shouted. normal negative in 2:05 0812345678 Somchai 1001 Wants a refund refund call back 2026-11-16 13:00 dtac "+
			"Acme Co Angry caller https://crk.example/calls/"+call) // and the message filled in
	a, err := f.Automation(t.Context(), f.Business.ID, fires.ID)
	is.NoErr(err)                        // the rule
	is.Equal(a.LastRunAt, f.Clock.Now()) // ran now
	is.Equal(a.Sent+a.Failed, int64(0))  // and nothing is sent yet
	var trace automation.Trace
	is.NoErr(json.Unmarshal([]byte(f.Text(t, `SELECT trace FROM automation_runs`)), &trace)) // its log
	is.True(trace.Matched && trace.Nodes[1].Group.Conditions[0].Met)                         // tells why
	is.Equal(f.Text(t, `SELECT count(*) FROM automation_runs`), "1")                         // of the one that matched
}

func TestRunTwice(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	create(t, f, f.Business.ID, angry(f.Chat(t, f.Business.ID)))
	call := f.Call(t, f.Business.ID)
	again := func() {
		f.Drain(t, engine(f).Run, app.JobAutomate)
		is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobAutomate, BusinessID: f.Business.ID, Key: call}))
		f.Drain(t, engine(f).Run, app.JobAutomate)
	}
	again()
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "2") // each destination once for an analysis
	f.Exec(t, `UPDATE recordings SET analysis_id = 'the next'`)
	again()
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "2") // not for the next
	every := angry(f.Chat(t, f.Business.ID))
	every.OnReanalysis = true
	create(t, f, f.Business.ID, every)
	again()
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "4") // a rule that is new
	f.Exec(t, `UPDATE recordings SET analysis_id = 'the one after'`)
	again()
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "6") // tells of each analysis, if it says so
}

func TestRunConditionsSeeTheCall(t *testing.T) {
	f := storetest.New(t)
	f.Call(t, f.Business.ID)
	for _, tt := range []struct{ field, op, value string }{
		{"score", "eq", "41"}, {"duration", "eq", "125"}, {"talk_ratio", "eq", "0.75"}, {"silence_ratio", "eq", "0.25"},
		{"tag", "eq", `"normal"`}, {"sentiment", "eq", `"negative"`}, {"direction", "eq", `"in"`}, {"source", "eq", `"dtac"`},
		{"language", "eq", `"th"`}, {"customer_phone", "eq", `"+66812345678"`}, {"agent", "eq", `"somchai"`}, {"agent_number", "eq", `"1001"`},
		{"summary", "contains", `"refund"`}, {"transcript", "contains", `"คืนเงิน"`}, {"topic", "eq", `"refund"`},
		{"call_hour", "eq", "13"}, {"call_weekday", "eq", "1"},
	} {
		t.Run(tt.field, func(t *testing.T) {
			is := is.New(t)
			r := app.Rule{Name: tt.field, Message: "m", InApp: true}
			is.NoErr(json.Unmarshal([]byte(`[{"field":"`+tt.field+`","op":"`+tt.op+`","value":`+tt.value+`}]`), &r.Conditions))
			trace, err := engine(f).Try(t.Context(), create(t, f, f.Business.ID, r), f.Text(t, `SELECT id FROM recordings`))
			is.NoErr(err)          // the rule can be tried
			is.True(trace.Matched) // and sees what the store holds
		})
	}
	is := is.New(t)
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "0")      // trying sends nothing
	is.Equal(f.Text(t, `SELECT count(*) FROM automation_runs`), "0") // and leaves nothing
}

func TestRunWithoutAnalysisOrCall(t *testing.T) {
	for name, change := range map[string]string{
		"no analysis": `UPDATE recordings SET analysis_id = NULL`,
		"no call":     `DELETE FROM recordings`,
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			create(t, f, f.Business.ID, angry(f.Chat(t, f.Business.ID)))
			f.Call(t, f.Business.ID)
			f.Exec(t, change)
			f.Drain(t, engine(f).Run, app.JobAutomate)                  // ends without an error
			is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "0") // and tells nobody
		})
	}
}

func TestBrokenAutomationKeepsNoOtherFromRunning(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	broken := create(t, f, f.Business.ID, angry(f.Chat(t, f.Business.ID)))
	create(t, f, f.Business.ID, app.Rule{Name: "Whole", Message: "m", InApp: true})
	f.Exec(t, `UPDATE automations SET graph = replace(graph, '"version":1', '"version":9') WHERE id = ?`, broken.ID)
	f.Call(t, f.Business.ID)
	var log strings.Builder
	e := automation.New(f.Store, slog.New(slog.NewTextHandler(&log, nil)), "")
	f.Drain(t, e.Run, app.JobAutomate)
	is.Equal(f.Text(t, `SELECT group_concat(title || link) FROM deliveries`), "Whole") // the other one runs, without a link where no address is known
	is.True(strings.Contains(log.String(), broken.ID))                                 // and the broken one is logged
}

// TestRunnerRunsAutomations holds the handler to what the runner asks of it.
func TestRunnerRunsAutomations(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	create(t, f, f.Business.ID, app.Rule{Name: "All", Message: "m", InApp: true})
	f.Call(t, f.Business.ID)
	h := engine(f).Handler()
	run := h.Run
	ctx, stop := context.WithCancel(t.Context())
	h.Run = func(ctx context.Context, j app.Job) error {
		defer stop()
		return run(context.WithoutCancel(ctx), j)
	}
	is.NoErr(jobs.New(f.Store, slog.New(slog.DiscardHandler), map[app.JobKind]jobs.Handler{app.JobAutomate: h}).Run(ctx)) // the runner stops in order
	is.Equal(f.Text(t, `SELECT group_concat(kind) FROM jobs`), "deliver")                                                 // what is left is to deliver

	is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobAutomate, BusinessID: f.Business.ID, Key: "x"}))
	claimed, err := f.ClaimJobs(t.Context(), app.JobAutomate, 1, time.Minute)
	is.NoErr(err)                                                                 // a job
	is.NoErr(h.GiveUp(t.Context(), claimed[0], errors.New("no")))                 // that is given up
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'automate'`), "0") // goes away
	is.True(h.Backoff(1) > 0 && h.MaxAge > 0 && h.Slots > 0)                      // and until then is tried again
}

// TestADestinationGetsOneMessage has two messages of one graph meet at one chat.
func TestADestinationGetsOneMessage(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	chat, webhook := f.Chat(t, f.Business.ID), f.Webhook(t, f.Business.ID)
	node := func(id, text string) app.Node {
		return app.Node{ID: id, Kind: app.NodeMessage, Message: &app.MessageText{Text: text, Severity: app.Info}}
	}
	send := func(id, channel, to string) app.Node {
		return app.Node{ID: id, Kind: app.NodeSend, Send: &app.Send{Channel: channel, To: []string{to}}}
	}
	_, err := f.CreateAutomation(t.Context(), f.Business.ID, app.Graph{
		Version: app.GraphVersion, Name: "Two",
		Nodes: []app.Node{
			{ID: "t", Kind: app.NodeTrigger}, node("m1", "first"), node("m2", "second"),
			send("s1", app.ChannelTelegram, chat), send("s2", app.ChannelTelegram, chat), send("s3", app.ChannelDiscord, webhook),
		},
		Edges: []app.Edge{{From: "t", To: "m1"}, {From: "t", To: "m2"}, {From: "m1", To: "s1"}, {From: "m2", To: "s2"}, {From: "m2", To: "s3"}},
	})
	is.NoErr(err) // an advanced automation
	f.Call(t, f.Business.ID)
	f.Drain(t, engine(f).Run, app.JobAutomate)
	is.Equal(f.Text(t, `SELECT group_concat(destination || ' ' || body, ', ') FROM (SELECT * FROM deliveries ORDER BY id)`),
		"telegram:"+chat+" first, discord:"+webhook+" second") // the first one that comes by
}

func TestTry(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	other, _ := f.OtherBusiness(t)
	a := create(t, f, f.Business.ID, angry(f.Chat(t, f.Business.ID)))
	_, err := engine(f).Try(t.Context(), a, f.Call(t, other.ID))
	is.True(app.IsKind(err, app.NotFound)) // another's call is not there
}

// A writerFunc is called with what is written.
type writerFunc func()

func (w writerFunc) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

// TestRuleChangedWhileItRuns changes a rule between its reading and the saving of
// what came of it: the log of a broken rule is written in between.
func TestRuleChangedWhileItRuns(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes int // how often the rule is changed at that moment
		want    string
	}{
		{"once", 1, "changed"},
		{"without end", 1000, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			rule := app.Rule{Name: "Whole", Message: "first", InApp: true}
			a := create(t, f, f.Business.ID, rule)
			create(t, f, f.Business.ID, angry(f.Chat(t, f.Business.ID)))
			f.Exec(t, `UPDATE automations SET graph = replace(graph, '"version":1', '"version":9') WHERE name <> 'Whole'`)
			f.Call(t, f.Business.ID)
			changes := 0
			meanwhile := writerFunc(func() {
				if changes++; changes > tt.changes {
					return
				}
				rule.Message = "changed"
				g, err := automation.Compile(rule)
				is.NoErr(err) // the change is a rule
				_, err = f.ReplaceAutomation(t.Context(), f.Business.ID, a.ID, g)
				is.NoErr(err) // and is stored
			})
			claimed, err := f.ClaimJobs(t.Context(), app.JobAutomate, 1, time.Minute)
			is.NoErr(err) // the call's job
			err = automation.New(f.Store, slog.New(slog.NewTextHandler(meanwhile, nil)), "").Run(t.Context(), claimed[0])
			is.Equal(err == nil, tt.want != "")                                       // a run ends, or is tried again later
			is.Equal(f.Text(t, `SELECT group_concat(body) FROM deliveries`), tt.want) // what is sent is what the rule says now
		})
	}
}
