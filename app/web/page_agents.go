package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
	"crk/views"
)

const (
	agentsPath   = "/agents"
	agentPath    = "/agents/one" // ?key=…: a key may hold anything, also what a path may not
	agentReviews = 200           // newest calls in which reviews are looked for
)

func agentPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", agentsPath, app.ViewRecordingSelf, agentsPage(o)},
		{"GET", agentPath, app.ViewRecordingSelf, agentPage(o)},
		{"POST", agentsPath + "/name", app.ManageAll, nameAgent(o)},
		{"POST", agentsPath + "/members", app.ManageAll, assignAgent(o)},
	}
}

// agentDays reads the period of the agents' pages, in days up to now; 0 is all.
func (o Options) agentDays(q *query, w caller) (days int, from time.Time) {
	switch q.one("days", "30", "90", "365", "all") {
	case "30":
		days = 30
	case "365":
		days = 365
	case "all":
		return 0, from
	default:
		days = 90
	}
	now := o.DB.Now().In(w.Business.Location())
	return days, time.Date(now.Year(), now.Month(), now.Day()-days+1, 0, 0, 0, 0, now.Location())
}

func agentsPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w := c.UserContext(), who(c)
		days, from := o.agentDays(readQuery(c), w)
		agents, err := o.DB.Agents(ctx, app.RecordingFilter{From: from, OnlyAgents: w.only()}, w.Business.ID)
		if err != nil {
			return err
		}
		p := views.AgentsPage{Days: days}
		for _, a := range agents {
			p.Items = append(p.Items, agentRow(a, from, o.DB.Now()))
		}
		if w.Scopes.Allow(app.ManageAll) {
			if p.Members, err = o.DB.Members(ctx, w.Business.ID); err != nil {
				return err
			}
		}
		return o.show(c, views.AtAgents, "place.agents", func(f views.Frame) templ.Component { return views.Agents(f, p) })
	}
}

// agentRow is an agent as the pages show one, with the scores of the period in
// twelve averages.
func agentRow(a store.AgentSummary, from, now time.Time) views.AgentRow {
	row := views.AgentRow{
		Key: a.Key, Number: a.Number, Name: cmp.Or(a.Display, a.Name), Given: a.Name, Display: a.Display, Calls: a.Calls,
		AvgScore: a.AvgScore, AvgDuration: a.AvgDuration, AvgTalk: a.AvgTalk, LastCallAt: a.LastCallAt,
	}
	if len(a.Scored) == 0 {
		return row
	}
	if from.IsZero() {
		from = a.Scored[len(a.Scored)-1].At
	}
	step := max(now.Sub(from)/views.TrendSteps, time.Hour)
	sums, counts := [views.TrendSteps]float64{}, [views.TrendSteps]int{}
	for _, s := range a.Scored {
		i := min(max(int(s.At.Sub(from)/step), 0), views.TrendSteps-1)
		sums[i] += s.Score
		counts[i]++
	}
	for i, n := range counts {
		point := views.TrendPoint{From: from.Add(time.Duration(i) * step), Calls: n}
		if n > 0 {
			point.Score = sums[i] / float64(n)
		}
		row.Trend = append(row.Trend, point)
	}
	return row
}

func agentPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if c.Query("key") == "" {
			return goTo(c, agentsPath)
		}
		return o.showAgent(c, c.Query("key"), views.Form{})
	}
}

func (o Options) showAgent(c *fiber.Ctx, key string, naming views.Form) error {
	ctx, w := c.UserContext(), who(c)
	days, from := o.agentDays(readQuery(c), w)
	if key == "" {
		return goTo(c, agentsPath)
	}
	if w.only() != nil && !slices.Contains(w.only(), key) {
		return app.Missing("agent")
	}
	mine := app.RecordingFilter{AgentKeys: []string{key}, OnlyAgents: w.only(), Limit: agentReviews}
	ever, err := o.DB.Agents(ctx, mine, w.Business.ID)
	if err != nil {
		return err
	}
	if len(ever) == 0 {
		return app.Missing("agent")
	}
	p := views.AgentPage{Days: days, Naming: naming, Agent: agentRow(ever[0], from, o.DB.Now())}
	mine.From = from
	agents, err := o.DB.Agents(ctx, mine, w.Business.ID)
	if err != nil {
		return err
	}
	name := p.Agent
	p.Agent = views.AgentRow{Key: key, Number: name.Number, Name: name.Name, Given: name.Given, Display: name.Display, LastCallAt: name.LastCallAt}
	if len(agents) > 0 {
		p.Agent = agentRow(agents[0], from, o.DB.Now())
	}
	calls, _, err := o.DB.Recordings(ctx, w.Business.ID, mine)
	if err != nil {
		return err
	}
	p.Calls = calls[:min(10, len(calls))]
	for _, r := range calls {
		if r.Review != nil && len(p.Reviews) < 10 {
			p.Reviews = append(p.Reviews, r)
		}
	}
	if p.Tags, err = o.DB.TagCounts(ctx, w.Business.ID, mine); err != nil {
		return err
	}
	if w.Scopes.Allow(app.ManageAll) {
		if p.Members, err = o.DB.Members(ctx, w.Business.ID); err != nil {
			return err
		}
	}
	return o.show(c, views.AtAgents, views.AgentLabel(p.Agent.Number, p.Agent.Name), func(f views.Frame) templ.Component { return views.Agent(f, p) })
}

// toAgent is the address of an agent's page.
func toAgent(key string) string { return agentPath + "?" + url.Values{"key": {key}}.Encode() }

func nameAgent(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		key, name := in.Get("key"), strings.TrimSpace(in.Get("name"))
		var bad app.Problems
		checkLength(&bad, "name", &name, 80)
		if err = bad.Err(); err == nil {
			err = o.DB.NameAgent(c.UserContext(), who(c).Business.ID, key, name)
		}
		if f, ok := refused(o.reader(c), "invalid.agent", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showAgent(c, key, f)
		}
		return done(c, toAgent(key), "saved", err)
	}
}

// assignAgent says which members see the calls of an agent as their own.
func assignAgent(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		users := mapped(in["user"], func(s string) app.UserID { return app.UserID(s) })
		return done(c, toAgent(in.Get("key")), "saved", o.DB.AssignAgent(c.UserContext(), who(c).Business.ID, in.Get("key"), users))
	}
}
