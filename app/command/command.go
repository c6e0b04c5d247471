// Package command holds the commands that run beside the server: they make API
// keys, people and businesses.
//
// It promises that a command can be run while the server runs, as a second
// writer of its database; that what a script wants (the new key, the new
// password, the slug) stands alone on standard output and everything for people
// goes to standard error; and that an error names the flag to mend.
//
// It does not start the server and knows nothing of it.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"strings"

	"crk/app"
	"crk/app/config"
	"crk/app/datadir"
	"crk/app/secret"
	"crk/store"
)

// Env is what a command needs of the process around it. Every field is
// required.
type Env struct {
	Getenv         func(string) string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Schema         string // of a new database
	Version        string
}

// ErrUnknown is wrapped by the error of [Run] for a command that there is not.
var ErrUnknown = errors.New("unknown command")

// A command is one of those that Run knows. Its name may be of two words.
type command struct {
	name  string
	usage string // its arguments
	text  string // what it does
	run   func(ctx context.Context, env Env, args []string) error
}

func commands() []command {
	return []command{
		{"token create", "--owner EMAIL --business SLUG --name NAME --scopes A,B [--account] [--expires 90d]", "make an API key and print it", createToken},
		{"user create", "--email EMAIL [--name NAME] [--business SLUG --role ROLE] [--password-stdin]", "make a person", createUser},
		{"user password", "EMAIL [--password-stdin]", "give a person a new password", setPassword},
		{"user reset-2fa", "EMAIL", "let a person sign in without a one-time code again", resetTwoStep},
		{"business create", "--name NAME --owner EMAIL", "make a business and print its slug", createBusiness},
		{"backup", "FILE [--no-audio] [--recipient age1… | --passphrase-file FILE]", "copy the appliance into one encrypted file", makeBackup},
		{"restore", "FILE [--force] [--identity FILE | --passphrase-file FILE]", "bring a backup back into an empty data directory", restoreBackup},
		{"key rotate", "", "replace the key that opens the secrets; the server must not run", rotateKey},
		{"doctor", "[--json]", "look over disk, key, database, clock and servers, and say what to mend", examine},
		{"support", "FILE [--log-file FILE]", "write a file for whoever helps, without secrets or personal data", support},
		{"health", "", "ask the server of these settings whether it works", health},
		{"version", "", "print the version", version},
	}
}

// Run runs the command that args begin with. It returns an error for people,
// which wraps [ErrUnknown] where there is no such command, and nil where help
// was asked for and given.
func Run(ctx context.Context, env Env, args []string) error {
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) < len(words) || strings.Join(args[:len(words)], " ") != c.name {
			continue
		}
		err := c.run(app.WithActor(ctx, actor()), env, args[len(words):])
		if errors.Is(err, flag.ErrHelp) {
			return nil // the flags have been printed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, plain(err))
		}
		return nil
	}
	return fmt.Errorf("%w %q: \"crk help\" lists what there is", ErrUnknown, strings.Join(args, " "))
}

// actor is who runs the commands, as the machine knows them.
func actor() app.Actor {
	a := app.Actor{Kind: app.ActorCommand, Via: app.ViaCommand}
	if u, err := user.Current(); err == nil { // else nobody knows: a container without a list of users
		a.Name = u.Username
	}
	return a
}

// Usage lists the commands of this package.
func Usage(w io.Writer) {
	for _, c := range commands() {
		fmt.Fprintf(w, "  crk %s\n        %s\n", strings.TrimSpace(c.name+" "+c.usage), c.text)
	}
}

func version(_ context.Context, env Env, _ []string) error {
	_, err := fmt.Fprintln(env.Stdout, env.Version)
	return err
}

// flags are a command's own flags beside those that say where the data is.
type flags struct {
	*flag.FlagSet
	finish func() (config.Config, error)
}

func newFlags(env Env, name string) flags {
	fs := flag.NewFlagSet("crk "+name, flag.ContinueOnError)
	fs.SetOutput(env.Stderr)
	return flags{fs, config.Register(fs, env.Getenv, "CRK_DATA_DIR", "CRK_KEY_FILE")}
}

// newServerFlags are newFlags with all settings of the server among them.
func newServerFlags(env Env, name string) flags {
	fs := flag.NewFlagSet("crk "+name, flag.ContinueOnError)
	fs.SetOutput(env.Stderr)
	return flags{fs, config.Register(fs, env.Getenv)}
}

// parse reads flags and positional arguments in any order, at most limit of the
// latter.
func (f flags) parse(args []string, limit int) (positional []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		if f.NArg() == 0 {
			return positional, nil
		}
		if positional = append(positional, f.Arg(0)); len(positional) > limit {
			return nil, fmt.Errorf("unknown argument %q", f.Arg(0))
		}
		args = f.Args()[1:]
	}
}

// open opens the store of an appliance that there is. The caller closes it.
func (f flags) open(ctx context.Context, env Env) (*store.Store, error) {
	cfg, err := f.finish()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.Database()); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no database in %s: start crk once, or name its directory with --data-dir (CRK_DATA_DIR)", cfg.DataDir)
	}
	box, err := secret.Load(cfg.KeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no key file %s: name it with --key-file (CRK_KEY_FILE)", cfg.KeyFile)
	}
	if err != nil {
		return nil, err
	}
	o := store.Options{Path: cfg.Database(), Schema: env.Schema, Box: box, KeepVersion: true}
	db, err := store.Open(ctx, o)
	if !errors.Is(err, store.ErrOutdated) {
		return db, err
	}
	// An older program may be running on this database: not under its feet.
	unlock, err := datadir.Lock(cfg.DataDir)
	if errors.Is(err, datadir.ErrHeld) {
		return nil, fmt.Errorf("%w: restart crk, which brings it up to date", store.ErrOutdated)
	}
	if err != nil {
		return nil, err
	}
	o.KeepVersion = false
	db, err = store.Open(ctx, o)
	return db, errors.Join(err, unlock())
}

// require reports the flags of those named that were not given.
func (f flags) require(names ...string) error {
	var missing []string
	for _, name := range names {
		if f.Lookup(name).Value.String() == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s missing", strings.Join(missing, ", "))
	}
	return nil
}

// userByEmail returns the user that a flag names.
func userByEmail(ctx context.Context, db *store.Store, flag, email string) (app.User, error) {
	u, err := db.UserByEmail(ctx, email)
	if app.IsKind(err, app.NotFound) {
		return u, fmt.Errorf("%s: there is no user %s: make one with \"crk user create\"", flag, email)
	}
	return u, err
}

// businessBySlug returns the business that a flag names.
func businessBySlug(ctx context.Context, db *store.Store, slug string) (app.Business, error) {
	b, err := db.BusinessBySlug(ctx, slug)
	if !app.IsKind(err, app.NotFound) {
		return b, err
	}
	all, err := db.Businesses(ctx)
	if err != nil {
		return b, err
	}
	slugs := make([]string, len(all))
	for i, b := range all {
		slugs[i] = b.Slug
	}
	return b, fmt.Errorf("--business: there is no business %s; there are: %s", slug, strings.Join(slugs, ", "))
}

// plain is an error as a person at a terminal reads it: without the code that
// is meant for programs.
func plain(err error) error {
	var e *app.Error
	if !errors.As(err, &e) || e.Kind == app.Internal {
		return err
	}
	if len(e.Fields) == 0 {
		return errors.New(e.Message)
	}
	var b strings.Builder
	for i, f := range e.Fields {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "--%s: %s", f.Name, f.Message)
	}
	return errors.New(b.String())
}
