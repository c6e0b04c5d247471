package views

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"crk/app"
)

// RunsPage is the log of what rules did.
type RunsPage struct {
	Items  []RunRow
	Rules  map[string]string // names by id
	Places map[string]string // names of chats and webhooks by id
	Rule   string            // filters; empty: all
	Call   string
	State  string
	Before string
	Next   string // where older ones go on; empty: there are none
}

// A RunRow is one firing of a rule, or one that a throttle held back.
type RunRow struct {
	ID         string
	RuleID     string
	At         time.Time
	Held       bool
	Gone       bool           // the call was deleted
	Call       *app.Recording // nil: gone, or not the reader's to see
	Steps      []TraceStep    // likewise
	Deliveries []app.Delivery
}

// A TraceStep is what a call made of one node.
type TraceStep struct {
	Kind    string
	Fired   bool
	Exit    string
	Match   string // of a group
	Checks  []ConditionCheck
	Used    int // of a throttle
	Most    int
	Message string
	Channel string
}

// A ConditionCheck is a condition with what the call had in its place.
type ConditionCheck struct {
	Condition app.Condition
	Actual    []string // none: it had nothing
	Met       bool
}

// actual says what a call had in a condition's field.
func (c ConditionCheck) actual(ctx context.Context) string {
	if len(c.Actual) == 0 {
		return "–"
	}
	text := ""
	for i, v := range c.Actual {
		if i > 0 {
			text += ", "
		}
		text += conditionValue(ctx, c.Condition.Field, v)
	}
	if r := []rune(text); len(r) > actualLength {
		return string(r[:actualLength]) + "…"
	}
	return text
}

// actualLength bounds what is repeated of a summary or transcript beside a
// condition, in characters.
const actualLength = 60

// link is the page with another value of one filter.
func (p RunsPage) link(name, value string) string {
	q := url.Values{}
	for key, v := range map[string]string{"rule": p.Rule, "call": p.Call, "state": p.State, name: value} {
		if v != "" {
			q.Set(key, v)
		}
	}
	if len(q) == 0 {
		return "/automations/runs"
	}
	return "/automations/runs?" + q.Encode()
}

// place names the destination of a delivery.
func (p RunsPage) place(ctx context.Context, d app.Delivery) string {
	if name := p.Places[d.ChatID+d.WebhookID]; name != "" { // one of the two is empty
		return name
	}
	if d.Channel != app.ChannelInApp {
		return T(ctx, "flow.text.gone")
	}
	text := label(ctx, "channel", d.Channel)
	for i, r := range d.Audience.Roles() {
		if i == 0 {
			text += ":"
		}
		text += " " + label(ctx, "role", r)
	}
	return text
}

// title is what a step is called.
func (s TraceStep) title(ctx context.Context) string {
	switch s.Kind {
	case app.NodeSend:
		return label(ctx, "channel", s.Channel)
	case app.NodeGroup:
		return label(ctx, "rule.match", s.Match)
	case app.NodeThrottle:
		return label(ctx, "flow.kind", s.Kind) + " " + strconv.Itoa(s.Used) + "/" + strconv.Itoa(s.Most)
	}
	return label(ctx, "flow.kind", s.Kind)
}

// RulePreview is what a rule that is being typed makes of a call.
type RulePreview struct {
	Asked      bool // a call was chosen
	Unfinished bool // the rule cannot be saved yet
	Matched    bool
	Steps      []TraceStep
	Title      string
	Body       string
	Link       string
	Severity   app.Severity
	Notes      []PreviewNote
}

// A PreviewNote is the message as a channel would get it.
type PreviewNote struct {
	Channel string
	Title   string
	Text    string
}
