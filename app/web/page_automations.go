package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/automation"
	"crk/views"
)

func automationsPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, b := o.reader(c), who(c).Business.ID
		list, _, err := o.DB.Automations(ctx, b, everything, 0)
		if err != nil {
			return err
		}
		places, _, err := o.names(ctx, b)
		if err != nil {
			return err
		}
		var p views.AutomationsPage
		for _, a := range list {
			row := views.AutomationRow{Automation: a}
			if rule, simple := automation.Project(a.Graph); simple {
				row.Rule = &rule
			}
			for _, channel := range []string{app.ChannelTelegram, app.ChannelDiscord} {
				for _, id := range a.Graph.Targets(channel) {
					row.Places = append(row.Places, places[id]+" ("+views.Label(ctx, "channel", channel)+")")
				}
			}
			if slices.ContainsFunc(a.Graph.Nodes, func(n app.Node) bool { return n.Send != nil && n.Send.Channel == app.ChannelInApp }) {
				row.Places = append(row.Places, views.Label(ctx, "channel", app.ChannelInApp))
			}
			p.Items = append(p.Items, row)
		}
		return o.show(c, views.AtAutomations, "place.automations", func(f views.Frame) templ.Component { return views.Automations(f, p) })
	}
}

const spareRows = 2 // conditions that a form offers beyond those there are

func newAutomationPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		message := "{{customer_phone}} → {{agent}}: {{score}}\n{{summary}}\n{{link}}"
		return o.showAutomation(c, views.AutomationPage{
			Form: views.Form{Values: url.Values{"inApp": {"true"}, "severity": {string(app.Warning)}, "message": {message}}},
			Rows: make([]views.ConditionRow, spareRows),
		})
	}
}

// showAutomation adds the destinations there are to the form of a rule.
func (o Options) showAutomation(c *fiber.Ctx, p views.AutomationPage) error {
	b := who(c).Business.ID
	var err error
	if p.Chats, _, err = o.DB.Chats(c.UserContext(), b, everything, 0); err != nil {
		return err
	}
	if p.Webhooks, err = o.DB.DiscordWebhooks(c.UserContext(), b); err != nil {
		return err
	}
	return o.show(c, views.AtAutomations, "place.automations", func(f views.Frame) templ.Component { return views.Automation(f, p) })
}

func automationPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		a, err := o.DB.Automation(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		p := views.AutomationPage{ID: a.ID, Form: views.Form{Values: url.Values{"name": {a.Name()}}}}
		rule, simple := automation.Project(a.Graph)
		p.Advanced = !simple
		if simple {
			p.Form.Values, p.Rows = ruleForm(rule), ruleRows(rule)
		}
		p.Rows = append(p.Rows, make([]views.ConditionRow, spareRows)...)
		return o.showAutomation(c, p)
	}
}

// ruleForm is a rule as the fields of its form.
func ruleForm(r app.Rule) url.Values {
	return url.Values{
		"name": {r.Name}, "match": {r.Match}, "message": {r.Message}, "severity": {string(r.Severity)},
		"telegramChatIds": r.TelegramChatIDs, "discordWebhookIds": r.DiscordWebhookIDs, "inApp": {strconv.FormatBool(r.InApp)},
	}
}

func ruleRows(r app.Rule) []views.ConditionRow {
	return mapped(r.Conditions, func(c app.Condition) views.ConditionRow {
		return views.ConditionRow{Field: c.Field, Op: c.Op, Value: strings.Join(c.Value.Texts(), ", ")}
	})
}

// saveAutomation makes a rule, or puts it in the place of another.
func saveAutomation(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		rows := readRows(in)
		if in.Get("more") != "" {
			rows = append(rows, views.ConditionRow{})
			return o.showAutomation(c, views.AutomationPage{ID: c.Params("id"), Form: views.Form{Values: in}, Rows: rows})
		}
		rule, used := readRule(in, rows)
		err = o.keepRule(c, rule)
		ctx := o.reader(c)
		f, ok := refused(ctx, "invalid.rule", in, err)
		if !ok {
			return done(c, "/automations", "saved", err)
		}
		for i, row := range used {
			if wrong(err, "conditions["+strconv.Itoa(i)+"]") {
				rows[row].Problem = views.T(ctx, "invalid.rule.conditions")
			}
		}
		c.Status(fiber.StatusUnprocessableEntity)
		return o.showAutomation(c, views.AutomationPage{ID: c.Params("id"), Form: f, Rows: rows})
	}
}

func (o Options) keepRule(c *fiber.Ctx, rule app.Rule) error {
	g, err := automation.Compile(rule)
	if err != nil {
		return err
	}
	b := who(c).Business.ID
	if id := c.Params("id"); id != "" {
		_, err = o.DB.ReplaceAutomation(c.UserContext(), b, id, g)
		return err
	}
	_, err = o.DB.CreateAutomation(c.UserContext(), b, g)
	return err
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

func switchAutomation(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		on := c.FormValue("enabled") == "true"
		_, err := o.DB.EnableAutomation(c.UserContext(), who(c).Business.ID, c.Params("id"), on)
		return done(c, "/automations", switched(on), err)
	}
}

// switched is the word for a switch that was turned.
func switched(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func removeAutomation(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := o.DB.DeleteAutomation(c.UserContext(), who(c).Business.ID, c.Params("id"))
		return done(c, "/automations", "deleted", err)
	}
}
