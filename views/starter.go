package views

import (
	"context"
	"strings"

	"crk/app"
)

// A Starter is a ready-made rule to begin with: a simple one, or a flow.
type Starter struct {
	Key   string
	Icon  string
	Rule  *app.Rule
	Graph *app.Graph
}

// href is where the starter is opened.
func (s Starter) href() string {
	if s.Rule != nil {
		return "/automations/new?template=" + s.Key
	}
	return "/automations/flow?template=" + s.Key
}

// StarterOf returns the starter with the given key, in the reader's words.
func StarterOf(ctx context.Context, key string) (Starter, bool) {
	for _, s := range Starters(ctx) {
		if s.Key == key {
			return s, true
		}
	}
	return Starter{}, false
}

// Starters lists the ready-made rules, in the reader's words. All tell the
// dashboard; who else is told, people add.
func Starters(ctx context.Context) []Starter {
	condition := func(field, op string, v app.Value) app.Condition {
		return app.Condition{Field: field, Op: op, Value: v}
	}
	rule := func(key, icon string, severity app.Severity, match string, conditions ...app.Condition) Starter {
		return Starter{Key: key, Icon: icon, Rule: &app.Rule{
			Name: label(ctx, "starter.name", key), Match: match, Conditions: conditions, Severity: severity, InApp: true,
			Message: starterMessage(ctx, key),
		}}
	}
	phrases := func(key string) (out []app.Condition) {
		for phrase := range strings.SplitSeq(T(ctx, key), ",") {
			out = append(out, condition(app.FieldTranscript, app.OpContains, app.TextValue(strings.TrimSpace(phrase))))
		}
		return out
	}
	return []Starter{
		{Key: "angry", Icon: "frown", Graph: angryFlow(ctx)},
		rule("missed", "phone-missed", app.Warning, app.MatchAll,
			condition(app.FieldTag, app.OpEq, app.TextValue("no_answer")), condition(app.FieldDirection, app.OpEq, app.TextValue("in"))),
		rule("hot", "star", app.Success, app.MatchAny, phrases("starter.hot.phrases")...),
		rule("low", "chart-column", app.Warning, app.MatchAll, condition(app.FieldScore, app.OpLt, app.NumberValue(60))),
		rule("vip", "shield-check", app.Critical, app.MatchAll, condition(app.FieldCustomerPhone, app.OpIn, app.TextValues("0812345678", "0898765432"))),
		{Key: "after", Icon: "moon", Graph: afterHoursFlow(ctx)},
	}
}

// starterMessage is a message of the catalogues, where variables stand in square
// brackets: the catalogues' own blanks look like ours.
func starterMessage(ctx context.Context, key string) string {
	return strings.NewReplacer("[", "{{", "]", "}}").Replace(label(ctx, "starter.message", key))
}

// angryFlow tells those in charge of unhappy customers, once an hour for each
// number, and keeps count of the others in silence.
func angryFlow(ctx context.Context) *app.Graph {
	return flowOf(label(ctx, "starter.name", "angry"), []app.Node{
		{ID: "when", Kind: app.NodeGroup, Y: 150, Group: &app.Group{Match: app.MatchAny, Conditions: []app.Condition{
			{Field: app.FieldSentiment, Op: app.OpEq, Value: app.TextValue("negative")},
			{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(50)},
		}}},
		{ID: "limit", Kind: app.NodeThrottle, Y: 360, Throttle: &app.Throttle{Most: 1, Seconds: 3600, By: app.ByPhone}},
		{ID: "message", Kind: app.NodeMessage, Y: 520, Message: &app.MessageText{Text: starterMessage(ctx, "angry"), Severity: app.Critical}},
		{ID: "chiefs", Kind: app.NodeSend, Y: 690, Send: &app.Send{
			Channel: app.ChannelInApp, Roles: []app.Role{app.Owner, app.RoleAdmin, app.Supervisor},
		}},
	}, app.Edge{From: "start", To: "when"}, app.Edge{From: "when", Exit: app.ExitYes, To: "limit"},
		app.Edge{From: "limit", Exit: app.ExitYes, To: "message"}, app.Edge{From: "message", To: "chiefs"})
}

// afterHoursFlow tells of calls that come in when nobody is there.
func afterHoursFlow(ctx context.Context) *app.Graph {
	return flowOf(label(ctx, "starter.name", "after"), []app.Node{
		{ID: "when", Kind: app.NodeGroup, Y: 150, Group: &app.Group{Match: app.MatchAll, Conditions: []app.Condition{
			{Field: app.FieldDirection, Op: app.OpEq, Value: app.TextValue("in")},
		}}},
		{ID: "hours", Kind: app.NodeWindow, Y: 330, Window: &app.Window{Days: []int{1, 2, 3, 4, 5, 6}, From: "08:00", Until: "18:00"}},
		{ID: "message", Kind: app.NodeMessage, X: 140, Y: 510, Message: &app.MessageText{Text: starterMessage(ctx, "after"), Severity: app.Warning}},
		{ID: "all", Kind: app.NodeSend, X: 140, Y: 680, Send: &app.Send{Channel: app.ChannelInApp}},
	}, app.Edge{From: "start", To: "when"}, app.Edge{From: "when", Exit: app.ExitYes, To: "hours"},
		app.Edge{From: "hours", Exit: app.ExitNo, To: "message"}, app.Edge{From: "message", To: "all"})
}

func flowOf(name string, nodes []app.Node, edges ...app.Edge) *app.Graph {
	return &app.Graph{
		Version: app.GraphVersion, Name: name, Edges: edges,
		Nodes: append([]app.Node{{ID: "start", Kind: app.NodeTrigger}}, nodes...),
	}
}
