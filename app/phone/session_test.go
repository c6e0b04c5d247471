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
