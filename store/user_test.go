package store_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestAuthenticate(t *testing.T) {
	f := storetest.New(t)
	for _, tt := range []struct {
		name, email, password string
		ok                    bool
	}{
		{"right", "owner@example.com", storetest.Password, true},
		{"the address in another case", " Owner@Example.com ", storetest.Password, true},
		{"wrong password", "owner@example.com", "not the password", false},
		{"unknown address", "nobody@example.com", storetest.Password, false},
		{"empty", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			u, err := f.Authenticate(t.Context(), tt.email, tt.password)
			if tt.ok {
				is.NoErr(err)
				is.Equal(u.ID, f.Owner.ID)
				return
			}
			is.True(errors.Is(err, store.ErrLogin)) // one answer to everything that is wrong
		})
	}
}

func TestLoginThrottleGrowsAndForgets(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	const account, address = "account:a@example.com", "address:192.0.2.1"
	try := func(subjects ...string) (store.LoginAttempt, time.Duration) {
		a, wait, err := f.BeginLogin(t.Context(), subjects...)
		is.NoErr(err)
		return a, max(0, wait)
	}
	wait := func(subjects ...string) time.Duration {
		_, wait := try(subjects...)
		return wait
	}
	for range 5 {
		is.Equal(wait(account, address), time.Duration(0)) // five failures cost nothing
	}
	is.Equal(wait(account, address), 2*time.Second) // then comes a pause
	is.Equal(wait(account), 2*time.Second)          // which asking does not make longer
	f.Clock.Advance(2 * time.Second)
	is.Equal(wait(account, address), time.Duration(0))
	is.Equal(wait(account, "address:192.0.2.2"), 4*time.Second) // and grows, from wherever it is tried
	is.Equal(wait("account:b@example.com", address), 4*time.Second)

	f.Clock.Advance(4 * time.Second)
	good, left := try(account, address)
	is.Equal(left, time.Duration(0))
	is.NoErr(f.LoginSucceeded(t.Context(), good, account))
	is.Equal(wait(account), time.Duration(0)) // a good password frees the account
	again, left := try(address)
	is.Equal(left, time.Duration(0)) // and is no failure of the address
	is.NoErr(f.LoginUndecided(t.Context(), again))
	is.Equal(wait(address), time.Duration(0)) // nor is what was not its fault
	is.Equal(wait(address), 8*time.Second)    // but those before still count

	f.Clock.Advance(2 * time.Hour)
	for range 5 {
		is.Equal(wait(address), time.Duration(0)) // in the end all is forgotten
	}
}

func TestLoginThrottleHoldsManyAtOnce(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	var free atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, wait, err := f.BeginLogin(t.Context(), "account:a@example.com"); err == nil && wait <= 0 {
				free.Add(1)
			}
		})
	}
	wg.Wait()
	is.Equal(free.Load(), int32(5)) // as many as one after the other
}

func TestSessions(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	x, token, err := f.CreateSession(t.Context(), app.Session{UserID: f.Owner.ID, BusinessID: f.Business.ID})
	is.NoErr(err)
	other, _, err := f.CreateSession(t.Context(), app.Session{UserID: f.Owner.ID, BusinessID: f.Business.ID})
	is.NoErr(err)

	got, m, err := f.SessionByToken(t.Context(), token.Reveal())
	is.NoErr(err)
	is.Equal(got.ID, x.ID)
	is.Equal(m.Role, app.Owner)
	_, _, err = f.SessionByToken(t.Context(), "guess")
	is.True(app.IsKind(err, app.NotFound)) // a guessed token is nobody's

	is.NoErr(f.EndOtherSessions(t.Context(), f.Owner.ID, x.ID))
	alive, err := f.SessionAlive(t.Context(), other.ID)
	is.NoErr(err)
	is.True(!alive) // ended
	last := f.Changes()[len(f.Changes())-1]
	is.Equal(last.Topic, app.TopicRights) // its sockets are told
	is.Equal(last.ID, other.ID)

	f.Clock.Advance(store.SessionLife)
	_, _, err = f.SessionByToken(t.Context(), token.Reveal())
	is.True(app.IsKind(err, app.NotFound)) // an unused session ends by itself
}

func TestNewPasswordEndsSessions(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	x, _, err := f.CreateSession(t.Context(), app.Session{UserID: f.Owner.ID, BusinessID: f.Business.ID})
	is.NoErr(err)
	is.NoErr(f.SetPassword(t.Context(), f.Owner.ID, "another good password"))
	alive, err := f.SessionAlive(t.Context(), x.ID)
	is.NoErr(err)
	is.True(!alive) // whoever knew the old password is out
	_, err = f.Authenticate(t.Context(), f.Owner.Email, "another good password")
	is.NoErr(err)
}

func TestSlugsAreUnique(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	b, err := f.CreateBusiness(t.Context(), app.Business{Name: "ACME  Co."}, f.Owner.ID)
	is.NoErr(err)
	is.Equal(b.Slug, "acme-co-2") // acme-co is taken
	b, err = f.CreateBusiness(t.Context(), app.Business{Name: "สยามเครื่องเย็น"}, f.Owner.ID)
	is.NoErr(err)
	is.Equal(b.Slug, "business") // nothing of it can be in a slug
}

func TestNoSecretIsInTheFile(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	key := f.Key(t)
	_, token, err := f.CreateSession(t.Context(), app.Session{UserID: f.Owner.ID, BusinessID: f.Business.ID})
	is.NoErr(err)
	identity, err := f.AudioIdentity(t.Context())
	is.NoErr(err)
	again, err := f.AudioIdentity(t.Context())
	is.NoErr(err)
	is.Equal(again, identity) // it is made once
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(f.Path + suffix)
		is.NoErr(err)
		for name, secret := range map[string]string{"key": key, "token": token.Reveal(), "identity": identity, "password": storetest.Password} {
			if strings.Contains(string(b), secret) {
				t.Errorf("the %s lies in crk.db%s in the clear", name, suffix)
			}
		}
	}
}

func TestDatabaseIsOpenedAgainAndNewerIsRefused(t *testing.T) {
	is := is.New(t)
	path := t.TempDir() + "/crk.db"
	o := store.Options{Path: path, Schema: storetest.Schema(t), Box: storetest.Box(t)}
	s, err := store.Open(t.Context(), o)
	is.NoErr(err)
	_, _, err = s.SetUp(t.Context(), app.User{Email: "a@example.com"}, storetest.Password, app.Business{Name: "A"})
	is.NoErr(err)
	is.NoErr(s.Close())
	is.True(errors.Is(s.Ready(t.Context()), store.ErrClosed)) // a closed store says so

	s, err = store.Open(t.Context(), o)
	is.NoErr(err)
	has, err := s.HasUsers(t.Context())
	is.NoErr(err)
	is.True(has) // what was written is there
	is.NoErr(s.Close())

	storetest.Exec(t, path, "PRAGMA user_version = 9999")
	_, err = store.Open(t.Context(), o)
	is.True(err != nil && strings.Contains(err.Error(), "newer CRK")) // refused, with what to do
}
