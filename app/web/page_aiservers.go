package web

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/app/ai"
	"crk/app/egress"
	"crk/views"
)

const aiServersPath = providersPath + "/ai"

func aiServerPages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", aiServersPath, app.ManageAll, aiServersPage(o)},
		{"POST", aiServersPath + "/channel", app.ManageAll, saveAgentChannel(o)},
		{"GET", aiServersPath + "/:task", app.ManageAll, aiServerPage(o)},
		{"POST", aiServersPath + "/:task", app.ManageAll, saveAIServer(o)},
		{"POST", aiServersPath + "/:task/try", app.ManageAll, tryAIServerForm(o)},
		{"POST", aiServersPath + "/:task/test", app.ManageAll, tryAIServer(o)},
		{"POST", aiServersPath + "/:task/delete", app.ManageAll, removeAIServer(o)},
	}
}

func aiServersPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showAIServers(c, nil, nil) }
}

// showAIServers shows which server does what, with a drawer where form is given
// and the results of tests by task.
func (o Options) showAIServers(c *fiber.Ctx, form *views.AIServerForm, tests map[app.AITask]*views.AIServerTest) error {
	ctx, b := c.UserContext(), who(c).Business.ID
	p := views.AIServersPage{Form: form}
	var err error
	if p.Channel, err = o.DB.BusinessAgentChannel(ctx, b); err != nil {
		return err
	}
	if _, p.Integrations, err = o.DB.Providers(ctx, b, 1, 0); err != nil {
		return err
	}
	for _, task := range app.AITasks() {
		card, err := o.aiServerCard(ctx, b, task)
		if err != nil {
			return err
		}
		card.Test = tests[task]
		p.Items = append(p.Items, card)
	}
	return o.show(c, views.AtSettings, "Providers", func(f views.Frame) templ.Component { return views.AIServers(f, p) })
}

func (o Options) aiServerCard(ctx context.Context, b app.BusinessID, task app.AITask) (views.AIServerCard, error) {
	s, err := o.AI.Of(ctx, b, task)
	card := views.AIServerCard{Task: task}
	if err != nil || s.URL == "" {
		return card, err
	}
	card.Host, card.Model, card.Own, card.Keyed = app.AIHost(s.URL), s.ModelName(task), s.Own(), s.Key != ""
	card.Default = o.AI.Default(task).URL != ""
	card.Paused = !o.AI.Paused(s).IsZero()
	card.Waiting, err = o.DB.WaitingAI(ctx, b, task)
	return card, err
}

// taskOf is the task that a request is about.
func taskOf(c *fiber.Ctx) (app.AITask, error) {
	task := app.AITask(c.Params("task"))
	if !task.Valid() {
		return "", fiber.ErrNotFound
	}
	return task, nil
}

func aiServerPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		task, err := taskOf(c)
		if err != nil {
			return err
		}
		stored, err := o.DB.AIServer(c.UserContext(), who(c).Business.ID, task)
		if err != nil {
			return err
		}
		form := views.AIServerForm{Task: task}
		if stored != nil {
			form.Stored, form.Keyed = true, stored.Key != ""
			form.Form.Values = aiServerValues(*stored)
		}
		return o.showAIServers(c, &form, nil)
	}
}

// aiServerForm is a form as it was sent, with what is wrong with it; ok is false
// for an error that is not about the form.
func (o Options) aiServerForm(c *fiber.Ctx, task app.AITask, in url.Values, err error) (form views.AIServerForm, ok bool, fault error) {
	stored, fault := o.DB.AIServer(c.UserContext(), who(c).Business.ID, task)
	if fault != nil {
		return form, false, fault
	}
	form = views.AIServerForm{Task: task, Form: views.Form{Values: in}, Stored: stored != nil, Keyed: stored != nil && stored.Key != ""}
	ctx := o.reader(c)
	if refusal, is := errors.AsType[*egress.Refused](err); is {
		form.Errors = map[string]string{"url": views.T(ctx, "aiserver.notallowed", "Host", refusal.Host, "Setting", refusal.Setting)}
		return form, true, nil
	}
	f, ok := refused(ctx, "invalid.aiserver", in, err)
	if !ok {
		return form, false, nil
	}
	for from, to := range map[string]string{"keyAgain": "key", "plain": "url"} {
		if text := f.Errors[from]; text != "" {
			f.Errors[to] = text
		}
	}
	form.Form = f
	return form, true, nil
}

func saveAIServer(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		task, err := taskOf(c)
		if err != nil {
			return err
		}
		in, err := formOf(c)
		if err != nil {
			return err
		}
		a, err := o.readAIServer(c.UserContext(), who(c).Business.ID, task, in)
		if err == nil {
			err = o.DB.SetAIServer(c.UserContext(), a)
		}
		if err == nil {
			return done(c, aiServersPath, "saved", nil)
		}
		form, ok, fault := o.aiServerForm(c, task, in, err)
		if fault != nil || !ok {
			return errors.Join(fault, err)
		}
		c.Status(fiber.StatusUnprocessableEntity)
		return o.showAIServers(c, &form, nil)
	}
}

// tryAIServerForm tests what is in the drawer and shows it again with the result.
func tryAIServerForm(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		task, err := taskOf(c)
		if err != nil {
			return err
		}
		in, err := formOf(c)
		if err != nil {
			return err
		}
		a, err := o.readAIServer(c.UserContext(), who(c).Business.ID, task, in)
		form, wrong, fault := o.aiServerForm(c, task, in, err)
		switch {
		case fault != nil || err != nil && !wrong:
			return errors.Join(fault, err)
		case err != nil:
			form.Test = &views.AIServerTest{Code: "incomplete"}
			if form.Errors["url"] != "" {
				form.Test.Text = form.Errors["url"]
			}
		default:
			form.Test = o.showAITest(c, task, o.AI.Probe(c.UserContext(), a))
		}
		return o.showAIServers(c, &form, nil)
	}
}

// tryAIServer tests the server that works now. Calls that wait for it go on when
// it does.
func tryAIServer(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		task, err := taskOf(c)
		if err != nil {
			return err
		}
		ctx, b := c.UserContext(), who(c).Business.ID
		stored, err := o.DB.AIServer(ctx, b, task)
		var r ai.Report
		switch {
		case err != nil:
			return err
		case stored != nil:
			r = o.AI.Probe(ctx, *stored)
		case o.AI.Default(task).URL == "":
			return goTo(c, aiServersPath)
		default:
			r = o.AI.ProbeDefault(ctx, b, task)
		}
		if r.Code == "" {
			if err := o.AI.Mended(ctx, b, task); err != nil {
				return err
			}
		}
		return o.showAIServers(c, nil, map[app.AITask]*views.AIServerTest{task: o.showAITest(c, task, r)})
	}
}

// showAITest is what a test found, for people; why it failed is logged too.
func (o Options) showAITest(c *fiber.Ctx, task app.AITask, r ai.Report) *views.AIServerTest {
	t := &views.AIServerTest{
		OK: r.Code == "", Code: r.Code, Latency: r.Latency, Usage: r.Usage, Models: r.Models, Text: r.Text,
		Language: r.Language, Times: r.Times, Form: r.Form,
	}
	if t.OK {
		return t
	}
	o.Log.Info("test of an AI server failed", "task", task, "err", r.Err)
	if refusal, ok := errors.AsType[*egress.Refused](r.Err); ok {
		t.Code = "not_allowed"
		t.Text = views.T(o.reader(c), "aiserver.notallowed", "Host", refusal.Host, "Setting", egress.Setting)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](r.Err); ok {
		t.Code = "untrusted"
	}
	return t
}

func removeAIServer(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		task, err := taskOf(c)
		if err != nil {
			return err
		}
		return done(c, aiServersPath, "deleted", o.DB.DeleteAIServer(c.UserContext(), who(c).Business.ID, task))
	}
}

// saveAgentChannel sets which side of stereo recordings is the agent's.
func saveAgentChannel(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		side := app.AgentChannel(c.FormValue("agentChannel"))
		if !side.Valid() {
			return &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: "There is no such side."}
		}
		return done(c, aiServersPath, "saved", o.DB.SetBusinessAgentChannel(c.UserContext(), who(c).Business.ID, side))
	}
}
