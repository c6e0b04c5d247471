package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crk/app"
	"crk/store"
)

// createToken makes an API key and prints it alone.
func createToken(ctx context.Context, env Env, args []string) (err error) {
	f := newFlags(env, "token create")
	owner := f.String("owner", "", "`EMAIL` of the user whom the key acts for")
	business := f.String("business", "", "`SLUG` of the business that the key is bound to; with --account the default one")
	name := f.String("name", "", "what the key is for")
	scopes := f.String("scopes", "", "what the key may do: `SCOPES` parted by commas, as view_recording_all,view_usage")
	account := f.Bool("account", false, "make an account key: it reaches every business of its owner")
	expires := f.String("expires", "", "how long the key serves, as `90d` or 12h; without it for good")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	required := []string{"owner", "name", "scopes"}
	if !*account {
		required = append(required, "business")
	}
	if err := f.require(required...); err != nil {
		return err
	}
	lifetime, err := parseLifetime(*expires)
	if err != nil {
		return err
	}
	db, err := f.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	k := app.Key{Name: *name, Scopes: parseScopes(*scopes)}
	if lifetime > 0 {
		k.ExpiresAt = db.Now().Add(lifetime)
	}
	key, err := addKey(ctx, db, k, *owner, *business, *account)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.Stdout, key.Reveal())
	return err
}

// addKey stores a key for an owner and, where one is named, a business.
func addKey(ctx context.Context, db *store.Store, k app.Key, owner, slug string, account bool) (app.Secret, error) {
	if err := app.CheckScopes(k.Scopes); err != nil {
		return "", err
	}
	u, err := userByEmail(ctx, db, "--owner", owner)
	if err != nil {
		return "", err
	}
	k.OwnerID = u.ID
	if slug != "" {
		b, err := businessBySlug(ctx, db, slug)
		if err != nil {
			return "", err
		}
		if account {
			k.DefaultID = b.ID
		} else {
			k.BusinessID = b.ID
		}
	}
	_, key, err := db.CreateKey(ctx, k)
	if app.IsKind(err, app.NotFound) {
		return "", fmt.Errorf("--owner: %s does not belong to %s", owner, slug)
	}
	return key, err
}

// parseScopes reads scopes parted by commas or blanks. Whether there are such
// scopes is not its question.
func parseScopes(s string) (scopes app.Scopes) {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		scopes = append(scopes, app.Scope(word))
	}
	return scopes
}

// parseLifetime reads days ("90d") or a Go duration ("12h"); nothing is no end.
func parseLifetime(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	bad := fmt.Errorf("--expires %q: write days or hours, as 90d or 12h", s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 36500 {
			return 0, bad
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, bad
	}
	return d, nil
}
