package web

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
	"crk/views"
)

const peoplePath = "/settings/people"

func peoplePages(o Options) []pageRoute {
	return []pageRoute{
		{"GET", peoplePath, app.ManageAll, peoplePage(o)},
		{"GET", peoplePath + "/invite", app.ManageAll, newInvitePage(o)},
		{"POST", peoplePath + "/invitations", app.ManageAll, invite(o)},
		{"POST", peoplePath + "/invitations/:id/delete", app.ManageAll, takeBackInvite(o)},
		{"GET", peoplePath + "/:id", app.ManageAll, personPage(o)},
		{"POST", peoplePath + "/:id", app.ManageAll, savePerson(o)},
		{"POST", peoplePath + "/:id/active", app.ManageAll, switchPerson(o)},
		{"POST", peoplePath + "/:id/delete", app.ManageAll, removePerson(o)},
	}
}

func peoplePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showPeople(c, views.PeoplePage{}) }
}

// showPeople shows who belongs to the business and who is invited. A form, or
// the link of an invitation just made, is in p.
func (o Options) showPeople(c *fiber.Ctx, p views.PeoplePage) error {
	ctx, w := c.UserContext(), who(c)
	var err error
	if p.Items, err = o.DB.People(ctx, w.Business.ID); err != nil {
		return err
	}
	if p.Invitations, err = o.DB.Invitations(ctx, w.Business.ID); err != nil {
		return err
	}
	if p.Form != nil {
		if p.Form.Agents, err = o.agentOptions(c); err != nil {
			return err
		}
		for _, r := range app.Roles() {
			if w.Role.MayManage(r) {
				p.Form.Roles = append(p.Form.Roles, r)
			}
		}
	}
	return o.show(c, views.AtSettings, "people.title", func(f views.Frame) templ.Component { return views.People(f, p) })
}

// agentOptions lists the agents who took calls of the business.
func (o Options) agentOptions(c *fiber.Ctx) (out []views.Option, err error) {
	agents, err := o.DB.Agents(c.UserContext(), app.RecordingFilter{}, who(c).Business.ID)
	for _, a := range agents {
		out = append(out, views.Option{Value: a.Key, Label: views.AgentLabel(a.Number, a.Name)})
	}
	return out, err
}

func newInvitePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f := views.Form{Values: url.Values{"role": {string(app.Agent)}}}
		return o.showPeople(c, views.PeoplePage{Form: &views.PersonForm{Form: f}})
	}
}

// invite makes an invitation and shows its link, this once.
func invite(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		i, err := readInvitation(in, w.Role)
		i.BusinessID = w.Business.ID
		var token app.Secret
		if err == nil {
			by := app.Member{Business: w.Business, User: w.User, Role: w.Role}
			i, token, err = o.DB.Invite(c.UserContext(), i, by)
		}
		if f, ok := refused(o.reader(c), "invalid.person", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showPeople(c, views.PeoplePage{Form: &views.PersonForm{Form: f}})
		}
		if err != nil {
			return err
		}
		return o.showPeople(c, views.PeoplePage{Fresh: &i, Link: baseURL(c, o.BaseURL) + "/invite/" + token.Reveal()})
	}
}

// readInvitation reads whom somebody of role by invites.
func readInvitation(in url.Values, by app.Role) (app.Invitation, error) {
	i := app.Invitation{Role: app.Role(in.Get("role")), Agents: in["agents"], Email: strings.TrimSpace(in.Get("email"))}
	var bad app.Problems
	if !i.Role.Valid() || !by.MayManage(i.Role) {
		bad.Add("role", "Choose a role that you may give.")
	}
	var err error
	if i.Email != "" {
		i.Email, err = app.NormalizeEmail(i.Email)
	}
	return i, together(bad.Err(), err)
}

func takeBackInvite(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return done(c, peoplePath, "invite_void", o.DB.TakeBackInvitation(c.UserContext(), who(c).Business.ID, c.Params("id")))
	}
}

func personPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := o.DB.Person(c.UserContext(), who(c).Business.ID, app.UserID(c.Params("id")))
		if err != nil {
			return err
		}
		f := views.Form{Values: url.Values{"role": {string(p.Role)}, "agents": p.Agents}}
		return o.showPeople(c, views.PeoplePage{Form: &views.PersonForm{Form: f, Person: &p}})
	}
}

// another returns the person of the address, who must not be the reader:
// nobody locks themselves out.
func (o Options) another(c *fiber.Ctx) (app.Person, error) {
	id := app.UserID(c.Params("id"))
	if id == who(c).User.ID {
		return app.Person{}, &app.Error{Kind: app.Conflict, Code: "conflict", Message: "Ask another owner to change your own place here."}
	}
	return o.DB.Person(c.UserContext(), who(c).Business.ID, id)
}

// savePerson changes somebody's role and agents; of oneself, only the agents.
func savePerson(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		p, err := o.DB.Person(c.UserContext(), w.Business.ID, app.UserID(c.Params("id")))
		if err != nil {
			return err
		}
		agents := append([]string{}, in["agents"]...)
		patch := store.PersonPatch{Agents: &agents}
		if p.User.ID != w.User.ID {
			role := app.Role(in.Get("role"))
			if !role.Valid() || !w.Role.MayManage(role) {
				var bad app.Problems
				bad.Add("role", "Choose a role that you may give.")
				f, _ := refused(o.reader(c), "invalid.person", in, bad.Err())
				c.Status(fiber.StatusUnprocessableEntity)
				return o.showPeople(c, views.PeoplePage{Form: &views.PersonForm{Form: f, Person: &p}})
			}
			patch.Role = &role
		}
		return personDone(c, "saved", o.DB.PatchPerson(c.UserContext(), w.Business.ID, p.User.ID, w.Role, patch))
	}
}

// switchPerson suspends somebody, who is signed out of the business at once, or
// lets them back in.
func switchPerson(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := o.another(c)
		if err == nil {
			active := c.FormValue("active") == "true"
			err = o.DB.PatchPerson(c.UserContext(), who(c).Business.ID, p.User.ID, who(c).Role, store.PersonPatch{Active: &active})
		}
		return personDone(c, "saved", err)
	}
}

func removePerson(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := o.another(c)
		if err == nil {
			err = o.DB.RemovePerson(c.UserContext(), who(c).Business.ID, p.User.ID, who(c).Role)
		}
		return personDone(c, "person_removed", err)
	}
}

// personDone is done for people: what is refused there is the last owner's
// leaving, or one's own.
func personDone(c *fiber.Ctx, word string, err error) error {
	if app.IsKind(err, app.Conflict) {
		flash(c, "person_kept", true)
		return goTo(c, peoplePath)
	}
	return done(c, peoplePath, word, err)
}
