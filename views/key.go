package views

import (
	"context"
	"time"

	"crk/app"
)

// TokensPage is Settings → API Tokens.
type TokensPage struct {
	Items   []TokenRow
	Form    *TokenForm // nil: no drawer
	Fresh   string     // a key just made, shown this once; else empty
	BaseURL string     // of the API, for the example
}

// A TokenRow is one key in the list.
type TokenRow struct {
	app.Key
	Owner    string // a name
	Mine     bool   // the reader may revoke it
	Business string // the name of a business key's business
}

// A TokenForm is the drawer in which a key is made.
type TokenForm struct {
	Form
	Grant app.Scopes // what the reader may give
}

// tokenState says whether a key serves, and how.
func tokenState(ctx context.Context, k app.Key) (tone, icon, text string) {
	switch {
	case !k.RevokedAt.IsZero():
		return "off", "circle-x", T(ctx, "token.revoked")
	case !k.Alive(now(ctx)):
		return "warn", "clock", T(ctx, "token.expired")
	case !k.ExpiresAt.IsZero():
		return "ok", "circle-check", T(ctx, "token.until", "Day", Date(ctx, k.ExpiresAt))
	}
	return "ok", "circle-check", T(ctx, "token.forever")
}

// lastUsed says when a key last served.
func lastUsed(ctx context.Context, t time.Time) string {
	if t.IsZero() {
		return T(ctx, "token.unused")
	}
	return T(ctx, "token.used", "When", When(ctx, t))
}

// expiries are the lifetimes on offer, in days.
func expiries(ctx context.Context) []Option {
	return []Option{
		{"0", T(ctx, "token.never")},
		{"30", T(ctx, "time.days", "Count", 30)},
		{"90", T(ctx, "time.days", "Count", 90)},
		{"365", T(ctx, "time.days", "Count", 365)},
	}
}

// curl is a command that proves the key.
func (p TokensPage) curl() string {
	return `curl -H "Authorization: Bearer ` + p.Fresh + `" ` + p.BaseURL + "/api/v1/meta/whoami"
}
