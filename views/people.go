package views

import (
	"context"

	"crk/app"
)

// PeoplePage is who belongs to the business, and who is invited.
type PeoplePage struct {
	Items       []app.Person
	Invitations []app.Invitation
	Form        *PersonForm     // nil: no drawer
	Fresh       *app.Invitation // just made; nil: none
	Link        string          // of the fresh invitation, shown this once
}

// PersonForm invites somebody, or changes who is there.
type PersonForm struct {
	Form
	Person *app.Person // nil: an invitation
	Roles  []app.Role  // that the reader may give
	Agents []Option    // who took calls, by agent key
}

// action is where the form is sent.
func (p PersonForm) action() string {
	if p.Person == nil {
		return "/settings/people/invitations"
	}
	return "/settings/people/" + string(p.Person.User.ID)
}

// title heads the drawer.
func (p PersonForm) title(ctx context.Context) string {
	if p.Person == nil {
		return T(ctx, "people.invite")
	}
	return personName(p.Person.User)
}

// agents are the agents to choose from: those who took calls, and whoever is
// assigned without having taken one.
func (p PersonForm) agents() []Option {
	out := append([]Option{}, p.Agents...)
	known := map[string]bool{}
	for _, o := range out {
		known[o.Value] = true
	}
	for _, key := range p.Values["agents"] {
		if !known[key] {
			out = append(out, Option{key, key})
		}
	}
	return out
}

// Invite is where the link of an invitation leads.
type Invite struct {
	Door
	Form
	app.Invitation
	Here   string    // the link's path
	Reader *app.User // who is signed in; nil: nobody
}

// BusinessPage is the business's own settings.
type BusinessPage struct {
	Form
	New Form // of another business
}
