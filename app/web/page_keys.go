package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"crk/app"
	"crk/views"
)

const (
	tokensPath   = "/settings/tokens"
	longestKey   = 80
	longestValid = 3650 // days
)

func tokensPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error { return o.showTokens(c, views.TokensPage{}) }
}

// showTokens shows the keys that the reader may see: those of the business and
// the reader's own account keys. A key just made, or a form, is in p.
func (o Options) showTokens(c *fiber.Ctx, p views.TokensPage) error {
	ctx, w := c.UserContext(), who(c)
	keys, err := o.DB.Keys(ctx, w.Business.ID, w.User.ID)
	if err != nil {
		return err
	}
	members, err := o.DB.Members(ctx, w.Business.ID)
	if err != nil {
		return err
	}
	names := map[app.UserID]string{}
	for _, m := range members {
		if names[m.User.ID] = m.User.Name; m.User.Name == "" {
			names[m.User.ID] = m.User.Email
		}
	}
	for _, k := range keys {
		if k.OwnerID == w.User.ID || w.Scopes.Allow(app.ManageAll) {
			p.Items = append(p.Items, views.TokenRow{Key: k, Owner: names[k.OwnerID], Mine: true, Business: w.Business.Name})
		}
	}
	p.BaseURL = baseURL(c, o.BaseURL)
	return o.show(c, views.AtSettings, "API Tokens", func(f views.Frame) templ.Component { return views.Tokens(f, p) })
}

func newTokenPage(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f := views.Form{Values: url.Values{"expires": {"0"}}}
		return o.showTokens(c, views.TokensPage{Form: &views.TokenForm{Form: f, Grant: who(c).Scopes}})
	}
}

// makeToken makes a key and shows it, this once.
func makeToken(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		in, err := formOf(c)
		if err != nil {
			return err
		}
		k, err := readToken(in, who(c), o.DB.Now())
		var key app.Secret
		if err == nil {
			_, key, err = o.DB.CreateKey(c.UserContext(), k)
		}
		if f, ok := refused(o.reader(c), "invalid.token", in, err); ok {
			c.Status(fiber.StatusUnprocessableEntity)
			return o.showTokens(c, views.TokensPage{Form: &views.TokenForm{Form: f, Grant: who(c).Scopes}})
		}
		if err != nil {
			return err
		}
		return o.showTokens(c, views.TokensPage{Fresh: key.Reveal()})
	}
}

// readToken reads the form of a key. Nobody gives more than they have.
func readToken(in url.Values, w caller, now time.Time) (app.Key, error) {
	k := app.Key{Name: strings.TrimSpace(in.Get("name")), OwnerID: w.User.ID, BusinessID: w.Business.ID}
	if in.Get("account") == "true" {
		k.BusinessID, k.DefaultID = "", w.Business.ID
	}
	var bad app.Problems
	if n := utf8.RuneCountInString(k.Name); n < 1 || n > longestKey {
		bad.Add("name", "Use 1 to %d characters.", longestKey)
	}
	for _, s := range in["scopes"] {
		if !w.Scopes.Allow(app.Scope(s)) {
			bad.Add("scopes", "You cannot give what you do not have.")
		}
		k.Scopes = append(k.Scopes, app.Scope(s))
	}
	days, err := strconv.Atoi(in.Get("expires"))
	if err != nil || days < 0 || days > longestValid {
		bad.Add("expires", "Choose when it expires.")
	}
	if days > 0 {
		k.ExpiresAt = now.AddDate(0, 0, days)
	}
	return k, together(bad.Err(), app.CheckScopes(k.Scopes))
}

// revokeToken ends a key for good: one's own, or any of the business for who
// manages it.
func revokeToken(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ctx, w, id := c.UserContext(), who(c), c.Params("id")
		keys, err := o.DB.Keys(ctx, w.Business.ID, w.User.ID)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.ID == id && (k.OwnerID == w.User.ID || w.Scopes.Allow(app.ManageAll)) {
				return done(c, tokensPath, "revoked", o.DB.RevokeKey(ctx, w.Business.ID, w.User.ID, id))
			}
		}
		return app.Missing("key")
	}
}
