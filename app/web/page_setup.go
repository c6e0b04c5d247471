package web

import (
	"crypto/subtle"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

// untilSetUp lets requests through only while the appliance has no user. After
// that there is nothing at this address, for good.
func untilSetUp(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		has, err := o.DB.HasUsers(c.UserContext())
		if err != nil {
			return err
		}
		if has || o.SetupCode == "" {
			return fiber.ErrNotFound
		}
		return c.Next()
	}
}

func setupPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx := o.reader(c)
		f := views.Form{Values: url.Values{"timeZone": {app.DefaultTimeZone}, "language": {string(views.LanguageOf(ctx))}}}
		return render(c, ctx, views.SetupPage(views.Setup{Door: o.door(c, ctx, "setup.title"), Form: f}))
	}
}

// setUp makes the owner and the business, and signs the owner in.
func setUp(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		u, b, err := firstOwner(in)
		if err == nil {
			err = o.checkSetupCode(c, in.Get("code"))
		}
		if err == nil {
			u, _, err = o.DB.SetUp(c.UserContext(), u, in.Get("password"), b)
		}
		if err != nil {
			return o.setupRefused(c, in, err)
		}
		if err := beginSession(c, o, u); err != nil {
			return err
		}
		return goTo(c, "/")
	}
}

// setupRefused shows the form again with what is wrong with it.
func (o Options) setupRefused(c *fiber.Ctx, in url.Values, err error) error {
	ctx := o.reader(c)
	f, ok := refused(ctx, "invalid.setup", in, err)
	if app.IsKind(err, app.RateLimited) {
		f, ok = views.Form{Values: in, Problem: views.T(ctx, "login.wait", "Span", views.Span(ctx, explain(err).RetryAfter))}, true
	}
	if !ok {
		return err
	}
	c.Status(status[explain(err).Kind])
	return render(c, ctx, views.SetupPage(views.Setup{Door: o.door(c, ctx, "setup.title"), Form: f}))
}

const longestBusinessName = 100

// firstOwner reads who is to own the appliance, and what is wrong with that.
func firstOwner(in url.Values) (app.User, app.Business, error) {
	b, bad := readBusinessName(in)
	u := app.User{Name: strings.TrimSpace(in.Get("name")), Language: b.Language}
	checkLength(&bad, "name", &u.Name, longestName)
	var err error
	u.Email, err = app.NormalizeEmail(in.Get("email"))
	return u, b, together(bad.Err(), err, app.CheckPassword(in.Get("password")))
}

// checkSetupCode compares the code from the log, whatever case and blanks it was
// typed with. Guessing is throttled as the login is.
func (o Options) checkSetupCode(c *fiber.Ctx, typed string) error {
	plain := func(s string) []byte {
		return []byte(strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s)))
	}
	return o.attempt(c, "setup:"+clientNetwork(c), func() error {
		var bad app.Problems
		if subtle.ConstantTimeCompare(plain(typed), plain(o.SetupCode.Reveal())) != 1 {
			bad.Add("code", "This is not the code in the log.")
		}
		return bad.Err()
	})
}
