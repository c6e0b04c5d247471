package automation_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/automation"
	"crk/store/storetest"
)

// office is a window of usual business hours.
func office() *app.Window {
	return &app.Window{Days: []int{1, 2, 3, 4, 5}, From: "08:00", Until: "18:00"}
}

// full is a throttle through which nothing more goes.
func full(_ string, t app.Throttle, _ string) int { return t.Most }

// wideGraph has a node of every kind: in office hours the chiefs are told of bad
// calls, once an hour for each number and quietly beyond that; out of them all
// are told.
func wideGraph() app.Graph {
	message := func(id, text string) app.Node {
		return app.Node{ID: id, Kind: app.NodeMessage, Message: &app.MessageText{Text: text, Severity: app.Info}}
	}
	feed := func(id string, roles ...app.Role) app.Node {
		return app.Node{ID: id, Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelInApp, Roles: roles}}
	}
	return app.Graph{
		Version: app.GraphVersion, Name: "Wide",
		Nodes: []app.Node{
			{ID: "start", Kind: app.NodeTrigger},
			{ID: "office", Kind: app.NodeWindow, Window: office()},
			{ID: "bad", Kind: app.NodeGroup, Group: &app.Group{Match: app.MatchAll, Conditions: []app.Condition{
				{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(60)}}}},
			{ID: "limit", Kind: app.NodeThrottle, Throttle: &app.Throttle{Most: 1, Seconds: 3600, By: app.ByPhone}},
			message("loud", "loud {{score}}"), message("quiet", "quiet"), message("late", "late"),
			feed("chiefs", app.Owner, app.Supervisor), feed("log", app.RoleAdmin), feed("all"),
		},
		Edges: []app.Edge{
			{From: "start", To: "office"}, {From: "office", Exit: app.ExitYes, To: "bad"}, {From: "office", Exit: app.ExitNo, To: "late"},
			{From: "bad", Exit: app.ExitYes, To: "limit"}, {From: "limit", Exit: app.ExitYes, To: "loud"}, {From: "limit", Exit: app.ExitNo, To: "quiet"},
			{From: "loud", To: "chiefs"}, {From: "quiet", To: "log"}, {From: "late", To: "all"},
		},
	}
}

func TestRunThroughEveryKind(t *testing.T) {
	p, err := automation.NewProgram(wideGraph())
	is.New(t).NoErr(err) // the graph is valid
	early, score := fullFacts(), 90.0
	early.CallAt = time.Date(2026, 11, 20, 10, 0, 0, 0, early.Zone)
	good := early
	good.Score = &score
	empty := func(string, app.Throttle, string) int { return 0 }
	for _, tt := range []struct {
		name  string
		facts automation.Facts
		uses  automation.Uses
		body  string // of the one message; empty: none
		asks  bool
		held  bool
		pass  []automation.Pass
	}{
		{"in hours, bad, first", early, empty, "loud 41.5", true, false, []automation.Pass{{NodeID: "limit", Subject: "+66812345678"}}},
		{"in hours, bad, once more", early, full, "quiet", true, true, nil},
		{"in hours, good", good, full, "", false, false, nil},
		{"out of hours", fullFacts(), full, "late", false, false, nil},
		{"at no known time", automation.Facts{}, full, "late", false, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			call := automation.NewCall(tt.facts)
			o := p.Run(call, tt.uses)
			body := ""
			for _, s := range o.Sent {
				body += s.Body
			}
			is.Equal(body, tt.body)         // it says this
			is.Equal(o.Held, tt.held)       // a throttle held it back
			is.Equal(o.Passed, tt.pass)     // or let it through, which counts
			is.Equal(p.Asks(call), tt.asks) // it is known beforehand whether a throttle is asked
			trace := o.Trace()              // and afterwards
			is.Equal(trace.Matched, body != "")
			for i, n := range trace.Nodes {
				is.Equal(n.ID, wideGraph().Nodes[i].ID) // every node is told of
			}
			is.Equal(trace.Nodes[3].Throttle.Most, 1)
			again, err := json.Marshal(p.Run(call, tt.uses).Trace())
			is.NoErr(err)
			first, err := json.Marshal(trace)
			is.NoErr(err)
			is.Equal(first, again) // the same every time
		})
	}
}

// TestThrottleCountsWhatSends keeps a call from counting of which nothing was
// sent beyond the throttle, although something was sent elsewhere.
func TestThrottleCountsWhatSends(t *testing.T) {
	is := is.New(t)
	g := wideGraph()
	g.Edges[5] = app.Edge{From: "limit", Exit: app.ExitYes, To: "quiet"}
	g.Nodes = append(g.Nodes, app.Node{ID: "never", Kind: app.NodeWindow, Window: &app.Window{Days: []int{1}, From: "03:00", Until: "03:01"}})
	g.Edges[4] = app.Edge{From: "limit", Exit: app.ExitYes, To: "never"}
	g.Edges[5] = app.Edge{From: "never", Exit: app.ExitYes, To: "loud"}
	g.Edges = append(g.Edges, app.Edge{From: "bad", Exit: app.ExitYes, To: "quiet"})
	p, err := automation.NewProgram(g)
	is.NoErr(err) // the graph is valid
	f := fullFacts()
	f.CallAt = time.Date(2026, 11, 20, 10, 0, 0, 0, f.Zone)
	o := p.Run(automation.NewCall(f), nil)
	is.Equal(len(o.Sent), 1)   // something is sent
	is.Equal(len(o.Passed), 0) // but not beyond the throttle
}

// TestRandomGraphs holds programs of random graphs to what every graph promises.
func TestRandomGraphs(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	call := automation.NewCall(fullFacts())
	valid := 0
	for range 3000 {
		g := randomGraph(r)
		p, err := automation.NewProgram(g)
		if err != nil {
			continue
		}
		valid++
		o := p.Run(call, func(_ string, th app.Throttle, _ string) int { return th.Most - 1 })
		closed := p.Run(call, full)
		if len(o.Sent) > 0 != o.Trace().Matched || len(closed.Passed) > 0 || o.Held {
			t.Fatalf("%+v: sent %v, passed %v, held %v", g, o.Sent, closed.Passed, o.Held)
		}
		if !p.Asks(call) && (len(o.Sent) != len(closed.Sent) || closed.Held) {
			t.Fatalf("%+v: a throttle that nobody came by changed what is sent", g)
		}
		seen := map[string]bool{}
		for _, s := range o.Sent {
			if seen[s.NodeID] {
				t.Fatalf("%+v: node %s happened twice", g, s.NodeID)
			}
			seen[s.NodeID] = true
		}
	}
	if valid < 300 {
		t.Fatalf("only %d graphs were valid", valid) // else this tests nothing
	}
}

// randomGraph returns a graph of every kind of node that is valid more often than
// not.
func randomGraph(r *rand.Rand) app.Graph {
	g := app.Graph{Version: app.GraphVersion, Name: "r", Nodes: []app.Node{{ID: "0", Kind: app.NodeTrigger}}}
	ids := "0123456789abcdef"
	open := []app.Edge{{From: "0"}}
	for i := 1; i < 4+r.IntN(8) && len(open) > 0; i++ {
		at := r.IntN(len(open))
		e := open[at]
		id := ids[i : i+1]
		n := app.Node{ID: id, Kind: []string{app.NodeGroup, app.NodeWindow, app.NodeThrottle, app.NodeMessage}[r.IntN(4)]}
		switch n.Kind {
		case app.NodeGroup:
			n.Group = &app.Group{Match: app.MatchAny, Conditions: []app.Condition{randomCondition(r), randomCondition(r)}}
		case app.NodeWindow:
			n.Window = &app.Window{Days: []int{1 + r.IntN(7)}, From: "08:00", Until: []string{"08:00", "18:00", "02:00"}[r.IntN(3)]}
		case app.NodeThrottle:
			n.Throttle = &app.Throttle{Most: 1 + r.IntN(9), Seconds: 60, By: app.ThrottleSubjects()[r.IntN(3)]}
		case app.NodeMessage:
			n.Message = &app.MessageText{Text: "m" + id, Severity: app.Info}
		}
		g.Nodes = append(g.Nodes, n)
		g.Edges = append(g.Edges, app.Edge{From: e.From, Exit: e.Exit, To: id})
		if n.Kind == app.NodeMessage {
			g.Nodes = append(g.Nodes, app.Node{ID: "s" + id, Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelInApp}})
			g.Edges = append(g.Edges, app.Edge{From: id, To: "s" + id})
			continue
		}
		open = append(open, app.Edge{From: id, Exit: app.ExitYes}, app.Edge{From: id, Exit: app.ExitNo})
		if r.IntN(8) == 0 { // a second way to a node, or back: then it is no valid graph
			g.Edges = append(g.Edges, app.Edge{From: id, Exit: app.ExitNo, To: ids[r.IntN(i+1):][:1]})
		}
	}
	return g
}

// TestEngineThrottlesAndTellsRoles runs a wide graph for calls of one number.
func TestEngineThrottlesAndTellsRoles(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	g := wideGraph()
	g.Nodes[1].Window.Days = []int{1, 2, 3, 4, 5, 6, 7}
	g.Nodes[1].Window.Until = "08:00"
	a, err := f.CreateAutomation(t.Context(), f.Business.ID, g)
	is.NoErr(err) // an advanced automation
	var call string
	for range 3 {
		call = f.Call(t, f.Business.ID)
	}
	f.Drain(t, engine(f).Run, app.JobAutomate)
	is.Equal(f.Text(t, `SELECT group_concat(destination || ' ' || audience || ' ' || body) FROM (SELECT * FROM deliveries ORDER BY rowid)`),
		"in_app:owner+supervisor 5 loud 41,in_app:admin 2 quiet,in_app:admin 2 quiet") // loud once, then quiet, each to its own
	trace, err := engine(f).Try(t.Context(), a, call)
	is.NoErr(err)                                               // tried,
	is.Equal(trace.Nodes[3].Throttle.Used, 1)                   // it knows what was used
	is.Equal(trace.Nodes[3].Exit, app.ExitNo)                   // and that no more goes through
	is.Equal(trace.Nodes[3].Throttle.Subject, "+66812345678")   // for that number
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "3") // and sends nothing
}

// TestEngineTellsNobodyTwice takes those who were told out of a second audience.
func TestEngineTellsNobodyTwice(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	g := wideGraph()
	g.Edges = append(g.Edges[:1:1], app.Edge{From: "office", Exit: app.ExitYes, To: "loud"}, app.Edge{From: "office", Exit: app.ExitYes, To: "quiet"},
		app.Edge{From: "office", Exit: app.ExitYes, To: "late"}, app.Edge{From: "loud", To: "chiefs"}, app.Edge{From: "quiet", To: "all"},
		app.Edge{From: "late", To: "log"})
	g.Nodes = append(g.Nodes[:2:2], g.Nodes[4:]...)
	g.Nodes[1].Window = &app.Window{Days: []int{1, 2, 3, 4, 5, 6, 7}, From: "00:00", Until: "00:00"}
	_, err := f.CreateAutomation(t.Context(), f.Business.ID, g)
	is.NoErr(err) // three messages to the feed, of which the second is for all
	f.Call(t, f.Business.ID)
	f.Drain(t, engine(f).Run, app.JobAutomate)
	is.Equal(f.Text(t, `SELECT group_concat(audience) FROM (SELECT * FROM deliveries ORDER BY rowid)`), "5,26") // the second goes to the rest, the third to nobody
}
