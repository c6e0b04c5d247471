package web

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/static"
	"crk/views"
)

// Cookies of the dashboard beside the session's. They hold no secret.
const (
	languageCookie = "crk_language"
	themeCookie    = "crk_theme"
	flashCookie    = "crk_flash" // a key of the catalogues, said once on the next page
)

const (
	cookieLife = 365 * 24 * time.Hour
	flashLife  = time.Minute
)

// readerContext carries the language and the time zone in which the page is
// read: of the person and the business where somebody is signed in, else what
// the browser asks for.
func readerContext(c *fiber.Ctx, now time.Time) context.Context {
	w := who(c)
	wishes := []string{w.User.Language, c.Cookies(languageCookie), c.Get(fiber.HeaderAcceptLanguage)}
	zone := app.Business{TimeZone: app.DefaultTimeZone}.Location()
	if w.Session != nil {
		zone = w.Business.Location()
	}
	ctx := views.WithCalendar(views.WithLanguage(c.UserContext(), views.ChooseLanguage(wishes...)), w.User.Calendar)
	return views.WithNow(views.WithZone(ctx, zone), now)
}

// reader is readerContext by the store's clock.
func (o Options) reader(c *fiber.Ctx) context.Context { return readerContext(c, o.DB.Now()) }

// render answers with a page.
func render(c *fiber.Ctx, ctx context.Context, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(ctx, &b); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Vary(fiber.HeaderCookie, fiber.HeaderAcceptLanguage)
	return c.Send(b.Bytes())
}

// show answers with a page behind the login. title is a key of the catalogues,
// or a name that is the same in every language.
func (o Options) show(c *fiber.Ctx, place views.Place, title string, page func(views.Frame) templ.Component) error {
	ctx := o.reader(c)
	f, err := o.frame(c, ctx)
	if err != nil {
		return err
	}
	f.Place, f.Title = place, views.T(ctx, title)
	return render(c, ctx, page(f))
}

// frame is what every page shows of who reads it.
func (o Options) frame(c *fiber.Ctx, ctx context.Context) (views.Frame, error) {
	w := who(c)
	f := views.Frame{
		Path: c.OriginalURL(), Theme: theme(c), Business: w.Business, User: w.User, Role: w.Role, Can: w.Scopes,
		Simulated: o.Simulated, Messenger: o.Messenger, Flash: takeFlash(c, ctx), DiskLow: o.lowDisk(w.Scopes), OwnAuthority: o.Authority != "",
	}
	if c.Method() != fiber.MethodGet {
		f.Path = formPage(c) // what a form was sent to cannot be asked for
	}
	mine, err := o.DB.UserBusinesses(ctx, w.User.ID)
	if err != nil {
		return f, err
	}
	for _, b := range mine {
		if b.ID != w.Business.ID {
			f.Businesses = append(f.Businesses, b)
		}
	}
	last, err := o.DB.LastFeed(ctx, w.Business.ID)
	if err != nil {
		return f, err
	}
	f.LastID = last.ID
	if f.Prefer, err = o.DB.Preferences(ctx, w.Business.ID, w.User.ID); err != nil {
		return f, err
	}
	f.Unread, err = o.DB.UnreadCount(ctx, w.Business.ID, w.User.ID)
	return f, err
}

// formPage is the address of the page that a form lay on, as the browser says; the
// form's own where it does not.
func formPage(c *fiber.Ctx) string {
	u, err := url.Parse(c.Get(fiber.HeaderReferer))
	if err != nil || u.Host != string(c.Request().Host()) || u.Path == "" {
		return c.Path()
	}
	return u.RequestURI()
}

// door is what the pages before the login show beside their form.
func (o Options) door(c *fiber.Ctx, ctx context.Context, title string) views.Door {
	return views.Door{Title: views.T(ctx, title), Path: c.OriginalURL(), Theme: theme(c), Simulated: o.Simulated, Messenger: o.Messenger}
}

// theme is "light", "dark" or empty.
func theme(c *fiber.Ctx) string {
	if t := c.Cookies(themeCookie); t == "light" || t == "dark" {
		return t
	}
	return ""
}

// flash leaves a word for the next page: the part of a key after "flash.", and
// whether it is bad news.
func flash(c *fiber.Ctx, key string, bad bool) {
	if bad {
		key = "!" + key
	}
	setCookie(c, flashCookie, key, flashLife)
}

// takeFlash returns the word that was left, in the reader's language, and
// forgets it.
func takeFlash(c *fiber.Ctx, ctx context.Context) views.Flash {
	left := c.Cookies(flashCookie)
	if left == "" {
		return views.Flash{}
	}
	setCookie(c, flashCookie, "", 0)
	key, bad := strings.CutPrefix(left, "!")
	text := views.Label(ctx, "flash", key)
	if text == key { // no word of ours
		return views.Flash{}
	}
	return views.Flash{Text: text, Bad: bad}
}

// setCookie keeps a value in the browser; a life of 0 takes it away.
func setCookie(c *fiber.Ctx, name, value string, life time.Duration) {
	expires := time.Now().Add(life)
	if life == 0 {
		expires = time.Unix(0, 0)
	}
	putCookie(c, name, value, expires)
}

// putCookie sets a cookie that no script reads and no other site sends.
func putCookie(c *fiber.Ctx, name, value string, expires time.Time) {
	c.Cookie(&fiber.Cookie{
		Name: name, Value: value, Path: "/", Expires: expires,
		HTTPOnly: true, Secure: isSecure(c), SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// goTo sends the browser on after a form.
func goTo(c *fiber.Ctx, to string) error { return c.Redirect(to, fiber.StatusSeeOther) }

// done goes on after a button: with a word of thanks, or, where the state of
// things was against it, with a word of that. Other errors are the caller's.
func done(c *fiber.Ctx, to, word string, err error) error {
	var e *app.Error
	switch {
	case err == nil:
		flash(c, word, false)
	case errors.As(err, &e) && e.Kind == app.Conflict:
		flash(c, "conflict", true)
	case errors.As(err, &e) && e.Kind == app.Unavailable:
		flash(c, "unavailable", true)
	default:
		return err
	}
	return goTo(c, to)
}

// formOf reads a form.
func formOf(c *fiber.Ctx) (url.Values, error) {
	values, err := url.ParseQuery(string(c.Body()))
	if err != nil {
		return nil, &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: "The form cannot be read.", Err: err}
	}
	return values, nil
}

// refused says what is wrong with a form in the reader's language: the rule of
// each field that is wrong, from the given list of the catalogues. ok is false
// for an error that is not about the form.
func refused(ctx context.Context, list string, values url.Values, err error) (f views.Form, ok bool) {
	var e *app.Error
	if !errors.As(err, &e) || (e.Kind != app.Invalid && e.Kind != app.Unsupported && e.Kind != app.TooLarge) {
		return f, false
	}
	f = views.Form{Values: values, Errors: map[string]string{}}
	for _, field := range e.Fields {
		key := strings.TrimPrefix(field.Name, "config.")
		key, _, _ = strings.Cut(key, "[")
		text := views.Label(ctx, list, key)
		if text == key { // a field that the form does not show
			f.Problem = views.T(ctx, "invalid.other")
			continue
		}
		f.Errors[key] = text
	}
	if len(f.Errors) == 0 && f.Problem == "" {
		f.Problem = views.T(ctx, "invalid.other")
	}
	return f, true
}

// serveStatic gives out what is in package static. An address with today's hash
// may be kept for ever.
func serveStatic(c *fiber.Ctx) error {
	f, current, ok := static.Open(strings.TrimPrefix(c.Path(), static.Prefix))
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, f.Type)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if current {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	if f.Gzip != nil {
		c.Vary(fiber.HeaderAcceptEncoding)
		if takesGzip(c) {
			c.Set(fiber.HeaderContentEncoding, "gzip")
			return c.Send(f.Gzip)
		}
	}
	return c.Send(f.Body)
}

// takesGzip reports whether the asker says that it takes compressed answers;
// Fiber takes silence for that.
func takesGzip(c *fiber.Ctx) bool {
	return c.Get(fiber.HeaderAcceptEncoding) != "" && c.AcceptsEncodings("gzip") == "gzip"
}
