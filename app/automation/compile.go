package automation

import (
	"slices"

	"crk/app"
)

// The ids of the nodes that Compile makes.
const (
	startID   = "start"
	whenID    = "when"
	messageID = "message"
)

// Where Compile puts nodes on the canvas, in its pixels.
const (
	columnWidth = 260
	rowHeight   = 170
)

// Compile returns the graph that does what the rule says: the trigger, one group
// that holds its conditions, its message, and a send node for each channel. The
// error is the rule's validation error.
func Compile(r app.Rule) (app.Graph, error) {
	if err := r.Validate(); err != nil {
		return app.Graph{}, err
	}
	r = r.Normalized()
	g := app.Graph{
		Version: app.GraphVersion,
		Name:    r.Name,
		Nodes: []app.Node{
			{ID: startID, Kind: app.NodeTrigger},
			{ID: whenID, Kind: app.NodeGroup, Y: rowHeight,
				Group: &app.Group{Match: r.Match, Conditions: r.Conditions}},
			{ID: messageID, Kind: app.NodeMessage, Y: 2 * rowHeight,
				Message: &app.MessageText{Text: r.Message, Severity: r.Severity}},
		},
		Edges: []app.Edge{
			{From: startID, To: whenID},
			{From: whenID, Exit: app.ExitYes, To: messageID},
		},
	}
	if r.OnReanalysis {
		g.Nodes[0].Trigger = &app.Trigger{OnReanalysis: true}
	}
	for i, s := range sends(r) {
		g.Nodes = append(g.Nodes, app.Node{ID: s.Channel, Kind: app.NodeSend, X: float64(i * columnWidth), Y: 3 * rowHeight, Send: &s})
		g.Edges = append(g.Edges, app.Edge{From: messageID, To: s.Channel})
	}
	return g, nil
}

func sends(r app.Rule) []app.Send {
	var out []app.Send
	if len(r.TelegramChatIDs) > 0 {
		out = append(out, app.Send{Channel: app.ChannelTelegram, To: r.TelegramChatIDs})
	}
	if len(r.DiscordWebhookIDs) > 0 {
		out = append(out, app.Send{Channel: app.ChannelDiscord, To: r.DiscordWebhookIDs})
	}
	if r.InApp {
		out = append(out, app.Send{Channel: app.ChannelInApp})
	}
	return out
}

// Project returns the rule that a valid graph is, and false if it is more than a
// rule can say. What the nodes are called, where they stand and in which order
// they are listed make no difference. A graph whose last destination was deleted
// is still a rule.
func Project(g app.Graph) (app.Rule, bool) {
	r := app.Rule{Name: g.Name}
	var ids struct{ trigger, group, message string }
	sends := map[string]string{} // node ids by channel
	for _, n := range g.Nodes {
		switch {
		case n.Kind == app.NodeTrigger && ids.trigger == "":
			ids.trigger = n.ID
			r.OnReanalysis = n.Trigger != nil && n.Trigger.OnReanalysis
		case n.Kind == app.NodeGroup && ids.group == "" && n.Group != nil && len(n.Group.Groups) == 0:
			ids.group = n.ID
			r.Match, r.Conditions = n.Group.Match, n.Group.Conditions
		case n.Kind == app.NodeMessage && ids.message == "" && n.Message != nil:
			ids.message = n.ID
			r.Message, r.Severity = n.Message.Text, n.Message.Severity
		case n.Kind == app.NodeSend && n.Send != nil && len(n.Send.Roles) == 0 && sends[n.Send.Channel] == "":
			sends[n.Send.Channel] = n.ID
			addSend(&r, *n.Send)
		default:
			return app.Rule{}, false
		}
	}
	want := []app.Edge{
		{From: ids.trigger, To: ids.group},
		{From: ids.group, Exit: app.ExitYes, To: ids.message},
	}
	for _, id := range sends {
		want = append(want, app.Edge{From: ids.message, To: id})
	}
	if len(g.Edges) != len(want) {
		return app.Rule{}, false
	}
	for _, e := range want {
		if !slices.Contains(g.Edges, e) {
			return app.Rule{}, false
		}
	}
	return r.Normalized(), true
}

func addSend(r *app.Rule, s app.Send) {
	switch s.Channel {
	case app.ChannelTelegram:
		r.TelegramChatIDs = s.To
	case app.ChannelDiscord:
		r.DiscordWebhookIDs = s.To
	case app.ChannelInApp:
		r.InApp = true
	}
}
