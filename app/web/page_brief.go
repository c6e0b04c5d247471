package web

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/ai"
	"crk/views"
)

const (
	briefPath     = "/settings/analysis"
	briefVersions = 50               // that the history shows
	trialCalls    = 20               // recent ones to choose from
	trialTime     = 90 * time.Second // that a person waits for one
)

func briefPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", briefPath, app.ManageAll, briefPage(o)},
		{"POST", briefPath, app.ManageAll, changeBrief(o)},
		{"POST", briefPath + "/try", app.ManageAll, tryBrief(o)},
		{"POST", briefPath + "/versions/:version/restore", app.ManageAll, restoreBrief(o)},
	}
}

// briefPage shows the present settings, or those of the version that the address
// names, to be looked at and saved again.
func briefPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		b, err := o.DB.Brief(c.UserContext(), who(c).Business.ID)
		if err != nil {
			return err
		}
		p := views.BriefPage{Brief: b, Current: b.Version}
		if named := c.Query("version"); named != "" {
			if p.Brief, err = o.briefVersion(c, named); err != nil {
				return err
			}
			p.Old = p.Brief.Version != b.Version
		}
		return o.showBrief(c, p)
	}
}

func (o Options) briefVersion(c *fiber.Ctx, named string) (app.Brief, error) {
	n, err := strconv.Atoi(named)
	if err != nil || n < 0 {
		return app.Brief{}, fiber.ErrNotFound
	}
	return o.DB.BriefVersion(c.UserContext(), who(c).Business.ID, n)
}

// showBrief shows the settings in p with all that stands beside them.
func (o Options) showBrief(c *fiber.Ctx, p views.BriefPage) error {
	ctx, w := c.UserContext(), who(c)
	p.Preview = ai.Preview(w.Business.Name, p.Brief.Tidy())
	server, err := o.AI.Of(ctx, w.Business.ID, app.TaskAnalysis)
	if err != nil {
		return err
	}
	if p.HasServer = server.URL != ""; p.HasServer {
		if p.Calls, err = o.spokenCalls(ctx, w.Business.ID); err != nil {
			return err
		}
	}
	if p.History, err = o.briefHistory(ctx, w.Business.ID); err != nil {
		return err
	}
	return o.show(c, views.AtSettings, "settings.analysis", func(f views.Frame) templ.Component { return views.AnalysisSettings(f, p) })
}

// spokenCalls are recent calls whose words are known.
func (o Options) spokenCalls(ctx context.Context, business app.BusinessID) (calls []app.Recording, err error) {
	const looked = 100
	recent, _, err := o.DB.Recordings(ctx, business, app.RecordingFilter{Status: app.Completed, Limit: looked})
	for _, r := range recent {
		if r.HasTranscript && len(calls) < trialCalls {
			calls = append(calls, r)
		}
	}
	return calls, err
}

// briefHistory are the versions with who made them.
func (o Options) briefHistory(ctx context.Context, business app.BusinessID) ([]views.BriefVersion, error) {
	all, err := o.DB.Briefs(ctx, business, briefVersions)
	if err != nil {
		return nil, err
	}
	names := map[app.UserID]string{}
	out := make([]views.BriefVersion, 0, len(all))
	for _, b := range all {
		name, known := names[b.CreatedBy]
		if !known && b.CreatedBy != "" {
			u, err := o.DB.User(ctx, b.CreatedBy)
			if err != nil && !app.IsKind(err, app.NotFound) {
				return nil, err
			}
			name = personName(u)
			names[b.CreatedBy] = name
		}
		out = append(out, views.BriefVersion{Version: b.Version, At: b.CreatedAt, By: name})
	}
	return out, nil
}

// personName is what a user is called.
func personName(u app.User) string {
	if u.Name != "" {
		return u.Name
	}
	return u.Email
}

// changeBrief saves the form, or adds, removes and moves its rows and shows it
// again.
func changeBrief(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		b := readBrief(in)
		button := in.Get("do")
		if button == "preview" || editBrief(&b, button) {
			return o.showBrief(c, views.BriefPage{Brief: b, Current: b.Version, Changed: true, Previewing: button == "preview"})
		}
		kept := b.Tidy()
		if err = kept.Validate(); err == nil {
			_, err = o.DB.AddBrief(c.UserContext(), who(c).Business.ID, kept, who(c).User.ID)
		}
		return o.briefSaved(c, b, err)
	}
}

// briefSaved goes on after an attempt to save the typed settings.
func (o Options) briefSaved(c *fiber.Ctx, typed app.Brief, err error) error {
	ctx := o.reader(c)
	f, ok := refused(ctx, "invalid.brief", nil, err)
	if app.IsKind(err, app.Conflict) {
		f, ok = views.Form{Problem: views.T(ctx, "brief.conflict")}, true
	}
	if !ok {
		return done(c, briefPath, "saved", err)
	}
	c.Status(fiber.StatusUnprocessableEntity)
	return o.showBrief(c, views.BriefPage{Brief: typed, Current: typed.Version, Changed: true, Errors: f.Errors, Problem: f.Problem})
}

// restoreBrief makes an earlier version the newest one.
func restoreBrief(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		old, err := o.briefVersion(c, c.Params("version"))
		if err != nil {
			return err
		}
		now, err := o.DB.Brief(c.UserContext(), who(c).Business.ID)
		if err != nil {
			return err
		}
		old.Version = now.Version
		_, err = o.DB.AddBrief(c.UserContext(), who(c).Business.ID, old, who(c).User.ID)
		return done(c, briefPath, "restored", err)
	}
}

// tryBrief analyses a call by the typed settings and shows what came of it.
// Nothing of it is kept.
func tryBrief(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		b := readBrief(in)
		kept := b.Tidy()
		if err := kept.Validate(); err != nil {
			return o.briefSaved(c, b, err)
		}
		w := who(c)
		r, err := o.DB.Recording(c.UserContext(), w.Business.ID, w.only(), in.Get("call"))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(c.UserContext(), trialTime)
		defer cancel()
		trial := views.BriefTrial{Call: r}
		trial.Analysis, err = o.Analyst.Try(ctx, r, kept)
		if trial.Code = trialCode(err); err != nil {
			if trial.Code == "" {
				return err
			}
			o.Log.Info("trial of analysis settings failed", "recording", r.ID, "err", err)
		}
		return o.showBrief(c, views.BriefPage{Brief: b, Current: b.Version, Changed: true, Trial: &trial})
	}
}

// trialCode is why a trial failed, as a code of tests; empty where it is our own
// fault.
func trialCode(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ai.ErrOverBudget):
		return "over_budget"
	case errors.Is(err, ai.ErrNothingToTry):
		return "nothing_to_try"
	case errors.Is(err, ai.ErrInvalidAnswer):
		return ai.CodeNoJSON
	}
	return ai.Code(err)
}
