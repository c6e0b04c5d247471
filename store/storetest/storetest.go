// Package storetest opens real stores for tests, with a clock that they move,
// and fills them with what most tests need.
package storetest

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"crk/app"
	"crk/app/secret"
	"crk/store"
)

// A Clock is a clock that stands still until it is moved.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Start is the time at which a test's clock stands: a Monday at 14:00 in
// Bangkok.
var Start = time.Date(2026, 11, 16, 7, 0, 0, 0, time.UTC)

// A Fixture is a store with a business, its owner and what was published.
type Fixture struct {
	*store.Store
	Clock    *Clock
	Business app.Business
	Owner    app.User
	Path     string // of the database file

	mu      sync.Mutex
	changes []app.Change
	side    *sql.DB // see beside
}

// cheap makes passwords quick to check: the product's own cost would be most of
// the time that tests take.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Password is the password of every user made here.
const Password = "correct horse battery"

// Open opens an empty store in a folder of the test's own, closed when the test
// ends.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "crk.db"), store.Options{})
}

// New opens a store with one business, "Acme Co", and its owner.
func New(t testing.TB) *Fixture {
	t.Helper()
	f := &Fixture{Clock: &Clock{t: Start}, Path: filepath.Join(t.TempDir(), "crk.db")}
	t.Cleanup(func() {
		if f.side != nil {
			f.side.Close()
		}
	})
	f.Store = open(t, f.Path, store.Options{Now: f.Clock.Now, Publish: f.publish})
	var err error
	f.Owner, f.Business, err = f.SetUp(t.Context(), app.User{Email: "owner@example.com", Name: "Owner", Language: "en"},
		Password, app.Business{Name: "Acme Co", Language: "en"})
	if err != nil {
		t.Fatal("set up:", err)
	}
	return f
}

func open(t testing.TB, path string, o store.Options) *store.Store {
	t.Helper()
	o.Path, o.Schema, o.Box, o.Hashing = path, Schema(t), Box(t), &cheap
	s, err := store.Open(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal("open store:", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("close store:", err)
		}
	})
	return s
}

// Box returns a box with a key of its own.
func Box(t testing.TB) *secret.Box {
	t.Helper()
	id, err := secret.Generate()
	if err != nil {
		t.Fatal("generate key:", err)
	}
	box, err := secret.New(id)
	if err != nil {
		t.Fatal("open key:", err)
	}
	return box
}

// Exec runs SQL on a database file that no store has open.
func Exec(t testing.TB, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal("open:", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal("exec:", err)
	}
}

// Schema reads the schema from the source tree.
func Schema(t testing.TB) string {
	t.Helper()
	// Tests run in their package's folder; a -trimpath build knows no other.
	dir, b, err := ".", []byte(nil), error(nil)
	for range 6 {
		if b, err = os.ReadFile(filepath.Join(dir, "schema.sql")); err == nil {
			break
		}
		dir = filepath.Join(dir, "..")
	}
	if err != nil {
		t.Fatal("read schema:", err)
	}
	return string(b)
}

func (f *Fixture) publish(cs []app.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, cs...)
}

// Changes returns what was published so far.
func (f *Fixture) Changes() []app.Change {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]app.Change(nil), f.changes...)
}

// User makes a user who is a member of the fixture's business.
func (f *Fixture) User(t testing.TB, email string, role app.Role) app.User {
	t.Helper()
	u, err := f.CreateUser(t.Context(), app.User{Email: email, Language: "en"}, Password)
	if err != nil {
		t.Fatal("create user:", err)
	}
	if err := f.AddMember(t.Context(), f.Business.ID, u.ID, role); err != nil {
		t.Fatal("add member:", err)
	}
	return u
}

// OtherBusiness makes a second business with an owner of its own.
func (f *Fixture) OtherBusiness(t testing.TB) (app.Business, app.User) {
	t.Helper()
	u, err := f.CreateUser(t.Context(), app.User{Email: "other@example.com", Language: "en"}, Password)
	if err != nil {
		t.Fatal("create user:", err)
	}
	b, err := f.CreateBusiness(t.Context(), app.Business{Name: "Other Ltd", Language: "en"}, u.ID)
	if err != nil {
		t.Fatal("create business:", err)
	}
	return b, u
}

// Key makes a business key of the fixture's owner with the given scopes, all if
// none are given, and returns it as it is sent.
func (f *Fixture) Key(t testing.TB, scopes ...app.Scope) string {
	t.Helper()
	if len(scopes) == 0 {
		scopes = []app.Scope{app.ManageAll}
	}
	_, key, err := f.CreateKey(t.Context(), app.Key{Name: "test", OwnerID: f.Owner.ID, BusinessID: f.Business.ID, Scopes: scopes})
	if err != nil {
		t.Fatal("create key:", err)
	}
	return key.Reveal()
}

// Drain runs the due jobs of the given kinds with run, one after the other,
// until none is due, as the runner would without its goroutines. A job whose
// run fails stays held.
func (f *Fixture) Drain(t testing.TB, run func(context.Context, app.Job) error, kinds ...app.JobKind) {
	t.Helper()
	for again := true; again; {
		again = false
		for _, k := range kinds {
			jobs, err := f.ClaimJobs(t.Context(), k, 10, time.Minute)
			if err != nil {
				t.Fatal("claim:", err)
			}
			for _, j := range jobs {
				again = true
				if err := run(t.Context(), j); err != nil {
					t.Errorf("%s %s: %v", j.Kind, j.Key, err)
				}
			}
		}
	}
}
