package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// goodGraph returns a graph that is more than a rule: two groups, the second
// after the first's no, each with a message of its own.
func goodGraph() app.Graph {
	group := func(id string) app.Node {
		return app.Node{ID: id, Kind: app.NodeGroup, Group: &app.Group{
			Match:      app.MatchAll,
			Conditions: []app.Condition{{Field: app.FieldTag, Op: app.OpEq, Value: app.TextValue("short")}},
			Groups:     []app.Group{{Match: app.MatchAny}},
		}}
	}
	message := func(id string) app.Node {
		return app.Node{ID: id, Kind: app.NodeMessage, Message: &app.MessageText{Text: "{{tag}}", Severity: app.Info}}
	}
	return app.Graph{
		Version: app.GraphVersion,
		Name:    "Two ways",
		Nodes: []app.Node{
			{ID: "t", Kind: app.NodeTrigger}, group("g1"), group("g2"), message("m1"), message("m2"),
			{ID: "s1", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelTelegram, To: []string{"c1", "c2"}}},
			{ID: "s2", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelInApp}},
			{ID: "s3", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelTelegram, To: []string{"c2"}}},
			{ID: "s4", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelDiscord, To: []string{"c1"}}},
		},
		Edges: []app.Edge{
			{From: "t", To: "g1"}, {From: "g1", Exit: app.ExitYes, To: "m1"}, {From: "g1", Exit: app.ExitNo, To: "g2"},
			{From: "g2", Exit: app.ExitYes, To: "m2"}, {From: "m1", To: "s1"}, {From: "m1", To: "s2"},
			{From: "m2", To: "s3"}, {From: "m2", To: "s4"},
		},
	}
}

// office is a window of usual business hours.
func office() app.Window {
	return app.Window{Days: []int{1, 2, 3, 4, 5}, From: "08:00", Until: "18:00"}
}

// between puts a window and a throttle in the place of the edge to the second
// message.
func between(g *app.Graph, w app.Window, th app.Throttle) {
	g.Nodes = append(g.Nodes, app.Node{ID: "w", Kind: app.NodeWindow, Window: &w}, app.Node{ID: "th", Kind: app.NodeThrottle, Throttle: &th})
	g.Edges[3].To = "w"
	g.Edges = append(g.Edges, app.Edge{From: "w", Exit: app.ExitNo, To: "th"}, app.Edge{From: "th", Exit: app.ExitYes, To: "m2"})
}

func TestGraphValidate(t *testing.T) {
	edge := func(from, exit, to string) func(*app.Graph) {
		return func(g *app.Graph) { g.Edges = append(g.Edges, app.Edge{From: from, Exit: exit, To: to}) }
	}
	node := func(n app.Node) func(*app.Graph) {
		return func(g *app.Graph) { g.Nodes = append(g.Nodes, n) }
	}
	window := func(w app.Window) func(*app.Graph) {
		return node(app.Node{ID: "x", Kind: app.NodeWindow, Window: &w})
	}
	throttle := func(th app.Throttle) func(*app.Graph) {
		return node(app.Node{ID: "x", Kind: app.NodeThrottle, Throttle: &th})
	}
	for _, tt := range []struct {
		name    string
		change  func(*app.Graph)
		field   string // of the first problem
		message string // part of it
	}{
		{"good", func(g *app.Graph) {}, "", ""},
		{"of a later version", func(g *app.Graph) { g.Version = 2 }, "version", "reads version 1, not 2"},
		{"no name", func(g *app.Graph) { g.Name = "" }, "name", "Give a"},
		{"no nodes", func(g *app.Graph) { g.Nodes, g.Edges = nil, nil }, "triggers", "exactly one trigger, not 0"},
		{"two triggers", node(app.Node{ID: "t2", Kind: app.NodeTrigger}), "triggers", "exactly one trigger, not 2"},
		{"a node without id", node(app.Node{Kind: app.NodeTrigger}), "nodes[9].id", "Give the node an id"},
		{"an id twice", func(g *app.Graph) { g.Nodes[3].ID = "g1" }, "nodes[3].id", `"g1" is the id of two`},
		{"an unknown kind", func(g *app.Graph) { g.Nodes[0].Kind = "timer" }, "nodes[0].kind", `"timer" is no kind`},
		{"a group with nothing", func(g *app.Graph) { g.Nodes[1].Group = nil }, "nodes[1].group", `Node "g1" says nothing`},
		{"a message with nothing", func(g *app.Graph) { g.Nodes[3].Message = nil }, "nodes[3].message", `"m1" says nothing`},
		{"a send with nothing", func(g *app.Graph) { g.Nodes[5].Send = nil }, "nodes[5].send", `"s1" says nothing`},
		{"a trigger with a group", func(g *app.Graph) { g.Nodes[0].Group = g.Nodes[1].Group }, "nodes[0].group", "cannot hold this"},
		{"off the canvas", func(g *app.Graph) { g.Nodes[2].X = 1e7 }, "nodes[2].x", `"g2"`},
		{"a wrong condition", func(g *app.Graph) { g.Nodes[1].Group.Conditions[0].Op = "gt" }, "nodes[1].group.conditions[0].op", "no operator of tag"},
		{"a wrong match", func(g *app.Graph) { g.Nodes[1].Group.Groups[0].Match = "" }, "nodes[1].group.groups[0].match", "all or any"},
		{"groups six deep", func(g *app.Graph) {
			for range 6 {
				g.Nodes[1].Group = &app.Group{Match: app.MatchAny, Groups: []app.Group{*g.Nodes[1].Group}}
			}
		}, "nodes[1].group.groups[0].groups[0].groups[0].groups[0].groups", "5 deep at most"},
		{"an unknown variable", func(g *app.Graph) { g.Nodes[3].Message.Text = "{{x}}" }, "nodes[3].message.text", "is no variable"},
		{"an unknown severity", func(g *app.Graph) { g.Nodes[3].Message.Severity = "" }, "nodes[3].message.severity", "must be one of"},
		{"an unknown channel", func(g *app.Graph) { g.Nodes[6].Send.Channel = "line" }, "nodes[6].send.channel", "telegram, discord, in_app"},
		{"a send to nobody", func(g *app.Graph) { g.Nodes[5].Send.To = nil }, "nodes[5].send.to", "Name a destination"},
		{"a feed with a name", func(g *app.Graph) { g.Nodes[6].Send.To = []string{"x"} }, "nodes[6].send.to", "has no names"},
		{"an edge to nowhere", edge("g2", "no", "x"), "edges[8].loose", "one of them is not there"},
		{"an edge twice", edge("m1", "", "s1"), "edges[8].twice", "a second time"},
		{"a group without exit", edge("g1", "", "m1"), "edges[8].follows", "no exit of the group"},
		{"a trigger with an exit", edge("t", "yes", "g2"), "edges[8].follows", `"yes" is no exit of the trigger`},
		{"a message with an exit", edge("m1", "maybe", "s1"), "edges[8].follows", `"maybe" is no exit`},
		{"a send right after the trigger", edge("t", "", "s1"), "edges[8].follows", "cannot follow"},
		{"a group after a message", edge("m1", "", "g2"), "edges[8].follows", "cannot follow"},
		{"something after a send", edge("s1", "", "s2"), "edges[8].follows", "cannot follow"},
		{"a way back to the trigger", edge("g2", "no", "t"), "edges[8].follows", "cannot follow"},
		{"a circle", edge("g2", "no", "g1"), "nodes[1].circle", `comes back to node "g1"`},
		{"a node apart", node(app.Node{ID: "x", Kind: app.NodeMessage, Message: &app.MessageText{Text: "x", Severity: app.Info}}),
			"nodes[9].apart", `"x" cannot be reached`},
		{"two messages for one send", edge("m2", "", "s1"), "nodes[5].messages", `"s1" sends 2 messages`},
		{"a window and a throttle in between", func(g *app.Graph) {
			between(g, office(), app.Throttle{Most: 3, Seconds: 3600, By: app.ByPhone})
		}, "", ""},
		{"a window with nothing", node(app.Node{ID: "x", Kind: app.NodeWindow}), "nodes[9].window", `"x" says nothing`},
		{"a throttle with nothing", node(app.Node{ID: "x", Kind: app.NodeThrottle}), "nodes[9].throttle", `"x" says nothing`},
		{"a window without days", window(app.Window{From: "08:00", Until: "18:00"}), "nodes[9].window.days", "at least one day"},
		{"an eighth day", window(app.Window{Days: []int{1, 8}, From: "08:00", Until: "18:00"}), "nodes[9].window.days", "1, Monday, to 7"},
		{"a day twice", window(app.Window{Days: []int{1, 1}, From: "08:00", Until: "18:00"}), "nodes[9].window.days", "each once"},
		{"a time that is none", window(app.Window{Days: []int{1}, From: "8:00", Until: "18:00"}), "nodes[9].window.from", `not "8:00"`},
		{"an end that is none", window(app.Window{Days: []int{1}, From: "08:00", Until: "24:00"}), "nodes[9].window.until", `not "24:00"`},
		{"a throttle of none", throttle(app.Throttle{Seconds: 60, By: app.ByRule}), "nodes[9].throttle.most", "1 to 1000"},
		{"a throttle of seconds", throttle(app.Throttle{Most: 1, Seconds: 59, By: app.ByRule}), "nodes[9].throttle.seconds", "60 to"},
		{"a throttle by nothing", throttle(app.Throttle{Most: 1, Seconds: 60}), "nodes[9].throttle.by", "rule, agent, phone"},
		{"a window without exit", func(g *app.Graph) {
			between(g, office(), app.Throttle{Most: 3, Seconds: 3600, By: app.ByRule})
			g.Edges[len(g.Edges)-1].Exit = ""
		}, "edges[9].follows", "no exit of the throttle"},
		{"a trigger that says when", func(g *app.Graph) { g.Nodes[0].Trigger = &app.Trigger{OnReanalysis: true} }, "", ""},
		{"a group with a trigger's choice", func(g *app.Graph) { g.Nodes[1].Trigger = &app.Trigger{} }, "nodes[1].trigger", "cannot hold this"},
		{"a feed for some", func(g *app.Graph) { g.Nodes[6].Send.Roles = []app.Role{app.Owner, app.Agent} }, "", ""},
		{"a feed for nobody there is", func(g *app.Graph) { g.Nodes[6].Send.Roles = []app.Role{"boss"} }, "nodes[6].send.roles", "must be roles"},
		{"a chat for some", func(g *app.Graph) { g.Nodes[5].Send.Roles = []app.Role{app.Owner} }, "nodes[5].send.roles", "Only what goes to the feed"},
		{"a message by two ways", edge("g2", "no", "m1"), "", ""},
		{"51 nodes", func(g *app.Graph) {
			for i := range 42 {
				node(app.Node{ID: fmt.Sprint(i), Kind: app.NodeTrigger})(g)
			}
		}, "many.nodes", "at most, not 51"},
		{"51 destinations", func(g *app.Graph) { g.Nodes[5].Send.To = chats(48) }, "many.destinations", "50 destinations at most, not 51"},
		{"51 conditions", func(g *app.Graph) {
			g.Nodes[1].Group.Groups[0].Conditions = make([]app.Condition, 49)
		}, "many.conditions", "50 conditions at most, not 51"},
		{"51 groups", func(g *app.Graph) { g.Nodes[1].Group.Groups = make([]app.Group, 48) }, "many.groups", "50 groups at most, not 51"},
		{"201 edges", func(g *app.Graph) { g.Edges = make([]app.Edge, 201) }, "many.edges", "200 edges at most, not 201"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			g := goodGraph()
			tt.change(&g)
			err := g.Validate()
			if tt.field == "" {
				is.NoErr(err) // nothing is wrong
				return
			}
			var e *app.Error
			is.True(errors.As(err, &e))                                // something is wrong
			is.Equal(e.Fields[0].Name, tt.field)                       // where
			is.True(strings.Contains(e.Fields[0].Message, tt.message)) // and what
		})
	}
}

func TestGraphWithout(t *testing.T) {
	is := is.New(t)
	g := goodGraph()

	_, found := g.Without(app.ChannelTelegram, "c9")
	is.True(!found) // one that is not there is not found

	one, found := g.Without(app.ChannelTelegram, "c2")
	is.True(found)                                                 // one that is there is
	is.Equal(one.Targets(app.ChannelTelegram), []string{"c1"})     // and goes from every node
	is.Equal(len(one.Nodes), len(g.Nodes)-1)                       // a node left with nobody goes
	is.Equal(len(one.Edges), len(g.Edges)-1)                       // with the edge to it
	is.NoErr(one.Validate())                                       // what is left is a graph
	is.Equal(g, goodGraph())                                       // the original is untouched
	is.Equal(g.Targets(app.ChannelTelegram), []string{"c1", "c2"}) // targets are named once

	two, _ := one.Without(app.ChannelTelegram, "c1")
	is.Equal(two.Targets(app.ChannelDiscord), []string{"c1"}) // the same id in another channel is another's
	is.True(two.Sends())                                      // Discord and the feed are left

	rule := app.Graph{Nodes: []app.Node{{ID: "s", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelDiscord, To: []string{"w"}}}}}
	rule, _ = rule.Without(app.ChannelDiscord, "w")
	is.True(!rule.Sends()) // the last one leaves a graph that sends nothing
}
