package automation

import (
	"fmt"
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
	Fired    bool         `json:"fired"`          // the flow came by and went on, or ended as it should
	Exit     string       `json:"exit,omitempty"` // of a node that branches; of a throttle only where it was asked
	Group    *GroupTrace  `json:"group,omitempty"`
	Message  string       `json:"message,omitempty"` // rendered
	Severity app.Severity `json:"severity,omitempty"`
	Channel  string       `json:"channel,omitempty"`
	To       []string     `json:"to,omitempty"`
	Roles    []app.Role   `json:"roles,omitempty"`

	Window   *WindowTrace   `json:"window,omitempty"`
	Throttle *ThrottleTrace `json:"throttle,omitempty"`
}

// A WindowTrace tells of a time window and of when the call began.
type WindowTrace struct {
	app.Window
	Actual string `json:"actual"` // day and time in the business's zone, as "5 23:30"; empty where it is not known
}

// A ThrottleTrace tells of a throttle.
type ThrottleTrace struct {
	app.Throttle
	Subject string `json:"subject"` // which agent or number; empty for all calls together
	Used    int    `json:"used"`    // calls it let through in the period before this one; 0 where it was not asked
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
func (p *Program) Trace(call *Call) Trace { return p.Run(call, nil).Trace() }

// Trace tells how it came to the outcome, also of the nodes that the flow did
// not reach.
func (o Outcome) Trace() Trace {
	t := Trace{Nodes: make([]NodeTrace, len(o.program.steps)), Matched: len(o.Sent) > 0}
	fired := false // a message
	for i, s := range o.program.steps {
		n := s.trace(o.call, o.program.name)
		reached := o.path.saw(i)
		if app.Branches(s.node.Kind) && reached {
			n.Exit = exitOf(o.path.met(i))
		}
		if used, asked := o.path.used[i]; asked {
			n.Throttle.Used = used
		}
		n.Fired = reached && (!app.Branches(s.node.Kind) || len(s.exit(n.Exit)) > 0)
		if s.node.Kind == app.NodeMessage && (t.Message == "" || n.Fired && !fired) {
			t.Message = n.Message
			fired = fired || n.Fired
		}
		t.Nodes[i] = n
	}
	return t
}

// exit returns the steps that an exit leads to.
func (s step) exit(exit string) []int {
	if exit == app.ExitNo {
		return s.otherwise
	}
	return s.next
}

func exitOf(yes bool) string {
	if yes {
		return app.ExitYes
	}
	return app.ExitNo
}

// trace returns what can be told of the node by itself. The exit of a throttle
// cannot.
func (s step) trace(call *Call, rule string) NodeTrace {
	t := NodeTrace{ID: s.node.ID, Kind: s.node.Kind}
	switch s.node.Kind {
	case app.NodeGroup:
		g := s.group.trace(call)
		t.Group, t.Exit = &g, exitOf(g.Met)
	case app.NodeWindow:
		t.Window, t.Exit = &WindowTrace{*s.node.Window, call.facts.clock()}, exitOf(s.inWindow(call))
	case app.NodeThrottle:
		t.Throttle = &ThrottleTrace{Throttle: *s.node.Throttle, Subject: call.subject(*s.node.Throttle)}
	case app.NodeMessage:
		t.Message = Render(s.template, call.facts, rule)
		t.Severity = s.node.Message.Severity
	case app.NodeSend:
		t.Channel, t.To, t.Roles = s.node.Send.Channel, s.node.Send.To, s.node.Send.Roles
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

// clock returns when the call began as a window sees it.
func (f Facts) clock() string {
	if f.CallAt.IsZero() {
		return ""
	}
	at := f.callAt()
	return fmt.Sprintf("%d %s", app.Weekday(at), at.Format("15:04"))
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
