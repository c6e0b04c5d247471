package web

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

// invitePage is where the link of an invitation leads: to a form for who has no
// account yet, and to one button for who is signed in.
func invitePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		i, err := o.DB.InvitationByToken(c.UserContext(), c.Params("token"))
		if err != nil {
			return err
		}
		return o.showInvite(c, i, views.Form{Values: url.Values{"email": {i.Email}}})
	}
}

func (o Options) showInvite(c *fiber.Ctx, i app.Invitation, f views.Form) error {
	p := views.Invite{Form: f, Invitation: i, Here: "/invite/" + c.Params("token")}
	if w, err := sessionCaller(c, o.DB); err == nil {
		c.Locals(localCaller, w) // whose language is known
		p.Reader = &w.User
	}
	ctx := o.reader(c)
	p.Door = o.door(c, ctx, "invite.title")
	return render(c, ctx, views.InvitePage(p))
}

// joinByInvite makes an account and a member of who has none.
func joinByInvite(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		token := c.Params("token")
		i, err := o.DB.InvitationByToken(c.UserContext(), token)
		if err != nil {
			return err
		}
		ctx := o.reader(c)
		u, err := readNewcomer(in, string(views.LanguageOf(ctx)))
		if err == nil {
			u, i, err = o.DB.JoinByInvitation(c.UserContext(), token, u, in.Get("password"))
		}
		f, ok := refused(ctx, "invalid.setup", in, err)
		if app.IsKind(err, app.Conflict) {
			f, ok = views.Form{Values: in, Errors: map[string]string{"email": views.T(ctx, "invite.taken")}}, true
		}
		if ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showInvite(c, i, f)
		}
		if err != nil {
			return err
		}
		if err := beginSessionIn(c, o, u, i.BusinessID); err != nil {
			return err
		}
		return goTo(c, "/")
	}
}

// readNewcomer reads who joins, and what is wrong with that.
func readNewcomer(in url.Values, language string) (app.User, error) {
	u := app.User{Name: strings.TrimSpace(in.Get("name")), Language: language}
	var bad app.Problems
	checkLength(&bad, "name", &u.Name, longestName)
	var err error
	u.Email, err = app.NormalizeEmail(in.Get("email"))
	return u, together(bad.Err(), err, app.CheckPassword(in.Get("password")))
}

// acceptInvite makes who is signed in a member, and shows the business.
func acceptInvite(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := sessionCaller(c, o.DB)
		if app.IsKind(err, app.Unauthorized) {
			return goTo(c, "/login?next="+url.QueryEscape("/invite/"+c.Params("token")))
		}
		if err != nil {
			return err
		}
		actAsUser(c, w.User)
		i, err := o.DB.AcceptInvitation(c.UserContext(), c.Params("token"), w.User.ID)
		if err != nil {
			return err
		}
		if err := o.DB.SetSessionBusiness(c.UserContext(), *w.Session, i.BusinessID); err != nil {
			return err
		}
		return goTo(c, "/")
	}
}
