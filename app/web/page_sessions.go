package web

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

func loginPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		has, err := o.DB.HasUsers(c.UserContext())
		if err != nil {
			return err
		}
		if !has {
			return goTo(c, "/setup")
		}
		if _, err := sessionCaller(c, o.DB); err == nil {
			return goTo(c, nextPage(c.Query("next")))
		}
		ctx := o.reader(c)
		return render(c, ctx, views.LoginPage(views.Login{Door: o.door(c, ctx, "login.title"), Next: c.Query("next")}))
	}
}

func login(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		u, err := signIn(c, o, in.Get("email"), in.Get("password"))
		if err == nil {
			return goTo(c, afterPassword(u, in.Get("next")))
		}
		ctx := o.reader(c)
		text, ok := loginProblem(ctx, err)
		if !ok {
			return err
		}
		c.Status(status[explain(err).Kind])
		p := views.Login{Door: o.door(c, ctx, "login.title"), Form: views.Form{Values: in, Problem: text}, Next: in.Get("next")}
		return render(c, ctx, views.LoginPage(p))
	}
}

// loginProblem says why somebody was not let in; false where that is no matter
// of theirs. Which of address and password was wrong is not told.
func loginProblem(ctx context.Context, err error) (string, bool) {
	switch e := explain(err); e.Kind {
	case app.Unauthorized:
		return views.T(ctx, "login.wrong"), true
	case app.RateLimited:
		return views.T(ctx, "login.wait", "Span", views.Span(ctx, e.RetryAfter)), true
	case app.Forbidden:
		return views.T(ctx, "problem.text.no_business"), true
	}
	return "", false
}

func logout(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := signOut(c, o); err != nil {
			return err
		}
		return goTo(c, "/login")
	}
}

// chooseLanguage keeps the language in the browser, and with the user where one
// is signed in.
func chooseLanguage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		l := views.ChooseLanguage(c.FormValue("language"))
		setCookie(c, languageCookie, string(l), cookieLife)
		w, err := sessionCaller(c, o.DB)
		if err == nil {
			err = o.DB.SetUserLanguage(c.UserContext(), w.User.ID, string(l))
		}
		if err != nil && !app.IsKind(err, app.Unauthorized) {
			return err
		}
		return goTo(c, nextPage(c.FormValue("back")))
	}
}

// chooseTheme keeps light or dark in the browser; anything else is the system's.
func chooseTheme(c *fiber.Ctx) error {
	switch t := c.FormValue("theme"); t {
	case "light", "dark":
		setCookie(c, themeCookie, t, cookieLife)
	default:
		setCookie(c, themeCookie, "", 0)
	}
	return goTo(c, nextPage(c.FormValue("back")))
}

// chooseBusiness shows another of the user's businesses.
func chooseBusiness(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := o.DB.SetSessionBusiness(c.UserContext(), *who(c).Session, app.BusinessID(c.FormValue("business"))); err != nil {
			return err
		}
		return goTo(c, "/")
	}
}

func profilePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showProfile(c, views.ProfilePage{}) }
}

// showProfile shows the account; what was just typed and refused is in p.
func (o Options) showProfile(c *fiber.Ctx, p views.ProfilePage) error {
	w := who(c)
	var err error
	if p.Sessions, err = o.DB.Sessions(c.UserContext(), w.User.ID); err != nil {
		return err
	}
	p.Current = w.Session.ID
	if p.Name.Values == nil {
		p.Name.Values = map[string][]string{"name": {w.User.Name}, "language": {w.User.Language}, "calendar": {w.User.Calendar}}
	}
	if p.RecoveryLeft, err = o.DB.RecoveryCodesLeft(c.UserContext(), w.User.ID); err != nil {
		return err
	}
	return o.show(c, views.AtSettings, "profile.title", func(f views.Frame) templ.Component { return views.Profile(f, p) })
}

const longestName = 100

func saveProfile(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		name, id := strings.TrimSpace(in.Get("name")), who(c).User.ID
		var bad app.Problems
		checkLength(&bad, "name", &name, longestName)
		if calendar := in.Get("calendar"); calendar != "" && !slices.Contains(app.Calendars(), calendar) {
			bad.Add("calendar", "There is no such calendar.")
		}
		if f, ok := refused(o.reader(c), "invalid.profile", in, bad.Err()); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showProfile(c, views.ProfilePage{Name: f})
		}
		l := views.ChooseLanguage(in.Get("language"))
		err = errors.Join(
			o.DB.RenameUser(c.UserContext(), id, name),
			o.DB.SetUserLanguage(c.UserContext(), id, string(l)),
			o.DB.SetUserCalendar(c.UserContext(), id, in.Get("calendar")))
		return done(c, "/settings/profile", "saved", err)
	}
}

// changePassword asks for the old one, under the same throttle as the login, and
// signs the user out everywhere else.
func changePassword(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		w := who(c)
		err = app.CheckPassword(in.Get("password"))
		if err == nil {
			err = o.proveOwner(c, w.User, in.Get("current"))
		}
		if f, ok := passwordRefused(o.reader(c), in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showProfile(c, views.ProfilePage{Password: f})
		}
		if err == nil {
			err = o.DB.SetPassword(c.UserContext(), w.User.ID, in.Get("password"))
		}
		if err == nil {
			err = beginSessionIn(c, o, w.User, w.Business.ID) // the change ended this one too
		}
		return done(c, "/settings/profile", "password", err)
	}
}

// passwordRefused says why a password was not changed; false where that is no
// matter of what was typed.
func passwordRefused(ctx context.Context, in url.Values, err error) (views.Form, bool) {
	if app.IsKind(err, app.Unauthorized) {
		return views.Form{Errors: map[string]string{"current": views.T(ctx, "invalid.password.current")}}, true
	}
	if text, ok := loginProblem(ctx, err); ok {
		return views.Form{Problem: text}, true
	}
	return refused(ctx, "invalid.password", in, err)
}

// proveOwner checks the password of who is signed in.
func (o Options) proveOwner(c *fiber.Ctx, u app.User, password string) error {
	return o.attempt(c, "account:"+u.Email, func() error {
		_, err := o.DB.Authenticate(c.UserContext(), u.Email, password)
		return err
	})
}

// revokeSession signs the user out on one device.
func revokeSession(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := o.DB.EndSession(c.UserContext(), who(c).User.ID, c.Params("id"))
		return done(c, "/settings/profile", "loggedout", err)
	}
}

func revokeOtherSessions(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w := who(c)
		err := o.DB.EndOtherSessions(c.UserContext(), w.User.ID, w.Session.ID)
		return done(c, "/settings/profile", "loggedout", err)
	}
}

// firstSettings goes to the first page of settings that the reader may see.
func firstSettings(c *fiber.Ctx) error {
	if who(c).Scopes.Allow(app.ManageProviderConfig) {
		return goTo(c, "/settings/providers")
	}
	return goTo(c, "/settings/profile")
}
