package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/store"
)

// The session's cookie. The __Host- prefix binds it to this host and to
// encrypted connections, so it can be used only where there is one.
const (
	cookieName       = "crk_session"
	secureCookieName = "__Host-crk_session"
)

func sessionCookie(c *fiber.Ctx) string {
	if isSecure(c) {
		return secureCookieName
	}
	return cookieName
}

// sessionCaller finds the session that a request's cookie names. It is
// errUnauthorized where there is none.
func sessionCaller(c *fiber.Ctx, db *store.Store) (caller, error) {
	token := c.Cookies(sessionCookie(c))
	if token == "" {
		return caller{}, errUnauthorized
	}
	x, m, err := db.SessionByToken(c.UserContext(), token)
	if app.IsKind(err, app.NotFound) {
		return caller{}, errUnauthorized
	}
	return caller{
		Session: &x, User: m.User, Business: m.Business, Role: m.Role, Scopes: m.Role.Scopes(), assigned: m.Agents,
	}, err
}

// requireSession lets in who is signed in; others go to the login page and come
// back from it.
func requireSession(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		w, err := sessionCaller(c, o.DB)
		if app.IsKind(err, app.Unauthorized) {
			return toLogin(c, o)
		}
		if err != nil {
			return err
		}
		c.Locals(localCaller, w)
		actAsUser(c, w.User)
		c.Set(fiber.HeaderCacheControl, "no-store")
		if err := o.DB.TouchSession(c.UserContext(), *w.Session); err != nil {
			o.Log.Error("note the use of a session", "err", err)
		}
		if o.DB.Now().Sub(w.Session.SeenAt) > time.Hour { // the cookie lives as long as the session does
			setSessionCookie(c, c.Cookies(sessionCookie(c)), o.DB.Now().Add(store.SessionLife))
		}
		return c.Next()
	}
}

func toLogin(c *fiber.Ctx, o Options) error {
	has, err := o.DB.HasUsers(c.UserContext())
	if err != nil {
		return err
	}
	target := "/login"
	switch {
	case !has:
		target = "/setup"
	case c.Method() == fiber.MethodGet && c.Path() != "/":
		target += "?next=" + url.QueryEscape(c.OriginalURL())
	}
	if c.Get("HX-Request") == "true" { // htmx would put the login page into a part of this one
		c.Set("HX-Redirect", "/login")
		return c.SendStatus(fiber.StatusUnauthorized)
	}
	return c.Redirect(target, fiber.StatusSeeOther)
}

// nextPage is where to go after signing in: only ever a path of our own.
func nextPage(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return "/"
	}
	return next
}

// signIn checks an e-mail address and a password, throttled by both account and
// address, and sets the cookie of a new session, or, for a user who is asked for
// a code too, that of the second step.
func signIn(c *fiber.Ctx, o Options, email, password string) (u app.User, err error) {
	err = o.attempt(c, "account:"+strings.ToLower(strings.TrimSpace(email)), func() error {
		u, err = o.DB.Authenticate(c.UserContext(), email, password)
		return err
	})
	if err != nil {
		return u, err
	}
	if u.TwoStep {
		return u, beginStep(c, o, u)
	}
	return u, beginSession(c, o, u)
}

// attempt runs the check of a secret that somebody may be guessing, throttled by
// whose it is and by where it is asked from.
func (o Options) attempt(c *fiber.Ctx, whose string, check func() error) error {
	ctx, where := c.UserContext(), "address:"+clientNetwork(c)
	a, wait, err := o.DB.BeginLogin(ctx, whose, where)
	if err != nil {
		return err
	}
	if wait > 0 {
		return &app.Error{
			Kind: app.RateLimited, Code: "rate_limited", RetryAfter: wait,
			Message: "Too many attempts. Wait a little and try again.",
		}
	}
	switch err := check(); {
	case err == nil:
		return o.DB.LoginSucceeded(ctx, a, whose)
	case app.IsKind(err, app.Unauthorized), app.IsKind(err, app.Invalid):
		return errors.Join(err, o.DB.LoginRefused(ctx, whose))
	default:
		return errors.Join(err, o.DB.LoginUndecided(ctx, a))
	}
}

// beginSession signs a user in with a new token, in the first of the user's
// businesses.
func beginSession(c *fiber.Ctx, o Options, u app.User) error {
	m, err := o.DB.FirstMember(c.UserContext(), u.ID)
	if app.IsKind(err, app.NotFound) {
		return &app.Error{Kind: app.Forbidden, Code: "business_forbidden", Message: "You do not belong to any business here. Ask an owner to invite you."}
	}
	if err != nil {
		return err
	}
	return beginSessionIn(c, o, u, m.Business.ID)
}

// beginSessionIn signs a user in with a new token, in the given business.
func beginSessionIn(c *fiber.Ctx, o Options, u app.User, business app.BusinessID) error {
	actAsUser(c, u)
	x, token, err := o.DB.CreateSession(c.UserContext(), app.Session{
		UserID: u.ID, BusinessID: business, IP: clientAddr(c), Agent: c.Get(fiber.HeaderUserAgent),
	})
	if err != nil {
		return err
	}
	setSessionCookie(c, token.Reveal(), x.ExpiresAt)
	return nil
}

// signOut ends the session of this request.
func signOut(c *fiber.Ctx, o Options) error {
	w, err := sessionCaller(c, o.DB)
	if err == nil {
		actAsUser(c, w.User)
		err = o.DB.EndSession(c.UserContext(), w.User.ID, w.Session.ID)
	}
	if err != nil && !app.IsKind(err, app.Unauthorized) {
		return err
	}
	setSessionCookie(c, "", time.Unix(0, 0))
	return nil
}

func setSessionCookie(c *fiber.Ctx, token string, expires time.Time) {
	putCookie(c, sessionCookie(c), token, expires)
}

// refuseCrossOrigin keeps other sites from posting our forms with a person's
// cookie. Programs that send neither Origin nor Sec-Fetch-Site are not browsers.
func refuseCrossOrigin() fiber.Handler {
	protection := http.NewCrossOriginProtection()
	return func(c *fiber.Ctx) error {
		r := &http.Request{Method: c.Method(), Host: string(c.Request().Host()), Header: http.Header{}, URL: &url.URL{Path: c.Path()}}
		for _, name := range []string{"Origin", "Sec-Fetch-Site"} {
			if v := c.Get(name); v != "" {
				r.Header.Set(name, v)
			}
		}
		if err := protection.Check(r); err != nil {
			return &app.Error{Kind: app.Forbidden, Code: "forbidden", Message: "This form was sent from another site.", Err: err}
		}
		return c.Next()
	}
}

const contentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; media-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// protectPages sets what browsers shall enforce on every page.
func protectPages(c *fiber.Ctx) error {
	protect(c)
	return c.Next()
}

func protect(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, contentSecurityPolicy)
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}
