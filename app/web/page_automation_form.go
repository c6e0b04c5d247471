package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"crk/app"
	"crk/views"
)

// ruleForm is a rule as the fields of its form.
func ruleForm(r app.Rule) url.Values {
	return url.Values{
		"name": {r.Name}, "match": {r.Match}, "message": {r.Message}, "severity": {string(r.Severity)},
		"telegramChatIds": r.TelegramChatIDs, "discordWebhookIds": r.DiscordWebhookIDs, "inApp": {strconv.FormatBool(r.InApp)}, "onReanalysis": {strconv.FormatBool(r.OnReanalysis)},
	}
}

func ruleRows(r app.Rule) []views.ConditionRow {
	return mapped(r.Conditions, func(c app.Condition) views.ConditionRow {
		return views.ConditionRow{Field: c.Field, Op: c.Op, Value: strings.Join(c.Value.Texts(), ", ")}
	})
}

// wrong reports whether an error names a field, or a part of it.
func wrong(err error, field string) bool {
	return slices.ContainsFunc(explain(err).Fields, func(f app.Field) bool { return strings.HasPrefix(f.Name, field) })
}

// readRows reads the conditions as they were typed.
func readRows(in url.Values) []views.ConditionRow {
	var rows []views.ConditionRow
	for i, field := range in["field"][:min(len(in["field"]), app.MaxConditions+1)] {
		row := views.ConditionRow{Field: field}
		if i < len(in["op"]) && i < len(in["value"]) {
			row.Op, row.Value = in["op"][i], in["value"][i]
		}
		rows = append(rows, row)
	}
	return rows
}

// readRule reads a rule, and of each of its conditions in which row it stood.
func readRule(in url.Values, rows []views.ConditionRow) (r app.Rule, used []int) {
	r = app.Rule{
		Name: in.Get("name"), Match: in.Get("match"), Message: in.Get("message"), Severity: app.Severity(in.Get("severity")),
		TelegramChatIDs: in["telegramChatIds"], DiscordWebhookIDs: in["discordWebhookIds"], InApp: in.Get("inApp") == "true",
		OnReanalysis: in.Get("onReanalysis") == "true",
	}
	for i, row := range rows {
		if row.Field == "" {
			continue
		}
		r.Conditions = append(r.Conditions, app.Condition{Field: row.Field, Op: row.Op, Value: typedValue(row.Op, row.Value)})
		used = append(used, i)
	}
	return r, used
}

// typedValue is a value as its operator takes it: a list where commas part it.
func typedValue(op, typed string) app.Value {
	typed = strings.TrimSpace(typed)
	switch op {
	case app.OpIsEmpty, app.OpIsNotEmpty:
		return app.Value{}
	case app.OpIn, app.OpNotIn, app.OpBetween:
		var items []string
		for item := range strings.SplitSeq(typed, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		return app.TextValues(items...)
	}
	return app.TextValue(typed)
}
