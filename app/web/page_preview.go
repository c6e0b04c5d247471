package web

import (
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/automation"
	"crk/app/notify"
	"crk/views"
)

// previewRule shows what the rule that is being typed would make of a call: which
// conditions hold, and the message as each channel would show it. Nothing is
// sent and nothing stored.
func previewRule(o Options, engine *automation.Engine) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		ctx, w := o.reader(c), who(c)
		rule, _ := readRule(in, readRows(in))
		if rule.Destinations() == 0 {
			rule.InApp = true // it is shown all the same; saving asks for one
		}
		if rule.Name == "" {
			rule.Name = views.T(ctx, "flow.untitled")
		}
		p := views.RulePreview{Asked: in.Get("preview") != ""}
		g, err := automation.Compile(rule)
		if app.IsKind(err, app.Invalid) {
			p.Unfinished = true
			return render(c, ctx, views.Preview(p))
		}
		if err != nil {
			return err
		}
		if !p.Asked {
			return render(c, ctx, views.Preview(p))
		}
		trace, err := engine.Try(ctx, app.Automation{BusinessID: w.Business.ID, Graph: g}, in.Get("preview"))
		if err != nil {
			return err
		}
		link := ""
		if o.BaseURL != "" {
			link = o.BaseURL + "/calls/" + in.Get("preview")
		}
		p.Matched, p.Steps = trace.Matched, traceSteps(trace)
		d := app.Delivery{Title: rule.Name, Body: trace.Message, Link: link, Severity: rule.Normalized().Severity}
		p.Title, p.Body, p.Link, p.Severity = d.Title, d.Body, link, d.Severity
		for _, n := range notify.Preview(d, w.Business.Language) {
			p.Notes = append(p.Notes, views.PreviewNote{Channel: n.Channel, Title: n.Title, Text: n.Text})
		}
		return render(c, ctx, views.Preview(p))
	}
}
