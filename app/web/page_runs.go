package web

import (
	"encoding/json"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/automation"
	"crk/store"
	"crk/views"
)

// runsPage is the log of what rules did. Of calls that the reader may not see it
// tells no more than that there was one.
func runsPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w, q := c.UserContext(), who(c), readQuery(c)
		p := views.RunsPage{
			Rule: q.values.Get("rule"), Call: q.values.Get("call"), Before: q.values.Get("before"),
			State: q.one("state", "held", app.DeliveryQueued, app.DeliverySent, app.DeliveryFailed),
		}
		runs, err := o.DB.AutomationRuns(ctx, w.Business.ID, store.RunFilter{
			AutomationID: p.Rule, RecordingID: p.Call, State: p.State, Before: p.Before, Limit: rowsPerPage + 1,
		})
		if err != nil {
			return err
		}
		if len(runs) > rowsPerPage {
			runs = runs[:rowsPerPage]
			p.Next = runs[rowsPerPage-1].ID
		}
		if p.Places, p.Rules, err = o.names(ctx, w.Business.ID); err != nil {
			return err
		}
		p.Items = mapped(runs, func(r store.LoggedRun) views.RunRow { return runRow(r, w) })
		return o.show(c, views.AtAutomations, "runs.title", func(f views.Frame) templ.Component { return views.Runs(f, p) })
	}
}

func runRow(r store.LoggedRun, w caller) views.RunRow {
	row := views.RunRow{ID: r.ID, RuleID: r.AutomationID, At: r.At, Held: r.Held, Deliveries: r.Deliveries, Gone: r.Call == nil}
	if r.Call == nil || !app.Sees(w.only(), *r.Call) {
		return row
	}
	row.Call = r.Call
	var trace automation.Trace
	if json.Unmarshal(r.Trace, &trace) == nil { // one that cannot be read is not shown
		row.Steps = traceSteps(trace)
	}
	return row
}

// traceSteps is how a run came about, node by node.
func traceSteps(t automation.Trace) []views.TraceStep {
	return mapped(t.Nodes, func(n automation.NodeTrace) views.TraceStep {
		s := views.TraceStep{Kind: n.Kind, Fired: n.Fired, Exit: n.Exit, Message: n.Message, Channel: n.Channel}
		if n.Group != nil {
			s.Match, s.Checks = n.Group.Match, groupChecks(*n.Group)
		}
		if n.Throttle != nil {
			s.Used, s.Most = n.Throttle.Used, n.Throttle.Most
		}
		return s
	})
}

// groupChecks are the conditions of a group and of the groups in it.
func groupChecks(g automation.GroupTrace) []views.ConditionCheck {
	out := mapped(g.Conditions, func(c automation.ConditionTrace) views.ConditionCheck {
		return views.ConditionCheck{Condition: app.Condition{Field: c.Field, Op: c.Op, Value: c.Value}, Actual: c.Actual.Texts(), Met: c.Met}
	})
	for _, inner := range g.Groups {
		out = append(out, groupChecks(inner)...)
	}
	return out
}
