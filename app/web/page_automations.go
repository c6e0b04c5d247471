package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/automation"
	"crk/views"
)

func automationPages(o Options) []pageRoute {
	engine := automation.New(o.DB, o.Log, o.BaseURL)
	return []pageRoute{
		{"GET", "/automations", app.ViewNotifications, automationsPage(o)},
		{"POST", "/automations", app.ManageNotifications, saveAutomation(o)},
		{"GET", "/automations/templates", app.ManageNotifications, startersPage(o)},
		{"GET", "/automations/new", app.ManageNotifications, newAutomationPage(o)},
		{"POST", "/automations/preview", app.ManageNotifications, previewRule(o, engine)},
		{"GET", "/automations/runs", app.ViewNotifications, runsPage(o)},
		{"GET", "/automations/flow", app.ManageNotifications, newFlowPage(o)},
		{"POST", "/automations/flow", app.ManageNotifications, saveFlow(o)},
		{"POST", "/automations/flow/try", app.ManageNotifications, tryFlow(o, engine)},
		{"GET", "/automations/:id", app.ViewNotifications, automationPage(o)},
		{"POST", "/automations/:id", app.ManageNotifications, saveAutomation(o)},
		{"GET", "/automations/:id/flow", app.ViewNotifications, flowPage(o)},
		{"POST", "/automations/:id/flow", app.ManageNotifications, saveFlow(o)},
		{"POST", "/automations/:id/enabled", app.ManageNotifications, switchAutomation(o)},
		{"POST", "/automations/:id/delete", app.ManageNotifications, removeAutomation(o)},
	}
}

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
		now := o.DB.Now().In(who(c).Business.Location())
		from := time.Date(now.Year(), now.Month(), now.Day()-trendDays+1, 0, 0, 0, 0, now.Location())
		days, err := o.DB.AutomationDays(ctx, b, from, trendDays)
		if err != nil {
			return err
		}
		stuck, err := o.stuckPlaces(ctx, b)
		if err != nil {
			return err
		}
		p := views.AutomationsPage{Query: strings.TrimSpace(c.Query("q"))}
		for _, a := range list {
			row := views.AutomationRow{Automation: a, Days: days[a.ID]}
			for _, id := range append(a.Graph.Targets(app.ChannelTelegram), a.Graph.Targets(app.ChannelDiscord)...) {
				if stuck[id] {
					row.Stuck = append(row.Stuck, places[id])
				}
			}
			if rule, simple := automation.Project(a.Graph); simple {
				row.Rule = &rule
			}
			row.Places = placesOf(ctx, a.Graph, places)
			if found(a.Name()+"\n"+strings.Join(row.Places, "\n"), p.Query) {
				p.Items = append(p.Items, row)
			}
		}
		return o.show(c, views.AtAutomations, "place.automations", func(f views.Frame) templ.Component { return views.Automations(f, p) })
	}
}

// found reports whether a text holds what is looked for, whatever the case.
func found(text, query string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(query))
}

const trendDays = 14

// stuckPlaces are the chats and webhooks that nothing can be sent to now.
func (o Options) stuckPlaces(ctx context.Context, business app.BusinessID) (map[string]bool, error) {
	stuck := map[string]bool{}
	chats, _, err := o.DB.Chats(ctx, business, everything, 0)
	if err != nil {
		return nil, err
	}
	for _, chat := range chats {
		stuck[chat.ID] = !chat.Active || chat.State != app.ChatOK
	}
	webhooks, err := o.DB.DiscordWebhooks(ctx, business)
	for _, w := range webhooks {
		stuck[w.ID] = !w.Active || w.State != app.ChatOK
	}
	return stuck, err
}

// placesOf are the names of the destinations of a graph.
func placesOf(ctx context.Context, g app.Graph, names map[string]string) []string {
	var out []string
	for _, channel := range []string{app.ChannelTelegram, app.ChannelDiscord} {
		for _, id := range g.Targets(channel) {
			out = append(out, names[id]+" ("+views.Label(ctx, "channel", channel)+")")
		}
	}
	if slices.ContainsFunc(g.Nodes, func(n app.Node) bool { return n.Send != nil && n.Send.Channel == app.ChannelInApp }) {
		out = append(out, views.Label(ctx, "channel", app.ChannelInApp))
	}
	return out
}

func startersPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return o.show(c, views.AtAutomations, "starters.title", views.StartersPage)
	}
}

const spareRows = 2 // conditions that a form offers beyond those there are

func newAutomationPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		message := "{{customer_phone}} → {{agent}}: {{score}}\n{{summary}}\n{{link}}"
		p := views.AutomationPage{
			Form: views.Form{Values: url.Values{"inApp": {"true"}, "severity": {string(app.Warning)}, "message": {message}}},
		}
		if s, ok := views.StarterOf(o.reader(c), c.Query("template")); ok && s.Rule != nil {
			p.Form.Values, p.Rows = ruleForm(s.Rule.Normalized()), ruleRows(*s.Rule)
		}
		p.Rows = append(p.Rows, make([]views.ConditionRow, spareRows)...)
		return o.showAutomation(c, p)
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
	if p.Calls, err = o.recentCalls(c); err != nil {
		return err
	}
	return o.show(c, views.AtAutomations, "place.automations", func(f views.Frame) templ.Component { return views.Automation(f, p) })
}

// automationPage shows a rule as a form, and one that is more than a form can
// show as a flow.
func automationPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		a, err := o.DB.Automation(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		rule, simple := automation.Project(a.Graph)
		if !simple {
			return goTo(c, "/automations/"+a.ID+"/flow")
		}
		p := views.AutomationPage{ID: a.ID, Form: views.Form{Values: ruleForm(rule)}, Rows: ruleRows(rule)}
		p.Form.Values.Set("version", a.Graph.Fingerprint())
		p.Rows = append(p.Rows, make([]views.ConditionRow, spareRows)...)
		return o.showAutomation(c, p)
	}
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
		err = o.keepRule(c, rule, in.Get("version"))
		ctx := o.reader(c)
		if c.Params("id") != "" && app.IsKind(err, app.Conflict) {
			return o.showConflict(c, in, rows)
		}
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

// showConflict shows the form again, as it was typed, where somebody else changed
// the rule meanwhile: sent once more, it replaces what they did.
func (o Options) showConflict(c *fiber.Ctx, in url.Values, rows []views.ConditionRow) error {
	a, err := o.DB.Automation(c.UserContext(), who(c).Business.ID, c.Params("id"))
	if err != nil {
		return err
	}
	in.Set("version", a.Graph.Fingerprint())
	c.Status(fiber.StatusConflict)
	return o.showAutomation(c, views.AutomationPage{
		ID: a.ID, Rows: rows, Conflict: true, Form: views.Form{Values: in, Problem: views.T(o.reader(c), "rule.conflict")},
	})
}

func (o Options) keepRule(c *fiber.Ctx, rule app.Rule, version string) error {
	g, err := automation.Compile(rule)
	if err != nil {
		return err
	}
	b := who(c).Business.ID
	if id := c.Params("id"); id != "" {
		_, err = o.DB.ReplaceAutomationVersion(c.UserContext(), b, id, version, g)
		return err
	}
	_, err = o.DB.CreateAutomation(c.UserContext(), b, g)
	return err
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
