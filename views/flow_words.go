package views

import (
	"context"
	"strconv"

	"crk/app"
)

// words is the vocabulary of the editor's script. Blanks of its own stand in
// single braces.
func (p FlowPage) words(ctx context.Context) map[string]any {
	text := map[string]string{}
	for _, key := range flowTexts() {
		text[key] = label(ctx, "flow.text", key)
	}
	text["limit"] = T(ctx, "flow.text.limit", "Most", "{most}", "Time", "{time}", "By", "{by}")
	text["conditions"] = T(ctx, "flow.text.conditions", "N", "{n}")
	text["more"] = T(ctx, "flow.text.more", "N", "{n}")
	text["wrong"] = T(ctx, "flow.text.wrong", "N", "{n}")
	text["range"] = T(ctx, "flow.text.range", "From", "{from}", "Until", "{until}")
	text["used"] = T(ctx, "flow.text.used", "Used", "{used}", "Most", "{most}")
	text["disconnect"] = T(ctx, "flow.text.disconnect", "To", "{to}")
	text["linkFrom"] = T(ctx, "flow.text.linkFrom", "Exit", "{exit}")
	for key, sentence := range map[string]string{
		"match": "rule.match", "severity": "rule.severity", "variables": "rule.variables", "what": "rule.what", "how": "rule.compare",
		"value": "rule.value", "several": "rule.value.hint", "everyCall": "rule.always", "again": "rule.again", "destinations": "destinations.title",
		"text": "rule.text", "to": "rule.to",
	} {
		text[key] = T(ctx, sentence)
	}
	var days, variables []string
	for i := range 7 {
		days = append(days, label(ctx, "day", strconv.Itoa(i+1)))
	}
	for _, v := range app.MessageVariables() {
		variables = append(variables, "{{"+v+"}}")
	}
	yesNo := []string{app.ExitYes, app.ExitNo}
	return map[string]any{
		"text": text, "days": days, "variables": variables, "fields": scriptFields(ctx), "chats": p.chats(), "hooks": p.hooks(),
		"exits": map[string]any{
			app.NodeGroup:    pairs(optionsOf(ctx, "flow.exit", yesNo)),
			app.NodeWindow:   pairs(optionsOf(ctx, "flow.exit.window", yesNo)),
			app.NodeThrottle: pairs(optionsOf(ctx, "flow.exit.throttle", yesNo)),
		},
		"lists": map[string][]option{
			"kinds": pairs(optionsOf(ctx, "flow.kind", app.NodeKinds())), "ops": pairs(opOptions(ctx)),
			"match":    pairs(optionsOf(ctx, "rule.match", []string{app.MatchAll, app.MatchAny})),
			"join":     pairs(optionsOf(ctx, "rule.join", []string{app.MatchAll, app.MatchAny})),
			"channels": pairs(optionsOf(ctx, "channel", app.Channels())), "roles": pairs(optionsOf(ctx, "role", app.Roles())),
			"severities": pairs(optionsOf(ctx, "severity", app.Severities())), "by": pairs(optionsOf(ctx, "flow.by", app.ThrottleSubjects())),
			"units": pairs(optionsOf(ctx, "flow.unit", []string{"60", "3600", "86400"})),
		},
	}
}

// flowTexts are the sentences of the editor that have no blanks.
func flowTexts() []string {
	return []string{
		"start", "every", "once", "everyDay", "allDay", "everybody", "gone", "nobody", "drag", "remove", "linking", "triggerHint", "days", "from",
		"until", "windowHint", "most", "within", "unit", "countBy", "throttleHint", "channel", "audience", "audienceHint", "noPlaces", "end", "leads",
		"connect", "nowhere", "tried", "fired", "notFired", "addCondition", "addGroup", "removeGroup", "removeCondition", "choose", "chooseHint",
		"keyTab", "keyArrows", "keyEnter", "keyConnect", "keyDelete", "keyUndo", "saving", "unsaved", "saved", "wouldSend", "wouldNot", "notSaved",
		"failed", "conflict", "theirs", "mine",
	}
}

// pairs are options as the script reads them, in their order.
func pairs(options []Option) []option {
	out := []option{}
	for _, o := range options {
		out = append(out, option(o))
	}
	return out
}

// A scriptField is a field of conditions as the script knows it.
type scriptField struct {
	Name    string   `json:"name"`
	Label   string   `json:"label"`
	Ops     []string `json:"ops"`
	Choices []option `json:"choices,omitempty"`
}

func scriptFields(ctx context.Context) []scriptField {
	var out []scriptField
	for _, f := range app.ConditionFields() {
		field := scriptField{Name: f.Name, Label: label(ctx, "rule.field", f.Name), Ops: f.Ops}
		for _, v := range f.Choices {
			field.Choices = append(field.Choices, option{v, conditionValue(ctx, f.Name, v)})
		}
		out = append(out, field)
	}
	return out
}
