package command

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"crk/app"
)

// createUser makes a person and, where a business is named, a member of it.
func createUser(ctx context.Context, env Env, args []string) (err error) {
	f := newFlags(env, "user create")
	email := f.String("email", "", "`EMAIL` to sign in with")
	name := f.String("name", "", "the person's `NAME`; what stands before the @ when not given")
	language := f.String("language", "th", "of the dashboard: th or en")
	business := f.String("business", "", "`SLUG` of a business to make the person a member of")
	role := f.String("role", "", "in that business: "+roleNames())
	password := addPasswordFlags(f)
	positional, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	*email = cmp.Or(*email, strings.Join(positional, ""))
	if err := errors.Join(f.require("email"), checkMember(*business, app.Role(*role)), checkLanguage(*language)); err != nil {
		return err
	}
	db, err := f.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	var b app.Business
	if *business != "" {
		if b, err = businessBySlug(ctx, db, *business); err != nil {
			return err
		}
	}
	return password.use(env, func(password string) error {
		u, err := db.CreateUser(ctx, app.User{Email: *email, Name: *name, Language: *language}, password)
		if err != nil || b.ID == "" {
			return err
		}
		return db.AddMember(ctx, b.ID, u.ID, app.Role(*role))
	})
}

// setPassword gives a person a new password, which ends their sessions.
func setPassword(ctx context.Context, env Env, args []string) (err error) {
	f := newFlags(env, "user password")
	email := f.String("email", "", "`EMAIL` of the person")
	password := addPasswordFlags(f)
	positional, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	*email = cmp.Or(*email, strings.Join(positional, ""))
	if err := f.require("email"); err != nil {
		return err
	}
	db, err := f.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	u, err := userByEmail(ctx, db, "--email", *email)
	if err != nil {
		return err
	}
	return password.use(env, func(password string) error { return db.SetPassword(ctx, u.ID, password) })
}

// resetTwoStep switches a person's one-time codes off, for who has lost both the
// authenticator and the recovery codes.
func resetTwoStep(ctx context.Context, env Env, args []string) (err error) {
	f := newFlags(env, "user reset-2fa")
	email := f.String("email", "", "`EMAIL` of the person")
	positional, err := f.parse(args, 1)
	if err != nil {
		return err
	}
	*email = cmp.Or(*email, strings.Join(positional, ""))
	if err := f.require("email"); err != nil {
		return err
	}
	db, err := f.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	u, err := userByEmail(ctx, db, "--email", *email)
	if err != nil {
		return err
	}
	return db.ResetTwoStep(ctx, u.ID)
}

// A passwordSource is where a new password comes from: standard input, a flag,
// or chance.
type passwordSource struct {
	stdin *bool
	text  *string
}

func addPasswordFlags(f flags) passwordSource {
	return passwordSource{
		stdin: f.Bool("password-stdin", false, "read the password from standard input; without it one is made and printed"),
		text:  f.String("password", "", "the `PASSWORD` itself, which others on this machine may see: prefer --password-stdin"),
	}
}

// use calls set with the new password and, if it was made up here, prints it
// once it is set.
func (p passwordSource) use(env Env, set func(password string) error) error {
	switch {
	case *p.stdin:
		line, err := bufio.NewReader(io.LimitReader(env.Stdin, 1<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("--password-stdin: %w", err)
		}
		return set(strings.TrimRight(line, "\r\n"))
	case *p.text != "":
		return set(*p.text)
	}
	made := rand.Text()
	if err := set(made); err != nil {
		return err
	}
	_, err := fmt.Fprintln(env.Stdout, made)
	return err
}

// checkMember reports a business without a role or the other way round.
func checkMember(business string, role app.Role) error {
	switch {
	case business == "" && role == "":
		return nil
	case business == "":
		return errors.New("--role: name the business too, with --business")
	case !role.Valid():
		return fmt.Errorf("--role: must be one of %s", roleNames())
	}
	return nil
}

func checkLanguage(language string) error {
	if !slices.Contains([]string{"th", "en"}, language) {
		return errors.New("--language: must be th or en")
	}
	return nil
}

func roleNames() string {
	var names []string
	for _, r := range app.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}
