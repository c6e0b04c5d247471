package web

import (
	"cmp"
	"context"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

// listed is how many of each kind are looked through for what wants a person.
const listed = 200

func homePages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", "/", anybody, homePage(o)},
		{"POST", "/steps/hide", app.ManageAll, hideSteps(o)},
	}
}

// homePage shows how the calls stand. Who sees no call has nothing to read here
// and begins with what is their own.
func homePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		if !w.Scopes.Allow(app.ViewRecordingSelf) {
			return goTo(c, "/settings/profile")
		}
		period := cmp.Or(readQuery(c).one("period", app.Periods()...), app.PeriodToday)
		v, err := o.DB.Overview(c.UserContext(), w.Business, w.only(), period)
		if err != nil {
			return err
		}
		p := views.HomePage{Overview: v, Now: o.DB.Now().In(w.Business.Location()), Saying: w.Scopes.Allow(app.ManageAll)}
		if p.Attention, err = o.attention(c.UserContext(), w, p); err != nil {
			return err
		}
		if p.Steps, err = o.firstSteps(c.UserContext(), w); err != nil {
			return err
		}
		return o.show(c, views.AtHome, "home.title", func(f views.Frame) templ.Component { return views.Home(f, p) })
	}
}

// firstSteps are what is left to be set up, for those who can. None are left
// once all are done or somebody has seen enough of them.
func (o Options) firstSteps(ctx context.Context, w caller) ([]views.Step, error) {
	if !w.Scopes.Allow(app.ManageAll) {
		return nil, nil
	}
	done, err := o.DB.Checklist(ctx, w.Business.ID)
	if err != nil || done.Hidden {
		return nil, err
	}
	stt, llm, err := o.hasAI(ctx, w.Business.ID)
	if err != nil {
		return nil, err
	}
	steps := []views.Step{
		{Name: "phone", Done: done.Phone, Link: providersPath},
		{Name: "ai", Done: stt || llm, Link: aiServersPath},
		{Name: "chat", Done: done.Chat, Link: destinationsPath},
		{Name: "rule", Done: done.Rule, Link: "/automations"},
		{Name: "colleague", Done: done.Colleague, Link: peoplePath},
	}
	if !views.StepsLeft(steps) {
		return nil, nil
	}
	return steps, nil
}

func hideSteps(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return done(c, "/", "steps_hidden", o.DB.HideChecklist(c.UserContext(), who(c).Business.ID))
	}
}

// attention gathers what wants a person, gravest first: only what the reader
// may see and go to.
func (o Options) attention(ctx context.Context, w caller, p views.HomePage) (list []views.Attention, err error) {
	for _, of := range []struct {
		scope  app.Scope
		gather func(context.Context, caller) ([]views.Attention, error)
	}{
		{app.ManageProviderConfig, o.failingPhones}, {app.ManageWebhooks, o.failingWebhooks},
		{app.ManageNotifications, o.deafChats}, {app.ViewUsage, o.usedBudget},
	} {
		if !w.Scopes.Allow(of.scope) {
			continue
		}
		found, err := of.gather(ctx, w)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	if p.Unreviewed > 0 {
		list = append(list, views.Attention{Kind: views.AttendUpset, Count: p.Unreviewed, Link: p.CallsOfTrend("sentiment", "negative")})
	}
	if p.Failed > 0 {
		list = append(list, views.Attention{Kind: views.AttendFailed, Count: p.Failed, Link: p.CallsOfTrend("status", "failed")})
	}
	for _, r := range p.Repeat {
		list = append(list, views.Attention{
			Kind: views.AttendRepeat, Name: r.Phone, Count: r.Calls, Since: r.LastCallAt, Link: p.CallsOfTrend("q", r.Phone),
		})
	}
	return list, nil
}

func (o Options) failingPhones(ctx context.Context, w caller) (list []views.Attention, err error) {
	providers, _, err := o.DB.Providers(ctx, w.Business.ID, listed, 0)
	for _, p := range providers {
		if !p.Active || p.State == app.ProviderOK {
			continue
		}
		a := views.Attention{Kind: views.AttendPhone, Name: p.Name, Link: providersPath + "/" + p.ID}
		health, err := o.DB.SyncHealth(ctx, w.Business.ID, p.ID)
		if err != nil {
			return nil, err
		}
		a.Since = health.LastOK // as the integration's own page says
		list = append(list, a)
	}
	return list, err
}

func (o Options) failingWebhooks(ctx context.Context, w caller) (list []views.Attention, err error) {
	webhooks, _, err := o.DB.Webhooks(ctx, w.Business.ID, listed, 0)
	for _, x := range webhooks {
		if x.Disabled == "" && (!x.Active || x.FailingSince.IsZero()) {
			continue
		}
		list = append(list, views.Attention{
			Kind: views.AttendWebhook, Name: views.WebhookName(x), Since: x.FailingSince, Link: "/settings/webhooks" + "/" + x.ID,
		})
	}
	return list, err
}

func (o Options) deafChats(ctx context.Context, w caller) (list []views.Attention, err error) {
	chats, _, err := o.DB.Chats(ctx, w.Business.ID, listed, 0)
	for _, x := range chats {
		if x.Active && x.State != app.ChatOK {
			list = append(list, views.Attention{Kind: views.AttendChat, Name: x.Title, Link: destinationsPath})
		}
	}
	return list, err
}

func (o Options) usedBudget(ctx context.Context, w caller) ([]views.Attention, error) {
	u, err := o.DB.Usage(ctx, w.Business, "")
	if err != nil {
		return nil, err
	}
	const nearly = 90 // percent
	percent, limited := u.Budget.Percent(u.AnalysedSeconds)
	if !limited || percent < nearly {
		return nil, nil
	}
	return []views.Attention{{Kind: views.AttendBudget, Count: int(percent), Link: usagePath}}, nil
}
