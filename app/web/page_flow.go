package web

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/automation"
	"crk/views"
)

// flowPage shows an automation on the canvas, a simple rule too.
func flowPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		a, err := o.DB.Automation(c.UserContext(), who(c).Business.ID, c.Params("id"))
		if err != nil {
			return err
		}
		_, simple := automation.Project(a.Graph)
		return o.showFlow(c, views.FlowPage{ID: a.ID, Graph: a.Graph, Version: a.Graph.Fingerprint(), Simple: simple, Enabled: a.Enabled})
	}
}

// newFlowPage shows a flow that is not saved yet: of a template, or of nothing but
// the trigger.
func newFlowPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx := o.reader(c)
		g := app.Graph{
			Version: app.GraphVersion, Name: views.T(ctx, "flow.untitled"),
			Nodes: []app.Node{{ID: "start", Kind: app.NodeTrigger}},
		}
		if s, ok := views.StarterOf(ctx, c.Query("template")); ok {
			var err error
			if g, err = starterGraph(s); err != nil {
				return err
			}
		}
		return o.showFlow(c, views.FlowPage{Graph: g, Enabled: true})
	}
}

func starterGraph(s views.Starter) (app.Graph, error) {
	if s.Rule != nil {
		return automation.Compile(*s.Rule)
	}
	return *s.Graph, nil
}

// showFlow adds what the editor offers to a flow.
func (o Options) showFlow(c *fiber.Ctx, p views.FlowPage) error {
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
	return o.show(c, views.AtAutomations, "place.automations", func(f views.Frame) templ.Component { return views.Flow(f, p) })
}

const callsToTry = 25

// recentCalls are those that a rule can be tried on, of what the reader may see.
func (o Options) recentCalls(c *fiber.Ctx) ([]app.Recording, error) {
	w := who(c)
	calls, _, err := o.DB.Recordings(c.UserContext(), w.Business.ID, app.RecordingFilter{
		Status: app.Completed, OnlyAgents: w.only(), Limit: callsToTry,
	})
	return calls, err
}

// A flowForm is what the editor sends.
type flowForm struct {
	Graph        app.Graph `json:"graph"`
	Version      string    `json:"version"` // that the editor began with
	Force        bool      `json:"force"`   // whatever it is by now
	AutomationID string    `json:"automationId"`
	RecordingID  string    `json:"recordingId"` // to try the flow on
}

// Validate lets the handlers say what is wrong, in the reader's language.
func (flowForm) Validate() error { return nil }

func readFlow(c *fiber.Ctx) (flowForm, error) {
	in, err := decode[flowForm](c)
	in.Graph.Name = strings.TrimSpace(in.Graph.Name)
	return in, err
}

// A flowProblem is one thing that is wrong with a flow.
type flowProblem struct {
	Node    string `json:"node,omitempty"` // which; empty: the whole
	Message string `json:"message"`        // in the reader's language
}

// tryFlow says what is wrong with a flow that need not be saved, and what it would
// make of a call. Nothing is sent.
func tryFlow(o Options, engine *automation.Engine) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := readFlow(c)
		if err != nil {
			return err
		}
		problems, err := o.flowProblems(c, in.Graph)
		if err != nil || len(problems) > 0 || in.RecordingID == "" {
			return answerFlow(c, err, fiber.Map{"problems": problems})
		}
		a := app.Automation{ID: in.AutomationID, BusinessID: who(c).Business.ID, Graph: in.Graph}
		trace, err := engine.Try(c.UserContext(), a, in.RecordingID)
		return answerFlow(c, err, fiber.Map{"trace": trace})
	}
}

func answerFlow(c *fiber.Ctx, err error, answer fiber.Map) error {
	if err != nil {
		return err
	}
	return c.JSON(answer)
}

// saveFlow keeps a flow: 422 with what is wrong with it, 409 where somebody else
// changed it meanwhile.
func saveFlow(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := readFlow(c)
		if err != nil {
			return err
		}
		problems, err := o.flowProblems(c, in.Graph)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return c.Status(fiber.StatusUnprocessableEntity).JSON(fiber.Map{"problems": problems})
		}
		a, err := o.keepFlow(c, in)
		if app.IsKind(err, app.Conflict) {
			return c.Status(fiber.StatusConflict).JSON(fiber.Map{"error": "conflict"})
		}
		if err != nil {
			return err
		}
		form := ""
		if _, simple := automation.Project(a.Graph); simple {
			form = "/automations/" + a.ID
		}
		page := "/automations/" + a.ID + "/flow"
		return c.JSON(fiber.Map{"id": a.ID, "version": a.Graph.Fingerprint(), "save": page, "page": page, "form": form})
	}
}

func (o Options) keepFlow(c *fiber.Ctx, in flowForm) (app.Automation, error) {
	b, id := who(c).Business.ID, c.Params("id")
	if id == "" {
		return o.DB.CreateAutomation(c.UserContext(), b, in.Graph)
	}
	if in.Force {
		in.Version = ""
	}
	return o.DB.ReplaceAutomationVersion(c.UserContext(), b, id, in.Version, in.Graph)
}

// flowProblems is all that keeps a flow from being saved.
func (o Options) flowProblems(c *fiber.Ctx, g app.Graph) ([]flowProblem, error) {
	ctx := o.reader(c)
	if err := g.Validate(); err != nil {
		return mapped(explain(err).Fields, func(f app.Field) flowProblem { return flowProblemOf(ctx, g, f.Name) }), nil
	}
	places, _, err := o.names(ctx, who(c).Business.ID)
	if err != nil {
		return nil, err
	}
	var out []flowProblem
	for _, n := range g.Nodes {
		if n.Send != nil && slices.ContainsFunc(n.Send.To, func(id string) bool { return places[id] == "" }) {
			out = append(out, flowProblem{n.ID, views.T(ctx, "flow.invalid.missing")})
		}
	}
	if !g.Sends() {
		out = append(out, flowProblem{Message: views.T(ctx, "flow.invalid.silent")})
	}
	return out, nil
}

// flowProblemOf says a problem of a graph, which is known by its path, in the
// reader's language.
func flowProblemOf(ctx context.Context, g app.Graph, path string) flowProblem {
	var p flowProblem
	if i, ok := index(path, "nodes"); ok && i < len(g.Nodes) {
		p.Node = g.Nodes[i].ID
	}
	if i, ok := index(path, "edges"); ok && i < len(g.Edges) {
		p.Node = g.Edges[i].From
	}
	word := path[strings.LastIndex(path, ".")+1:]
	word, _, _ = strings.Cut(word, "[")
	if p.Message = views.Label(ctx, "flow.invalid", word); p.Message == word {
		p.Message = views.T(ctx, "flow.invalid.other")
	}
	if at := strings.LastIndex(path, "conditions["); at >= 0 {
		if i, ok := index(path[at:], "conditions"); ok {
			p.Message = fmt.Sprintf("%s %d: %s", views.T(ctx, "flow.condition"), i+1, p.Message)
		}
	}
	return p
}

// index reads the number in a path that begins with name[number].
func index(path, name string) (int, bool) {
	rest, ok := strings.CutPrefix(path, name+"[")
	number, _, closed := strings.Cut(rest, "]")
	i, err := strconv.Atoi(number)
	return i, ok && closed && err == nil
}
