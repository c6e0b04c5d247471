package phone_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
)

// A desk signs in: each token is good for a minute, and the next number.
type desk struct {
	signIns int
	err     error
	slow    time.Duration
}

func (d *desk) signIn(ctx context.Context) (phone.Token, error) {
	d.signIns++
	if d.slow > 0 {
		time.Sleep(d.slow)
	}
	return phone.Token{Value: strconv.Itoa(d.signIns), Renew: time.Now().Add(time.Minute)}, d.err
}

func TestSessionKeepsItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		d := &desk{}
		s := phone.NewSession("test: sign in", time.Now, d.signIn)
		var tokens []string
		use := func(token string) error {
			tokens = append(tokens, token)
			return nil
		}
		is.NoErr(s.SignIn(t.Context()))
		is.NoErr(s.Do(t.Context(), "test", use))
		time.Sleep(59 * time.Second)
		is.NoErr(s.Do(t.Context(), "test", use))
		time.Sleep(time.Second)
		is.NoErr(s.Do(t.Context(), "test", use))
		is.Equal(tokens, []string{"1", "1", "2"}) // renewed when it is due, and not before
	})
}

func TestSessionRenewsARefusedToken(t *testing.T) {
	is := is.New(t)
	d := &desk{}
	s := phone.NewSession("test: sign in", time.Now, d.signIn)
	refuse := func(bad ...string) func(string) error {
		return func(token string) error {
			for _, b := range bad {
				if token == b {
					return phone.ErrTokenRefused
				}
			}
			return nil
		}
	}
	is.NoErr(s.Do(t.Context(), "test", refuse("1")))
	is.Equal(d.signIns, 2) // once more
	err := s.Do(t.Context(), "test: ask", refuse("2", "3"))
	is.Equal(phone.KindOf(err), phone.Forbidden) // but no third time
	is.Equal(d.signIns, 3)
	other := errors.New("other")
	is.Equal(s.Do(t.Context(), "test", func(string) error { return other }), other) // other errors are nobody's business
	is.Equal(d.signIns, 3)
}

func TestThoseWhoWaitShareARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		d := &desk{slow: time.Second, err: &phone.Error{Kind: phone.Credentials}}
		s := phone.NewSession("test: sign in", time.Now, d.signIn)
		errs := make(chan error, 5)
		for range 5 {
			go func() { errs <- s.SignIn(t.Context()) }()
		}
		for range 5 {
			is.Equal(phone.KindOf(<-errs), phone.Credentials)
		}
		is.Equal(d.signIns, 1)
		d.err = nil
		is.NoErr(s.SignIn(t.Context())) // who comes later tries anew
		ctx, cancel := context.WithCancel(t.Context())
		d.err = errors.New("slow")
		go func() { errs <- s.Do(ctx, "test", func(string) error { return phone.ErrTokenRefused }) }()
		synctest.Wait()
		cancel()
		is.True(errors.Is(s.Do(ctx, "test", func(string) error { return nil }), context.Canceled)) // who waits may leave
		<-errs
	})
}

// A gate lets the token in that was given last, unless it ended, to all but one
// room.
type gate struct {
	signIns int
	ended   bool
	refusal error // of the room, and of tokens that ended
}

func (g *gate) signIn(context.Context) (phone.Token, error) {
	g.signIns++
	g.ended = false
	return phone.Token{Value: strconv.Itoa(g.signIns)}, nil
}

func (g *gate) ask(op string) func(string) error {
	return func(token string) error {
		if op == closed || g.ended || token != strconv.Itoa(g.signIns) {
			return g.refusal
		}
		return nil
	}
}

const open, closed = "test: open", "test: closed"

func TestARoomThatIsClosedCostsNoSignIns(t *testing.T) {
	unauthorized := phone.ErrTokenRefused
	forbidden := error(&phone.Error{Kind: phone.Forbidden, Status: 403, Err: phone.ErrTokenRefused})
	for _, tt := range []struct {
		name    string
		refusal error
		every   time.Duration
		others  bool // other requests are let in meanwhile
		most    int  // sign-ins for 100 requests
	}{
		{"forbidden, one after the other", forbidden, 100 * time.Millisecond, false, 2},
		{"unauthorized, one after the other", unauthorized, 100 * time.Millisecond, false, 2},
		{"forbidden, while others are let in", forbidden, 30 * time.Second, true, 2},
		{"forbidden, and nothing else is asked", forbidden, 30 * time.Second, false, 2 + 50},
		{"unauthorized", unauthorized, 30 * time.Second, true, 2 + 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				g := &gate{refusal: tt.refusal}
				s := phone.NewSession("test: sign in", time.Now, g.signIn)
				for range 100 {
					is.Equal(phone.KindOf(s.Do(t.Context(), closed, g.ask(closed))), phone.Forbidden)
					if tt.others {
						is.NoErr(s.Do(t.Context(), open, g.ask(open)))
					}
					time.Sleep(tt.every)
				}
				is.True(g.signIns <= tt.most) // refusals are taken for what they are
				g.ended = true
				is.NoErr(s.Do(t.Context(), open, g.ask(open))) // a token that ends is renewed all the same
			})
		})
	}
}

func TestATokenThatEndsIsNoClosedRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		g := &gate{refusal: &phone.Error{Kind: phone.Forbidden, Err: phone.ErrTokenRefused}}
		s := phone.NewSession("test: sign in", time.Now, g.signIn)
		is.Equal(phone.KindOf(s.Do(t.Context(), "both", g.ask(closed))), phone.Forbidden)
		is.NoErr(s.Do(t.Context(), "both", g.ask(open)))
		g.ended = true
		is.Equal(phone.KindOf(s.Do(t.Context(), "both", g.ask(open))), phone.Forbidden) // it served just now
		time.Sleep(time.Minute)
		is.NoErr(s.Do(t.Context(), "both", g.ask(open))) // and is given a try a minute later
		g.ended = true
		is.NoErr(s.Do(t.Context(), "both", g.ask(open))) // that mended it, so it does again
		is.Equal(g.signIns, 4)
	})
}
