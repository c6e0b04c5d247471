package views

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"crk/app"
)

// AutomationsPage is the list of rules.
type AutomationsPage struct {
	Items []AutomationRow
	Query string // what is looked for; empty: all are shown
}

// An AutomationRow is one rule in the list.
type AutomationRow struct {
	app.Automation
	Rule   *app.Rule // nil: advanced, more than a form can say
	Places []string  // names of its destinations
	Days   []int     // how often it fired on each of the last days; none: not at all
	Stuck  []string  // names of destinations that nothing can be sent to now
}

// AutomationPage is the form of one rule.
type AutomationPage struct {
	Form
	ID       string          // empty: a new one
	Conflict bool            // somebody else changed it meanwhile
	Calls    []app.Recording // to try it on
	Rows     []ConditionRow
	Chats    []app.Chat
	Webhooks []app.DiscordWebhook
}

// A ConditionRow is one line of a rule's conditions as typed.
type ConditionRow struct {
	Field, Op, Value string
	Problem          string // in the reader's language
}

func (p AutomationPage) action() string {
	if p.ID != "" {
		return "/automations/" + p.ID
	}
	return "/automations"
}

// fieldOptions are the fields that a condition can ask about; the empty one is
// a row that is not used.
func fieldOptions(ctx context.Context) []Option {
	out := []Option{{"", T(ctx, "rule.field.choose")}}
	for _, f := range app.ConditionFields() {
		out = append(out, Option{f.Name, label(ctx, "rule.field", f.Name)})
	}
	return out
}

// choiceFields are the fields with a closed list of values, for the hints of what
// can be typed.
func choiceFields(ctx context.Context) []scriptField {
	var out []scriptField
	for _, f := range scriptFields(ctx) {
		if len(f.Choices) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// fieldOps says which operators each field takes, for the script of the form.
func fieldOps() (string, error) {
	ops := map[string][]string{}
	for _, f := range app.ConditionFields() {
		ops[f.Name] = f.Ops
	}
	b, err := json.Marshal(ops)
	return string(b), err
}

// opOptions are all operators; which of them a field takes, saving says.
func opOptions(ctx context.Context) []Option {
	return optionsOf(ctx, "rule.op", []string{
		app.OpEq, app.OpNe, app.OpLt, app.OpLte, app.OpGt, app.OpGte, app.OpBetween, app.OpIn, app.OpNotIn,
		app.OpContains, app.OpNotContains, app.OpStartsWith, app.OpIsEmpty, app.OpIsNotEmpty,
	})
}

// conditionText says a condition in words: "คะแนน น้อยกว่า 60".
func conditionText(ctx context.Context, c app.Condition) string {
	parts := []string{label(ctx, "rule.field", c.Field), label(ctx, "rule.op", c.Op)}
	var values []string
	for _, v := range c.Value.Texts() {
		values = append(values, conditionValue(ctx, c.Field, v))
	}
	if len(values) > 0 {
		sep := ", "
		if c.Op == app.OpBetween {
			sep = " – "
		}
		parts = append(parts, strings.Join(values, sep))
	}
	return strings.Join(parts, " ")
}

// conditionValue is the word for a value of a closed list, else the value.
func conditionValue(ctx context.Context, field, v string) string {
	switch field {
	case app.FieldTag:
		return label(ctx, "tag", v)
	case app.FieldSentiment:
		return label(ctx, "sentiment", v)
	case app.FieldDirection:
		return label(ctx, "direction", v)
	case app.FieldSource:
		return label(ctx, "source", v)
	}
	return v
}

// ruleText says when a rule fires.
func ruleText(ctx context.Context, r app.Rule) string {
	if len(r.Conditions) == 0 {
		return T(ctx, "rule.always")
	}
	var parts []string
	for _, c := range r.Conditions {
		parts = append(parts, conditionText(ctx, c))
	}
	return strings.Join(parts, " "+label(ctx, "rule.join", matchOf(r))+" ")
}

func matchOf(r app.Rule) string {
	if r.Match == app.MatchAny {
		return app.MatchAny
	}
	return app.MatchAll
}

// indent is the class of a line of a flow as text.
func indent(depth int) string { return "d" + strconv.Itoa(min(depth, 9)) }

// on counts the rules that are switched on.
func (p AutomationsPage) on() int {
	n := 0
	for _, a := range p.Items {
		if a.Enabled {
			n++
		}
	}
	return n
}

func rowID(i int, part string) string { return "c" + strconv.Itoa(i) + "-" + part }

// callOptions are the calls that a rule can be tried on.
func callOptions(ctx context.Context, calls []app.Recording) []Option {
	out := []Option{{"", T(ctx, "flow.try.none")}}
	for _, r := range calls {
		out = append(out, Option{r.ID, callLabel(ctx, r)})
	}
	return out
}

// trend is how often a rule fired, day by day.
func (a AutomationRow) trend() []*float64 {
	out := make([]*float64, len(a.Days))
	for i, n := range a.Days {
		v := float64(n)
		out[i] = &v
	}
	return out
}

// firstCall is the call that is tried before another is chosen.
func firstCall(calls []app.Recording) string {
	if len(calls) == 0 {
		return ""
	}
	return calls[0].ID
}
