package store_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// TestLinkCodeOverAJump: no setting of the clock lets a code link that was used
// or had run out, nor has one live for longer than a quarter of an hour.
func TestLinkCodeOverAJump(t *testing.T) {
	for _, tt := range []struct {
		name        string
		used        bool
		ahead, back time.Duration // how far the clock goes on, and is then set back
		later       time.Duration // when the code is sent
		ok          bool
	}{
		{"clock stands", false, 0, 0, 14 * time.Minute, true},
		{"set back by seconds", false, time.Minute, 10 * time.Second, 0, true},
		{"forward ends it", false, 24 * time.Hour, 0, 0, false},
		{"back revives none that ran out", false, 20 * time.Minute, 19 * time.Minute, 0, false},
		{"back by a day revives none that ran out", false, 20 * time.Minute, 24 * time.Hour, 24 * time.Hour, false},
		{"of a clock that was ahead", false, 0, 24 * time.Hour, 0, false},
		{"nor when its time comes", false, 0, 24 * time.Hour, 24*time.Hour + time.Minute, false},
		{"used", true, 0, time.Minute, 0, false},
		{"used, and ran out", true, 20 * time.Minute, 19 * time.Minute, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is, ctx := is.New(t), t.Context()
			f := storetest.New(t)
			p := &phone{f: f}
			code, err := f.CreateLinkCode(ctx, f.Business.ID, f.Owner.ID)
			is.NoErr(err)
			if tt.used {
				link, err := f.LinkChat(ctx, p.next(), code.Reveal(), annChat)
				is.NoErr(err)
				is.True(link.OK)
			}
			f.Clock.Advance(tt.ahead)
			was := f.Clock.Now()
			f.Clock.Advance(-tt.back)
			if tt.back > 0 {
				is.NoErr(f.MendClock(ctx, was)) // as who sees it does
			}
			f.Clock.Advance(tt.later)
			link, err := f.LinkChat(ctx, p.next(), code.Reveal(), group)
			is.NoErr(err)
			is.Equal(link.OK, tt.ok) // as the case says
		})
	}
}

// TestLinkCodeBeforeTheJumpIsSeen: a code of a clock that was ahead is none even
// before anybody has mended what that clock wrote.
func TestLinkCodeBeforeTheJumpIsSeen(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	f := storetest.New(t)
	code, err := f.CreateLinkCode(ctx, f.Business.ID, f.Owner.ID)
	is.NoErr(err)
	f.Clock.Advance(-time.Hour)
	link, err := f.LinkChat(ctx, store.Update{Bot: 1, ID: 1}, code.Reveal(), annChat)
	is.NoErr(err)
	is.True(!link.OK)
}

// TestSessionOverAJump: a session of a clock that was a year ahead serves on, is
// noted as used by the right clock, and ends no later than any other.
func TestSessionOverAJump(t *testing.T) {
	for _, tt := range []struct {
		name string
		mend func(*storetest.Fixture, app.Session) error
	}{
		{"used", func(f *storetest.Fixture, x app.Session) error { return f.TouchSession(t.Context(), x) }},
		{"not used", func(f *storetest.Fixture, _ app.Session) error { return f.MendClock(t.Context(), time.Time{}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is, ctx := is.New(t), t.Context()
			f := storetest.New(t)
			f.Clock.Advance(365 * 24 * time.Hour)
			x, token, err := f.CreateSession(ctx, app.Session{UserID: f.Owner.ID, BusinessID: f.Business.ID})
			is.NoErr(err)
			f.Clock.Advance(-365 * 24 * time.Hour)
			is.NoErr(tt.mend(f, x))
			got, _, err := f.SessionByToken(ctx, token.Reveal())
			is.NoErr(err) // nobody is signed out
			is.Equal(got.SeenAt, f.Clock.Now())
			is.Equal(got.ExpiresAt, f.Clock.Now().Add(store.SessionLife))
			f.Clock.Advance(store.SessionLife)
			_, _, err = f.SessionByToken(ctx, token.Reveal())
			is.True(app.IsKind(err, app.NotFound)) // as long as any
		})
	}
}

// TestLoginThrottleOverAJump: a clock that is set back locks nobody out for as
// long as it was ahead, and frees no guesser.
func TestLoginThrottleOverAJump(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	f := storetest.New(t)
	wait := func() time.Duration {
		_, wait, err := f.BeginLogin(ctx, "account:a@example.com")
		is.NoErr(err)
		return max(0, wait)
	}
	for range 5 {
		is.Equal(wait(), time.Duration(0))
	}
	f.Clock.Advance(-24 * time.Hour)
	is.Equal(wait(), 2*time.Second) // the pause is what it was
	f.Clock.Advance(time.Second)
	is.Equal(wait(), time.Second) // and passes
	f.Clock.Advance(time.Second)
	is.Equal(wait(), time.Duration(0))
	is.Equal(wait(), 4*time.Second) // after which the failures still count
}

// TestOneTimeCodeOverAJump: who signed in while the clock was ahead can sign in
// with the codes of the right time.
func TestOneTimeCodeOverAJump(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	f := storetest.New(t)
	url, err := f.BeginTwoStep(ctx, f.Owner.ID)
	is.NoErr(err)
	f.Clock.Advance(365 * 24 * time.Hour)
	_, err = f.ConfirmTwoStep(ctx, f.Owner.ID, code(t, f, url), "")
	is.NoErr(err)
	f.Clock.Advance(-365 * 24 * time.Hour)
	is.NoErr(f.MendClock(ctx, time.Time{}))
	token, err := f.BeginLoginStep(ctx, f.Owner.ID)
	is.NoErr(err)
	is.Equal(f.FinishLoginStep(ctx, token.Reveal(), f.Owner.ID, code(t, f, url)), store.ErrCode) // not at once: it may have been used
	f.Clock.Advance(2 * time.Minute)
	is.NoErr(f.FinishLoginStep(ctx, token.Reveal(), f.Owner.ID, code(t, f, url)))
}
