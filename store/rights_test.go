package store_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestWhatIsKeptFollowsOwnWrites(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*testing.T, *storetest.Fixture, app.User, app.Key) error
		want   func(is *is.I, m app.Member, merr error, k app.Key)
	}{
		{"a role", func(t *testing.T, f *storetest.Fixture, u app.User, _ app.Key) error {
			return f.AddMember(t.Context(), f.Business.ID, u.ID, app.Viewer)
		}, func(is *is.I, m app.Member, _ error, _ app.Key) { is.Equal(m.Role, app.Viewer) }},
		{"agents", func(t *testing.T, f *storetest.Fixture, u app.User, _ app.Key) error {
			return f.SetMemberAgents(t.Context(), f.Business.ID, u.ID, []string{"201"})
		}, func(is *is.I, m app.Member, _ error, _ app.Key) { is.Equal(m.Agents, []string{"201"}) }},
		{"a name", func(t *testing.T, f *storetest.Fixture, u app.User, _ app.Key) error {
			return f.RenameUser(t.Context(), u.ID, "Anne")
		}, func(is *is.I, m app.Member, _ error, _ app.Key) { is.Equal(m.User.Name, "Anne") }},
		{"a key", func(t *testing.T, f *storetest.Fixture, u app.User, k app.Key) error {
			return f.RevokeKey(t.Context(), f.Business.ID, u.ID, k.ID)
		}, func(is *is.I, _ app.Member, _ error, k app.Key) { is.True(!k.RevokedAt.IsZero()) }},
		{"a membership", func(t *testing.T, f *storetest.Fixture, u app.User, _ app.Key) error {
			return f.Try(t, `DELETE FROM members WHERE user_id = ?`, u.ID)
		}, func(is *is.I, _ app.Member, err error, _ app.Key) { is.True(app.IsKind(err, app.NotFound)) }},
		{"a user", func(t *testing.T, f *storetest.Fixture, u app.User, _ app.Key) error {
			return f.Try(t, `DELETE FROM users WHERE id = ?`, u.ID)
		}, func(is *is.I, _ app.Member, err error, _ app.Key) { is.True(app.IsKind(err, app.NotFound)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			u := f.User(t, "ann@example.com", app.RoleAdmin)
			k, secret, err := f.CreateKey(t.Context(), app.Key{Name: "k", OwnerID: u.ID, BusinessID: f.Business.ID, Scopes: app.Scopes{app.ManageAll}})
			is.NoErr(err)
			hash, _ := app.HashKey(secret.Reveal())
			for range 2 { // the second time from memory
				m, err := f.Member(t.Context(), f.Business.ID, u.ID)
				is.NoErr(err)
				is.Equal(m.Role, app.RoleAdmin)
				got, err := f.KeyByHash(t.Context(), hash)
				is.NoErr(err)
				is.Equal(got.ID, k.ID)
			}
			is.NoErr(tt.change(t, f, u, k))
			m, merr := f.Member(t.Context(), f.Business.ID, u.ID)
			k, _ = f.KeyByHash(t.Context(), hash)
			tt.want(is, m, merr, k)
		})
	}
}

// TestRightsFollowAnotherProcess has a second store beside the first, as a
// command has beside the server.
func TestRightsFollowAnotherProcess(t *testing.T) {
	is := is.New(t)
	box := storetest.Box(t)
	path := filepath.Join(t.TempDir(), "crk.db")
	var mu sync.Mutex
	var told []app.Change
	told1 := make(chan struct{}, 100)
	server := openBeside(t, store.Options{Path: path, Box: box, Publish: func(cs []app.Change) {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range cs {
			if c.Topic == app.TopicRights {
				told = append(told, c)
				told1 <- struct{}{}
			}
		}
	}})
	u, b, err := server.SetUp(t.Context(), app.User{Email: "owner@example.com"}, storetest.Password, app.Business{Name: "Acme"})
	is.NoErr(err)
	_, err = server.Member(t.Context(), b.ID, u.ID)
	is.NoErr(err) // kept from now on

	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { _ = server.WatchRights(ctx) })
	defer watching.Wait()
	defer stop()
	command := openBeside(t, store.Options{Path: path, Box: box})
	is.NoErr(command.AddMember(t.Context(), b.ID, u.ID, app.Viewer))
	select {
	case <-told1:
	case <-time.After(10 * time.Second):
		t.Fatal("the server never saw what the command changed")
	}
	mu.Lock()
	is.Equal(told[0], app.Change{Topic: app.TopicRights, BusinessID: b.ID, UserID: u.ID}) // it says whose rights
	mu.Unlock()
	m, err := server.Member(t.Context(), b.ID, u.ID)
	is.NoErr(err)
	is.Equal(m.Role, app.Viewer) // and goes by them
}

func openBeside(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	o.Schema = storetest.Schema(t)
	s, err := store.Open(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	hash, _ := app.HashKey(f.Key(t))
	used := func() time.Time {
		k, err := f.KeyByHash(t.Context(), hash)
		is.NoErr(err)
		is.NoErr(f.TouchKey(t.Context(), k))
		fresh, err := f.Store.Key(t.Context(), k.ID)
		is.NoErr(err)
		return fresh.LastUsedAt
	}
	first := used()
	is.True(first.Equal(f.Clock.Now()))
	f.Clock.Advance(50 * time.Second)
	is.True(used().Equal(first)) // not again within the minute
	f.Clock.Advance(20 * time.Second)
	is.True(used().Equal(f.Clock.Now())) // but after it
	f.Clock.Advance(20 * time.Second)
	is.True(!used().Equal(f.Clock.Now())) // the minute counts from then
}

func TestLongSeenChangesAreForgotten(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	f.Exec(t, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
		INSERT INTO rights_changes (credential) SELECT 'x' || i FROM n`)
	is.NoErr(f.RenameUser(t.Context(), f.Owner.ID, "Anne"))
	is.Equal(f.Text(t, `SELECT count(*) <= 1002 FROM rights_changes`), "1") // a thousand and what came since
	is.Equal(f.Text(t, `SELECT count(*) >= 1000 FROM rights_changes`), "1") // for a process that has not seen them
}
