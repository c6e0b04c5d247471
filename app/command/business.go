package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"crk/app"
)

// createBusiness makes a business with its owner and prints its slug alone.
func createBusiness(ctx context.Context, env Env, args []string) (err error) {
	f := newFlags(env, "business create")
	name := f.String("name", "", "the business's `NAME`")
	owner := f.String("owner", "", "`EMAIL` of the user who owns it")
	zone := f.String("time-zone", app.DefaultTimeZone, "its `ZONE`, as Asia/Bangkok")
	language := f.String("language", "th", "of its messages: th or en")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	*name = strings.TrimSpace(*name)
	if err := errors.Join(f.require("name", "owner"), checkLanguage(*language), checkZone(*zone)); err != nil {
		return err
	}
	db, err := f.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	u, err := userByEmail(ctx, db, "--owner", *owner)
	if err != nil {
		return err
	}
	b, err := db.CreateBusiness(ctx, app.Business{Name: *name, TimeZone: *zone, Language: *language}, u.ID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.Stdout, b.Slug)
	return err
}

func checkZone(zone string) error {
	if _, err := time.LoadLocation(zone); err != nil {
		return fmt.Errorf("--time-zone: there is no zone %q; write it as Asia/Bangkok", zone)
	}
	return nil
}
