package automation

import (
	"strings"

	"crk/app"
)

// actualLength bounds what a trace repeats of a call, in characters.
const actualLength = 200

// A Trace tells, for every node of a program, what a call made of it.
type Trace struct {
	Matched bool        `json:"matched"` // something would be sent
	Message string      `json:"message"` // what would be said; if nothing, what the first message node would say
	Nodes   []NodeTrace `json:"nodes"`
}

// A NodeTrace tells of one node.
type NodeTrace struct {
	ID       string       `json:"id"`
	Kind     string       `json:"kind"`
	Fired    bool         `json:"fired"` // the flow came by and went on, or ended as it should
	Exit     string       `json:"exit,omitempty"`
	Group    *GroupTrace  `json:"group,omitempty"`
	Message  string       `json:"message,omitempty"` // rendered
	Severity app.Severity `json:"severity,omitempty"`
	Channel  string       `json:"channel,omitempty"`
	To       []string     `json:"to,omitempty"`
}

// A GroupTrace tells of a group of conditions.
type GroupTrace struct {
	Match      string           `json:"match"`
	Met        bool             `json:"met"`
	Conditions []ConditionTrace `json:"conditions"`
	Groups     []GroupTrace     `json:"groups,omitempty"`
}

// A ConditionTrace tells of one condition, and of what the call had in its
// place: null for a missing value, long texts cut short.
type ConditionTrace struct {
	Field  string    `json:"field"`
	Op     string    `json:"op"`
	Value  app.Value `json:"value,omitzero"`
	Actual app.Value `json:"actual"`
	Met    bool      `json:"met"`
}

// Trace returns what the call makes of every node, also of those that the flow
// does not reach. Its outcome is that of Match.
func (p *Program) Trace(call *Call) Trace {
	t := Trace{Nodes: make([]NodeTrace, len(p.steps))}
	reached := make([]bool, len(p.steps))
	p.walk(call, func(i int) { reached[i] = true })
	fired := false // a message
	for i, s := range p.steps {
		n := s.trace(call, p.name)
		n.Fired = reached[i] && (s.node.Kind != app.NodeGroup || len(s.exit(call)) > 0)
		if s.node.Kind == app.NodeSend && n.Fired {
			t.Matched = true
		}
		if s.node.Kind == app.NodeMessage && (t.Message == "" || n.Fired && !fired) {
			t.Message = n.Message
			fired = fired || n.Fired
		}
		t.Nodes[i] = n
	}
	return t
}

// trace returns what can be told of the node by itself.
func (s step) trace(call *Call, rule string) NodeTrace {
	t := NodeTrace{ID: s.node.ID, Kind: s.node.Kind}
	switch s.node.Kind {
	case app.NodeGroup:
		g := s.group.trace(call)
		t.Group, t.Exit = &g, app.ExitNo
		if g.Met {
			t.Exit = app.ExitYes
		}
	case app.NodeMessage:
		t.Message = Render(s.template, call.facts, rule)
		t.Severity = s.node.Message.Severity
	case app.NodeSend:
		t.Channel, t.To = s.node.Send.Channel, s.node.Send.To
	}
	return t
}

func (g group) trace(call *Call) GroupTrace {
	t := GroupTrace{Match: app.MatchAll, Met: g.holds(call), Conditions: make([]ConditionTrace, len(g.conditions))}
	if g.any {
		t.Match = app.MatchAny
	}
	for i, c := range g.conditions {
		t.Conditions[i] = ConditionTrace{
			Field: c.source.Field, Op: c.source.Op, Value: c.source.Value,
			Actual: call.actual(c.source.Field), Met: c.met(call),
		}
	}
	for _, inner := range g.groups {
		t.Groups = append(t.Groups, inner.trace(call))
	}
	return t
}

// actual returns what the call has in a field, as it was given.
func (c *Call) actual(field string) app.Value {
	if n, there := c.numbers[field]; there {
		return app.NumberValue(n)
	}
	var given []string
	for _, text := range c.facts.texts(field) {
		if strings.TrimSpace(text) != "" {
			given = append(given, shorten(text))
		}
	}
	switch {
	case given == nil:
		return app.Value{}
	case field == app.FieldTopic:
		return app.TextValues(given...)
	}
	return app.TextValue(given[0])
}

// shorten returns the beginning of a text.
func shorten(s string) string {
	n := 0
	for i := range s {
		if n == actualLength {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
