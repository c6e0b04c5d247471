package command_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"crk/app"
	"crk/app/command"
	"crk/app/secret"
	"crk/store"
	"crk/store/storetest"
)

const password = "correct horse battery"

// An appliance is a data directory whose server runs: its store stays open
// while commands write beside it.
type appliance struct {
	t   testing.TB
	dir string
	db  *store.Store
	ann app.User
}

func newAppliance(t testing.TB) *appliance {
	t.Helper()
	dir := t.TempDir()
	box, _, err := secret.LoadOrCreate(filepath.Join(dir, "crk.key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(context.WithoutCancel(t.Context()),
		store.Options{Path: filepath.Join(dir, "crk.db"), Schema: storetest.Schema(t), Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ann, _, err := db.SetUp(t.Context(), app.User{Email: "ann@example.com"}, password, app.Business{Name: "Acme Co"})
	if err != nil {
		t.Fatal(err)
	}
	return &appliance{t, dir, db, ann}
}

// run runs a command as main does, with what it reads from standard input.
func (a *appliance) run(stdin string, args ...string) (stdout, stderr string, err error) {
	a.t.Helper()
	return run(a.t, map[string]string{"CRK_DATA_DIR": a.dir}, stdin, args...)
}

func run(t testing.TB, env map[string]string, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs strings.Builder
	err = command.Run(t.Context(), command.Env{
		Getenv: func(name string) string { return env[name] },
		Stdin:  strings.NewReader(stdin), Stdout: &out, Stderr: &errs,
		Schema: storetest.Schema(t), Version: "v1.2.3",
	}, args)
	return out.String(), errs.String(), err
}

func TestCreateToken(t *testing.T) {
	a := newAppliance(t)
	for _, tt := range []struct {
		name string
		args string
		want func(is *is.I, k app.Key)
	}{
		{"business key", "--business acme-co --scopes view_usage,view_notifications", func(is *is.I, k app.Key) {
			is.True(!k.Account())                                                // bound to its business
			is.Equal(k.Scopes, app.Scopes{app.ViewUsage, app.ViewNotifications}) // both scopes
			is.True(k.ExpiresAt.IsZero())                                        // no end
		}},
		{"days", "--business acme-co --scopes manage_all --expires 90d", func(is *is.I, k app.Key) {
			is.True(within(k.ExpiresAt, time.Now().Add(90*24*time.Hour))) // ninety days
		}},
		{"hours", "--business acme-co --scopes manage_all --expires 12h", func(is *is.I, k app.Key) {
			is.True(within(k.ExpiresAt, time.Now().Add(12*time.Hour))) // twelve hours
		}},
		{"account key", "--account --scopes manage_all", func(is *is.I, k app.Key) {
			is.True(k.Account())                      // reaches every business
			is.Equal(k.DefaultID, app.BusinessID("")) // and means none
		}},
		{"account key with a default", "--account --business acme-co --scopes manage_all", func(is *is.I, k app.Key) {
			is.True(k.Account())
			is.True(k.DefaultID != "") // means this one
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			args := append([]string{"token", "create", "--owner", "Ann@Example.com", "--name", tt.name}, strings.Fields(tt.args)...)
			stdout, stderr, err := a.run("", args...)
			is.NoErr(err)
			is.Equal(stderr, "")
			is.True(regexp.MustCompile(`^crk_[0-9A-Za-z]{49}\n$`).MatchString(stdout)) // the key alone
			hash, ok := app.HashKey(strings.TrimSpace(stdout))
			is.True(ok)
			k, err := a.db.KeyByHash(t.Context(), hash)
			is.NoErr(err) // which the running server knows
			is.Equal(k.Name, tt.name)
			is.Equal(k.OwnerID, a.ann.ID)
			tt.want(is, k)
		})
	}
}

func TestCreateUser(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t)

	made, _, err := a.run("", "user", "create", "bob@example.com", "--name", "Bob", "--business", "acme-co", "--role", "agent", "--language", "en")
	is.NoErr(err)
	bob, err := a.db.Authenticate(t.Context(), "bob@example.com", strings.TrimSpace(made))
	is.NoErr(err) // the printed password signs in
	is.Equal(bob.Name, "Bob")
	is.Equal(bob.Language, "en")
	is.True(!bob.Admin) // the appliance's administrator is the first user alone
	m, err := a.db.FirstMember(t.Context(), bob.ID)
	is.NoErr(err) // a member
	is.Equal(m.Business.Slug, "acme-co")
	is.Equal(m.Role, app.Agent)

	stdout, _, err := a.run("a long password\r\n", "user", "create", "--email", "cat@example.com", "--password-stdin")
	is.NoErr(err)
	is.Equal(stdout, "") // what was given is not printed
	cat, err := a.db.Authenticate(t.Context(), "cat@example.com", "a long password")
	is.NoErr(err) // the line without its end is the password
	_, err = a.db.FirstMember(t.Context(), cat.ID)
	is.True(app.IsKind(err, app.NotFound)) // a member of nothing

	_, _, err = a.run("", "user", "create", "--email", "dan@example.com", "--password", "another long one")
	is.NoErr(err)
	_, err = a.db.Authenticate(t.Context(), "dan@example.com", "another long one")
	is.NoErr(err) // the flag is the password
}

func TestSetPassword(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t)
	made, _, err := a.run("", "user", "password", "ann@example.com")
	is.NoErr(err)
	_, err = a.db.Authenticate(t.Context(), "ann@example.com", strings.TrimSpace(made))
	is.NoErr(err) // the new one signs in
	_, err = a.db.Authenticate(t.Context(), "ann@example.com", password)
	is.Equal(err, store.ErrLogin) // the old one does not
	_, _, err = a.run("yet another password", "user", "password", "--password-stdin", "ann@example.com")
	is.NoErr(err) // flags may stand before the address, and the line may lack its end
	_, err = a.db.Authenticate(t.Context(), "ann@example.com", "yet another password")
	is.NoErr(err)
}

func TestResetTwoStep(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t)
	url, err := a.db.BeginTwoStep(t.Context(), a.ann.ID)
	is.NoErr(err)
	key, err := otp.NewKeyFromURL(url.Reveal())
	is.NoErr(err)
	code, err := totp.GenerateCode(key.Secret(), time.Now())
	is.NoErr(err)
	_, err = a.db.ConfirmTwoStep(t.Context(), a.ann.ID, code, "")
	is.NoErr(err)
	_, _, err = a.run("", "user", "reset-2fa", "ann@example.com")
	is.NoErr(err)
	u, err := a.db.User(t.Context(), a.ann.ID)
	is.NoErr(err)
	is.True(!u.TwoStep) // the password is enough again
}

func TestCreateBusiness(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t)
	stdout, _, err := a.run("", "business", "create", "--name", " Beta & Sons ", "--owner", "ann@example.com", "--time-zone", "Europe/Berlin", "--language", "en")
	is.NoErr(err)
	is.Equal(stdout, "beta-sons\n") // the slug alone
	b, err := a.db.BusinessBySlug(t.Context(), "beta-sons")
	is.NoErr(err)
	is.Equal(b.Name, "Beta & Sons")
	is.Equal(b.TimeZone, "Europe/Berlin")
	is.Equal(b.Language, "en")
	m, err := a.db.Member(t.Context(), b.ID, a.ann.ID)
	is.NoErr(err)
	is.Equal(m.Role, app.Owner) // owned by whom it says
	lines, err := a.db.Audit(t.Context(), b.ID, app.AuditFilter{Thing: "business"}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 1)
	is.Equal(lines[0].Actor.Kind, app.ActorCommand) // and the audit log says that it came from here
	is.Equal(lines[0].Actor.Via, app.ViaCommand)
}

func TestErrorsNameTheFlag(t *testing.T) {
	a := newAppliance(t)
	if _, _, err := a.run("", "user", "create", "eve@example.com"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, args, want string }{
		{"nothing given", "token create", "--owner, --name, --scopes, --business missing"},
		{"account key without a business", "token create --account", "--owner, --name, --scopes missing"},
		{"unknown owner", "token create --owner x@example.com --business acme-co --name n --scopes manage_all", `--owner: there is no user x@example.com: make one with "crk user create"`},
		{"unknown business", "token create --owner ann@example.com --business x --name n --scopes manage_all", "--business: there is no business x; there are: acme-co"},
		{"owner of another business", "token create --owner eve@example.com --business acme-co --name n --scopes manage_all", "--owner: eve@example.com does not belong to acme-co"},
		{"unknown scope", "token create --owner ann@example.com --business acme-co --name n --scopes manage_all,fly", `--scopes: "fly" is not a scope.`},
		{"no scope", "token create --owner ann@example.com --business acme-co --name n --scopes ,", "--scopes: Choose at least one scope."},
		{"bad days", "token create --owner a --business b --name n --scopes s --expires soon", `--expires "soon": write days or hours, as 90d or 12h`},
		{"past", "token create --owner a --business b --name n --scopes s --expires -1h", `--expires "-1h": write days or hours, as 90d or 12h`},
		{"no days", "token create --owner a --business b --name n --scopes s --expires 0d", `--expires "0d": write days or hours, as 90d or 12h`},
		{"no e-mail", "user create", "--email missing"},
		{"bad e-mail", "user create nobody", "--email: Give an e-mail address such as name@example.com."},
		{"taken e-mail", "user create ann@example.com", "There is a user with this e-mail address already."},
		{"short password", "user create fay@example.com --password short", "--password: Use at least 10 characters."},
		{"empty standard input", "user create fay@example.com --password-stdin", "--password: Use at least 10 characters."},
		{"role without business", "user create fay@example.com --role agent", "--role: name the business too, with --business"},
		{"business without role", "user create fay@example.com --business acme-co", "--role: must be one of owner, admin, supervisor, agent, viewer"},
		{"bad language", "user create fay@example.com --language de", "--language: must be th or en"},
		{"business of a new user", "user create fay@example.com --business x --role agent", "--business: there is no business x; there are: acme-co"},
		{"password of nobody", "user password x@example.com", `--email: there is no user x@example.com: make one with "crk user create"`},
		{"too many arguments", "user password x@example.com y", `unknown argument "y"`},
		{"business of nobody", "business create --name n --owner x@example.com", `--owner: there is no user x@example.com: make one with "crk user create"`},
		{"business without a name", "business create --owner ann@example.com", "--name missing"},
		{"bad zone", "business create --name n --owner ann@example.com --time-zone Mars", `--time-zone: there is no zone "Mars"; write it as Asia/Bangkok`},
		{"unknown flag", "token create --colour red", "flag provided but not defined: -colour"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			stdout, _, err := a.run("", strings.Fields(tt.args)...)
			is.True(err != nil)
			words := strings.Fields(tt.args)
			is.Equal(err.Error(), words[0]+" "+words[1]+": "+tt.want) // the command, the flag, the fix
			is.Equal(stdout, "")                                      // nothing that a script would take for an answer
		})
	}
	_, err := a.db.UserByEmail(t.Context(), "fay@example.com")
	is.New(t).True(app.IsKind(err, app.NotFound)) // what was refused left nothing behind
}

func TestWrongDirectory(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	_, _, err := run(t, map[string]string{"CRK_DATA_DIR": dir}, "", "user", "create", "ann@example.com")
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "--data-dir (CRK_DATA_DIR)")) // says what to set
	files, err := os.ReadDir(dir)
	is.NoErr(err)
	is.Equal(len(files), 0) // and makes no database by mistake

	a := newAppliance(t)
	_, _, err = a.run("", "user", "create", "bob@example.com", "--key-file", filepath.Join(dir, "lost.key"))
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "--key-file (CRK_KEY_FILE)")) // says what to set
	_, err = os.Stat(filepath.Join(dir, "lost.key"))
	is.True(errors.Is(err, fs.ErrNotExist)) // and makes no second key
}

func TestRun(t *testing.T) {
	is := is.New(t)
	stdout, _, err := run(t, nil, "", "version")
	is.NoErr(err)
	is.Equal(stdout, "v1.2.3\n") // the version alone

	_, _, err = run(t, nil, "", "token", "destroy")
	is.True(errors.Is(err, command.ErrUnknown)) // told apart from a command that failed
	_, _, err = run(t, nil, "", "user")
	is.True(errors.Is(err, command.ErrUnknown)) // half a command is none

	stdout, stderr, err := run(t, nil, "", "token", "create", "-h")
	is.NoErr(err) // help is no failure
	is.Equal(stdout, "")
	for _, flag := range []string{"-owner", "-business", "-scopes", "-account", "-expires", "-data-dir"} {
		is.True(strings.Contains(stderr, flag)) // every flag is told
	}

	var usage strings.Builder
	command.Usage(&usage)
	for _, name := range []string{"token create", "user create", "user password", "business create", "version"} {
		is.True(strings.Contains(usage.String(), "crk "+name)) // every command is told
	}
}

func within(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }
