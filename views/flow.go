package views

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"crk/app"
)

// FlowPage is the editor of one automation as a flow.
type FlowPage struct {
	ID       string // empty: not saved yet
	Graph    app.Graph
	Version  string // of the graph, for who saves another one
	Simple   bool   // a form can show it too
	Enabled  bool
	Chats    []app.Chat
	Webhooks []app.DiscordWebhook
	Calls    []app.Recording // to try it on
}

// flowData is what the editor's script is given.
type flowData struct {
	ID       string         `json:"id"`
	Graph    app.Graph      `json:"graph"`
	Version  string         `json:"version"`
	Readonly bool           `json:"readonly"`
	Fresh    bool           `json:"fresh"`   // nothing of it is saved
	Crowded  bool           `json:"crowded"` // nodes lie over each other: put them in order first
	Save     string         `json:"save"`
	Attempt  string         `json:"attempt"`
	Blank    map[string]any `json:"blank"` // new nodes, by kind or channel
	Words    map[string]any `json:"words"`
}

func (p FlowPage) data(ctx context.Context, f Frame) (string, error) {
	b, err := json.Marshal(p.flowData(ctx, f))
	return string(b), err
}

func (p FlowPage) flowData(ctx context.Context, f Frame) flowData {
	d := flowData{
		ID: p.ID, Graph: p.Graph, Version: p.Version, Readonly: !f.Can.Allow(app.ManageNotifications), Fresh: p.ID == "",
		Crowded: crowded(p.Graph), Save: "/automations/flow", Attempt: "/automations/flow/try", Words: p.words(ctx),
		Blank: map[string]any{
			app.NodeGroup: app.Node{Group: &app.Group{Match: app.MatchAll, Conditions: []app.Condition{
				{Field: app.FieldScore, Op: app.OpLt, Value: app.TextValue("60")}}}},
			app.NodeWindow:   app.Node{Window: &app.Window{Days: []int{1, 2, 3, 4, 5}, From: "08:00", Until: "18:00"}},
			app.NodeThrottle: app.Node{Throttle: &app.Throttle{Most: 1, Seconds: 3600, By: app.ByPhone}},
			app.NodeMessage: app.Node{Message: &app.MessageText{
				Text: "{{customer_phone}} → {{agent}}: {{score}}\n{{summary}}\n{{link}}", Severity: app.Warning}},
			app.ChannelInApp:    app.Node{Send: &app.Send{Channel: app.ChannelInApp}},
			app.ChannelTelegram: app.Node{Send: &app.Send{Channel: app.ChannelTelegram, To: first(p.chats())}},
			app.ChannelDiscord:  app.Node{Send: &app.Send{Channel: app.ChannelDiscord, To: first(p.hooks())}},
		},
	}
	for kind, n := range d.Blank {
		node, _ := n.(app.Node)
		if node.Kind = kind; node.Send != nil {
			node.Kind = app.NodeSend
		}
		d.Blank[kind] = node
	}
	if p.ID != "" {
		d.Save = "/automations/" + p.ID + "/flow"
	}
	return d
}

// crowded reports whether two nodes stand on the same place, as in graphs that
// nobody has drawn.
func crowded(g app.Graph) bool {
	type place struct{ x, y float64 }
	seen := map[place]bool{}
	for _, n := range g.Nodes {
		if seen[place{n.X, n.Y}] {
			return true
		}
		seen[place{n.X, n.Y}] = true
	}
	return len(g.Nodes) > 1 && g.Nodes[0].Y == g.Nodes[1].Y // drawn in rows from left to right by an older version
}

func first(options []option) []string {
	if len(options) == 0 {
		return nil
	}
	return []string{options[0].Value}
}

// An option is one choice of a list, for the script.
type option struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

func (p FlowPage) chats() []option {
	out := []option{}
	for _, c := range p.Chats {
		out = append(out, option{c.ID, c.Title})
	}
	return out
}

func (p FlowPage) hooks() []option {
	out := []option{}
	for _, w := range p.Webhooks {
		out = append(out, option{w.ID, w.Name})
	}
	return out
}

// callLabel names a call in a list to choose from.
func callLabel(ctx context.Context, r app.Recording) string {
	parts := []string{When(ctx, r.CallAt), customer(ctx, r), agentName(ctx, r)}
	if r.Score != nil {
		parts = append(parts, T(ctx, "rule.field.score")+" "+Figure(*r.Score))
	}
	return strings.Join(parts, " · ")
}

// A flowStep is one line of a flow as text.
type flowStep struct {
	depth int
	exit  string // that leads here, in words; empty: the only one
	title string
	lines []string
	again bool // told above already
}

// steps is the flow as text, from the beginning, each branch below its exit.
func (p FlowPage) steps(ctx context.Context) []flowStep {
	nodes, next := map[string]app.Node{}, map[string][]app.Edge{}
	start := ""
	for _, n := range p.Graph.Nodes {
		nodes[n.ID] = n
		if n.Kind == app.NodeTrigger {
			start = n.ID
		}
	}
	for _, e := range p.Graph.Edges {
		next[e.From] = append(next[e.From], e)
	}
	var out []flowStep
	seen := map[string]bool{}
	var tell func(id, exit string, depth int)
	tell = func(id, exit string, depth int) {
		n := nodes[id]
		out = append(out, flowStep{depth, exit, nodeTitle(ctx, n), p.nodeLines(ctx, n), seen[id]})
		if seen[id] {
			return
		}
		seen[id] = true
		for _, e := range next[id] {
			tell(e.To, exitName(ctx, n.Kind, e.Exit), depth+1)
		}
	}
	tell(start, "", 0)
	return out
}

// exitName is the word for an exit of a node of some kind.
func exitName(ctx context.Context, kind, exit string) string {
	switch {
	case exit == "":
		return ""
	case kind == app.NodeWindow:
		return label(ctx, "flow.exit.window", exit)
	case kind == app.NodeThrottle:
		return label(ctx, "flow.exit.throttle", exit)
	}
	return label(ctx, "flow.exit", exit)
}

func nodeTitle(ctx context.Context, n app.Node) string {
	switch {
	case n.Send != nil:
		return label(ctx, "channel", n.Send.Channel)
	case n.Group != nil:
		return label(ctx, "rule.match", n.Group.Match)
	}
	return label(ctx, "flow.kind", n.Kind)
}

// nodeLines is what a node does, in words.
func (p FlowPage) nodeLines(ctx context.Context, n app.Node) []string {
	switch {
	case n.Group != nil:
		return []string{groupText(ctx, *n.Group)}
	case n.Window != nil:
		var days []string
		for _, d := range n.Window.Days {
			days = append(days, label(ctx, "day", strconv.Itoa(d)))
		}
		return []string{strings.Join(days, " "), n.Window.From + " – " + n.Window.Until}
	case n.Throttle != nil:
		return []string{T(ctx, "flow.text.limit", "Most", strconv.Itoa(n.Throttle.Most), "Time", Span(ctx, n.Throttle.Period()),
			"By", label(ctx, "flow.by", n.Throttle.By))}
	case n.Message != nil:
		return strings.Split(n.Message.Text, "\n")
	case n.Send != nil:
		return []string{p.audience(ctx, *n.Send)}
	}
	return nil
}

func (p FlowPage) audience(ctx context.Context, s app.Send) string {
	var names []string
	for _, r := range s.Roles {
		names = append(names, label(ctx, "role", r))
	}
	for _, o := range append(p.chats(), p.hooks()...) {
		for _, id := range s.To {
			if id == o.Value {
				names = append(names, o.Label)
			}
		}
	}
	if len(names) == 0 && s.Channel == app.ChannelInApp {
		return T(ctx, "flow.text.everybody")
	}
	return strings.Join(names, ", ")
}

// groupText says when a group holds.
func groupText(ctx context.Context, g app.Group) string {
	var parts []string
	for _, c := range g.Conditions {
		parts = append(parts, conditionText(ctx, c))
	}
	for _, inner := range g.Groups {
		parts = append(parts, "("+groupText(ctx, inner)+")")
	}
	if len(parts) == 0 {
		return T(ctx, "rule.always")
	}
	return strings.Join(parts, " "+label(ctx, "rule.join", g.Match)+" ")
}
