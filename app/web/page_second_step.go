package web

import (
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/skip2/go-qrcode"

	"crk/app"
	"crk/store"
	"crk/views"
)

// The cookie between the password and the code, with the same care as the
// session's.
const (
	stepCookieName       = "crk_login"
	secureStepCookieName = "__Host-crk_login"

	twoStepPath = "/settings/two-step"
)

func stepCookie(c *fiber.Ctx) string {
	if isSecure(c) {
		return secureStepCookieName
	}
	return stepCookieName
}

func setStepCookie(c *fiber.Ctx, token string, expires time.Time) {
	putCookie(c, stepCookie(c), token, expires)
}

// beginStep notes that a user's password was right and asks for the code.
func beginStep(c *fiber.Ctx, o Options, u app.User) error {
	token, err := o.DB.BeginLoginStep(c.UserContext(), u.ID)
	if err != nil {
		return err
	}
	setStepCookie(c, token.Reveal(), o.DB.Now().Add(store.LoginStepLife))
	return nil
}

// afterPassword is where to go after the password: on, or to the code.
func afterPassword(u app.User, next string) string {
	if !u.TwoStep {
		return nextPage(next)
	}
	if next = nextPage(next); next == "/" {
		return "/login/code"
	}
	return "/login/code?next=" + url.QueryEscape(next)
}

func codePage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		_, err := o.DB.LoginStep(c.UserContext(), c.Cookies(stepCookie(c)))
		if app.IsKind(err, app.NotFound) {
			return goTo(c, "/login")
		}
		if err != nil {
			return err
		}
		return o.showCodePage(c, views.Form{}, c.Query("next"))
	}
}

func (o Options) showCodePage(c *fiber.Ctx, f views.Form, next string) error {
	ctx := o.reader(c)
	return render(c, ctx, views.CodePage(views.Login{Door: o.door(c, ctx, "code.title"), Form: f, Next: next}))
}

// loginCode takes the code. Guessing is throttled by the user, whom only the
// right password names, and by the address.
func loginCode(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		token := c.Cookies(stepCookie(c))
		u, err := o.DB.LoginStep(c.UserContext(), token)
		if app.IsKind(err, app.NotFound) {
			return goTo(c, "/login")
		}
		if err != nil {
			return err
		}
		actAsUser(c, u)
		err = o.attempt(c, "code:"+string(u.ID), func() error {
			return o.DB.FinishLoginStep(c.UserContext(), token, u.ID, in.Get("code"))
		})
		if err == nil {
			setStepCookie(c, "", time.Unix(0, 0))
			err = beginSession(c, o, u)
		}
		if err == nil {
			return goTo(c, nextPage(in.Get("next")))
		}
		text, ok := loginProblem(o.reader(c), err)
		if !ok {
			return err
		}
		if app.IsKind(err, app.Unauthorized) {
			text = views.T(o.reader(c), "code.wrong")
		}
		c.Status(status[explain(err).Kind])
		return o.showCodePage(c, views.Form{Problem: text}, in.Get("next"))
	}
}

func twoStepPages(o Options) []pageRoute {
	return []pageRoute{
		{"POST", twoStepPath, anybody, beginTwoStep(o)},
		{"POST", twoStepPath + "/confirm", anybody, confirmTwoStep(o)},
		{"POST", twoStepPath + "/codes", anybody, renewCodes(o)},
		{"POST", twoStepPath + "/off", anybody, endTwoStep(o)},
	}
}

// withPassword runs something that wants the reader's password once more; what
// is wrong with that is said on the profile page.
func (o Options) withPassword(c *fiber.Ctx, do func() error) error {
	in, err := formOf(c)
	if err != nil {
		return err
	}
	err = o.proveOwner(c, who(c).User, in.Get("current"))
	if f, ok := passwordRefused(o.reader(c), in, err); ok {
		c.Status(fiber.StatusUnprocessableEntity)
		return o.showProfile(c, views.ProfilePage{TwoStep: f})
	}
	if err != nil {
		return err
	}
	return do()
}

// beginTwoStep shows the secret for the authenticator.
func beginTwoStep(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return o.withPassword(c, func() error {
			address, err := o.DB.BeginTwoStep(c.UserContext(), who(c).User.ID)
			if err != nil {
				return done(c, "/settings/profile", "", err)
			}
			e, err := enrolment(address)
			if err != nil {
				return err
			}
			return o.showEnrolment(c, e)
		})
	}
}

// enrolment is an otpauth address as a picture and as text.
func enrolment(address app.Secret) (*views.Enrolment, error) {
	u, err := url.Parse(address.Reveal())
	if err != nil {
		return nil, err
	}
	qr, err := qrcode.New(address.Reveal(), qrcode.Medium)
	if err != nil {
		return nil, err
	}
	qr.DisableBorder = true
	return &views.Enrolment{Secret: u.Query().Get("secret"), QR: qr.Bitmap()}, nil
}

func (o Options) showEnrolment(c *fiber.Ctx, e *views.Enrolment) error {
	return o.show(c, views.AtSettings, "twostep.title", func(f views.Frame) templ.Component { return views.TwoStep(f, e, nil) })
}

// confirmTwoStep takes the first code and shows the recovery codes. After a
// wrong one it asks again: the authenticator has the secret by then.
func confirmTwoStep(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		ctx, w := c.UserContext(), who(c)
		var codes []string
		err = o.attempt(c, "code:"+string(w.User.ID), func() error {
			codes, err = o.DB.ConfirmTwoStep(ctx, w.User.ID, in.Get("code"), w.Session.ID)
			return err
		})
		if app.IsKind(err, app.Unauthorized) {
			c.Status(fiber.StatusUnprocessableEntity)
			again := views.Form{Errors: map[string]string{"code": views.T(o.reader(c), "code.wrong")}}
			return o.showEnrolment(c, &views.Enrolment{Form: again})
		}
		if err != nil {
			return err
		}
		return o.showRecoveryCodes(c, codes)
	}
}

func (o Options) showRecoveryCodes(c *fiber.Ctx, codes []string) error {
	return o.show(c, views.AtSettings, "twostep.title", func(f views.Frame) templ.Component { return views.TwoStep(f, nil, codes) })
}

func renewCodes(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return o.withPassword(c, func() error {
			codes, err := o.DB.RenewRecoveryCodes(c.UserContext(), who(c).User.ID)
			if err != nil {
				return err
			}
			return o.showRecoveryCodes(c, codes)
		})
	}
}

func endTwoStep(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		return o.withPassword(c, func() error {
			return done(c, "/settings/profile", "twostep_off", o.DB.ResetTwoStep(c.UserContext(), who(c).User.ID))
		})
	}
}
