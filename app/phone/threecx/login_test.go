package threecx_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

func TestEachWayToSignInIsTriedOnce(t *testing.T) {
	for _, tt := range []struct {
		name     string
		cfg      threecx.Config
		faults   phonetest.PBXFaults
		kind     phone.Kind
		asClient int // refused
		asUser   int // refused
		words    string
	}{
		{"a client", threecx.Config{}, phonetest.PBXFaults{}, "", 0, 0, ""},
		{"a client, said", threecx.Config{Auth: threecx.AuthAPIClient}, phonetest.PBXFaults{}, "", 0, 0, ""},
		{"a user", threecx.Config{Username: user, Password: "pw"}, phonetest.PBXFaults{}, "", 1, 0, ""},
		{"a user, said", threecx.Config{Username: user, Password: "pw", Auth: threecx.AuthUser}, phonetest.PBXFaults{}, "", 0, 0, ""},
		{"a user, said to be a client", threecx.Config{Username: user, Password: "pw", Auth: threecx.AuthAPIClient}, phonetest.PBXFaults{}, phone.Credentials, 1, 0, "client id"},
		{"a client, said to be a user", threecx.Config{Auth: threecx.AuthUser}, phonetest.PBXFaults{}, phone.Credentials, 0, 1, "client id"},
		{"nobody", threecx.Config{Password: "wrong"}, phonetest.PBXFaults{}, phone.Credentials, 1, 1, "client id"},
		{"nobody, no users", threecx.Config{Password: "wrong"}, phonetest.PBXFaults{NoUsers: true}, phone.Credentials, 1, 0, "client id"},
		{"a second factor", threecx.Config{Username: user, Password: "pw"}, phonetest.PBXFaults{TwoFactor: true}, phone.Credentials, 1, 1, "second factor"},
		{"a page", threecx.Config{}, phonetest.PBXFaults{LoginHTML: true}, phone.Unexpected, 0, 0, ""},
		{"nothing there", threecx.Config{}, phonetest.PBXFaults{LoginStatus: 404}, phone.Unexpected, 0, 0, ""},
		{"a bare refusal", threecx.Config{}, phonetest.PBXFaults{LoginStatus: 401}, phone.Credentials, 0, 0, "client id"},
		{"kept out", threecx.Config{}, phonetest.PBXFaults{LoginStatus: 403}, phone.Forbidden, 0, 0, "IP blocklist"},
		{"asked too often", threecx.Config{}, phonetest.PBXFaults{LoginStatus: 429}, phone.Transient, 0, 0, ""},
		{"failing", threecx.Config{}, phonetest.PBXFaults{LoginStatus: 500}, phone.Transient, 0, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, tt.cfg)
			sim.AddUser(user, "pw")
			sim.Fail(tt.faults)
			_, err := c.Probe(t.Context())
			is.Equal(phone.KindOf(err), tt.kind)
			stats := sim.Stats()
			is.Equal(stats.ClientRefused, tt.asClient)
			is.Equal(stats.UserRefused, tt.asUser)
			if e, ok := errors.AsType[*phone.Error](err); ok {
				is.True(strings.Contains(e.Fix, tt.words)) // what to do about it is said
			}
		})
	}
}

func TestWhatWorkedIsRemembered(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{Username: user, Password: "pw"})
	sim.AddUser(user, "pw")
	for range 3 {
		_, _, err := list(t, c)
		is.NoErr(err)
		sim.EndSessions()
	}
	is.Equal(sim.Stats().UserSignIns, 3)
	is.Equal(sim.Stats().ClientRefused, 1) // asked once and never again
	sim.AddUser(user, "changed")
	sim.AddClient(user, "pw")
	_, _, err := list(t, c)
	is.Equal(phone.KindOf(err), phone.Credentials) // nor when the other is refused
	is.Equal(sim.Stats().ClientRefused+sim.Stats().ClientSignIns, 1)

	sim, c = start(t, threecx.Config{})
	_, _, err = list(t, c)
	is.NoErr(err)
	sim.EndSessions()
	sim.AddClient(client, "changed")
	_, _, err = list(t, c)
	is.Equal(phone.KindOf(err), phone.Credentials)
	is.Equal(sim.Stats().UserRefused, 0) // a client is not tried as a user later
}

// A note is a memory that outlives a client.
type note string

func (n *note) Recall(context.Context) string       { return string(*n) }
func (n *note) Keep(_ context.Context, word string) { *n = note(word) }

func TestWhatWorkedIsTriedFirstAfterARestart(t *testing.T) {
	for _, tt := range []struct {
		name     string
		noted    note
		cfg      threecx.Config
		faults   phonetest.PBXFaults
		asClient int // refused
		asUser   int // refused
		after    note
		words    string // of a refusal
	}{
		{"nothing is known", "", threecx.Config{Username: user, Password: "pw"}, phonetest.PBXFaults{}, 1, 0, threecx.AuthUser, ""},
		{"a user", threecx.AuthUser, threecx.Config{Username: user, Password: "pw"}, phonetest.PBXFaults{}, 0, 0, threecx.AuthUser, ""},
		{"a client", threecx.AuthAPIClient, threecx.Config{}, phonetest.PBXFaults{}, 0, 0, threecx.AuthAPIClient, ""},
		{"a client, of what was a user", threecx.AuthUser, threecx.Config{}, phonetest.PBXFaults{}, 0, 1, threecx.AuthAPIClient, ""},
		{"a client, where users cannot sign in any more", threecx.AuthUser, threecx.Config{}, phonetest.PBXFaults{NoUsers: true}, 0, 0, threecx.AuthAPIClient, ""},
		{"a second factor since", threecx.AuthUser, threecx.Config{Username: user, Password: "pw"}, phonetest.PBXFaults{TwoFactor: true}, 1, 1, threecx.AuthUser, "second factor"},
		{"a word that nobody knows", "oauth", threecx.Config{}, phonetest.PBXFaults{}, 0, 0, threecx.AuthAPIClient, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, tt.cfg)
			sim.AddUser(user, "pw")
			sim.Fail(tt.faults)
			c.Remember(&tt.noted)
			_, _, err := list(t, c)
			is.Equal(err == nil, tt.words == "")
			if err != nil {
				is.True(strings.Contains(err.Error(), tt.words))
			}
			is.Equal(sim.Stats().ClientRefused, tt.asClient)
			is.Equal(sim.Stats().UserRefused, tt.asUser)
			is.Equal(tt.noted, tt.after)
		})
	}
}

func TestTokensAreRenewedInTime(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
		life   time.Duration // after which another token is asked for; 0: never
	}{
		{"by the token itself", phonetest.PBXFaults{TokenLife: 100 * time.Second}, 80 * time.Second},
		{"though minutes stand beside it", phonetest.PBXFaults{TokenLife: time.Hour, Minutes: true}, 48 * time.Minute},
		{"by their clock", phonetest.PBXFaults{TokenLife: 100 * time.Second, ClockSkew: 3 * time.Hour}, 80 * time.Second},
		{"seconds", phonetest.PBXFaults{TokenLife: 50 * time.Second, Opaque: true}, 40 * time.Second},
		{"minutes are taken for seconds", phonetest.PBXFaults{TokenLife: 50 * time.Minute, Opaque: true, Minutes: true}, 40 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var mu sync.Mutex
			at := now.Truncate(time.Second)
			clock := func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return at
			}
			wait := func(d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				at = at.Add(d)
			}
			sim, c := startLive(t, threecx.Config{}, threecx.WithClock(clock))
			sim.SetClock(clock)
			sim.Fail(tt.faults)
			signIns := func() int {
				_, _, err := list(t, c)
				is.NoErr(err)
				return sim.Stats().ClientSignIns
			}
			is.Equal(signIns(), 1)
			wait(tt.life - time.Second)
			is.Equal(signIns(), 1) // four fifths of its life
			wait(time.Second)
			is.Equal(signIns(), 2) // and not until it is refused
		})
	}
}

func TestTokensThatAreOdd(t *testing.T) {
	jwt := func(claims string) string {
		return "eyJh." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	for _, tt := range []struct {
		name, answer string
		kind         phone.Kind
	}{
		{"no end at all", `{"access_token":"a1b2c3d4-0000"}`, ""},
		{"a life in quotes", `{"access_token":"a1b2c3d4-0000","expires_in":"60"}`, ""},
		{"an end that is past", `{"access_token":"` + jwt(`{"exp":1}`) + `"}`, ""},
		{"claims that are none", `{"access_token":"` + jwt(`[`) + `"}`, ""},
		{"claims of another shape", `{"access_token":"` + jwt(`{"exp":"soon"}`) + `"}`, ""},
		{"parts that are none", `{"access_token":"aaaa.%%%%.bbbb"}`, ""},
		{"no token", `{"token_type":"Bearer"}`, phone.Unexpected},
		{"an empty token", `{"access_token":""}`, phone.Unexpected},
		{"a token that breaks a header", `{"access_token":"a1b2c3d4\r\nX: y"}`, phone.Unexpected},
		{"a token without an end", `{"access_token":"` + strings.Repeat("a", 20_000) + `"}`, phone.Unexpected},
		{"a token of another type", `{"access_token":5}`, phone.Unexpected},
		{"text", `OK`, phone.Unexpected},
		{"nothing", ``, phone.Unexpected},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := signing(t, tt.answer).Probe(t.Context())
			is.Equal(phone.KindOf(err), tt.kind)
		})
	}
}

// FuzzSignIn feeds anything as the answer of a sign-in: it gives a token that a
// header can carry, or an error with a kind.
func FuzzSignIn(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"a1b2c3d4-0000","expires_in":60}`, `{"Status":"AuthSuccess","Token":{"access_token":"eyJh.e30.c2ln"}}`,
		`{"error":"invalid_client"}`, `<html>`, `{"access_token":"a.eyJleHAiOjF9.b"}`,
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, answer string, asUser bool) {
		auth := threecx.AuthAPIClient
		if asUser {
			auth = threecx.AuthUser
		}
		_, err := signing(t, answer, auth).Probe(t.Context())
		if err != nil && phone.KindOf(err) == "" {
			t.Errorf("%q gives an error without a kind: %v", answer, err)
		}
		if err != nil && strings.Contains(err.Error(), "a1b2c3d4") {
			t.Errorf("%q is in the error: %v", answer, err)
		}
	})
}

func TestThoseWhoWaitShareARefusal(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{Password: "wrong"})
	var wg sync.WaitGroup
	gate := make(chan struct{})
	kinds := make(chan phone.Kind, 8)
	for i := range cap(kinds) {
		wg.Go(func() {
			<-gate
			_, err := c.Audio(t.Context(), fmt.Sprint(i+1))
			kinds <- phone.KindOf(err)
		})
	}
	close(gate)
	wg.Wait()
	for range cap(kinds) {
		is.Equal(<-kinds, phone.Credentials)
	}
	is.True(sim.Stats().ClientRefused < cap(kinds)) // 3CX shuts out who guesses
}
