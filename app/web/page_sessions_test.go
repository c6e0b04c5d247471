package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

func TestLogin(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.browser()
	says(t, b.get(t, "/login", "Accept-Language", "en"), "Log in")
	a := b.post(t, "/login", "email", " Owner@Example.com ", "password", storetest.Password, "next", "/calls?tag=short")
	is.Equal(a.status, http.StatusSeeOther)
	is.Equal(a.header.Get("Location"), "/calls?tag=short") // on to where one wanted to go
	c := b.cookies["crk_session"]
	is.True(c.HttpOnly && c.SameSite == http.SameSiteLaxMode) // no script reads the cookie, no other site sends it
	is.Equal(b.get(t, "/login").header.Get("Location"), "/")  // who is signed in needs no login
	is.Equal(b.get(t, "/").status, 200)                       // the first page is the overview

	b.post(t, "/logout")
	is.Equal(len(b.cookies), 0) // the cookie is gone
	stolen := s.browser()
	stolen.cookies[c.Name] = c
	is.Equal(stolen.get(t, "/calls").status, http.StatusSeeOther) // and serves nobody who kept it
}

func TestLoginGoesNowhereElse(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	for _, next := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "calls", ""} {
		a := s.browser().post(t, "/login", "email", "owner@example.com", "password", storetest.Password, "next", next)
		is.Equal(a.header.Get("Location"), "/") // only ever to a path of our own
	}
}

func TestWrongLogin(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.browser()
	b.post(t, "/language", "language", "en")
	var last answer
	for range 5 {
		last = b.post(t, "/login", "email", "owner@example.com", "password", "wrong")
		is.Equal(last.status, 401) // refused
		says(t, last, "The e-mail address or the password is wrong")
	}
	is.True(!strings.Contains(last.body, "wrong\"")) // the password is not given back
	is.True(strings.Contains(last.body, "owner@example.com"))
	last = b.post(t, "/login", "email", "owner@example.com", "password", storetest.Password)
	is.Equal(last.status, 429) // too often: even the right one must wait
	says(t, last, "Too many attempts")
	s.Clock.Advance(time.Hour)
	is.Equal(b.post(t, "/login", "email", "owner@example.com", "password", storetest.Password).status, http.StatusSeeOther) // not for ever
	unknown := s.browser().post(t, "/login", "email", "nobody@example.com", "password", "x")
	is.Equal(unknown.status, 401) // an unknown address answers the same
}

func TestNobodysBusiness(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	_, err := s.CreateUser(t.Context(), app.User{Email: "alone@example.com", Language: "en"}, storetest.Password)
	is.NoErr(err)
	a := s.browser().post(t, "/login", "email", "alone@example.com", "password", storetest.Password)
	is.Equal(a.status, 403) // there is nothing to show
}

func TestLanguageAndTheme(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.browser()
	is.True(strings.Contains(b.get(t, "/login").body, `<html lang="th"`))                                     // Thai first
	is.True(strings.Contains(b.get(t, "/login", "Accept-Language", "en-GB,en").body, `<html lang="en"`))      // the browser's wish
	is.True(strings.Contains(b.follow(t, "/language", "language", "en", "back", "/login").body, `lang="en"`)) // the person's wins
	is.True(strings.Contains(b.follow(t, "/theme", "theme", "dark", "back", "/login").body, `data-theme="dark"`))
	is.True(!strings.Contains(b.follow(t, "/theme", "theme", "system", "back", "/login").body, `data-theme`))   // back to the system's
	is.Equal(b.post(t, "/theme", "theme", "light", "back", "https://evil.example").header.Get("Location"), "/") // nowhere else

	b = s.enter(t, "owner@example.com")
	b.post(t, "/language", "language", "th", "back", "/calls")
	u, err := s.Store.User(t.Context(), s.Owner.ID)
	is.NoErr(err)
	is.Equal(u.Language, "th")                                                                          // kept with the user
	is.True(strings.Contains(s.enter(t, "owner@example.com").get(t, "/calls").body, `<html lang="th"`)) // on every device
}

func TestDevices(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	phone, desk := s.enter(t, "owner@example.com"), s.enter(t, "owner@example.com")
	page := desk.get(t, "/settings/profile")
	says(t, page, "This one")
	sessions, err := s.Sessions(t.Context(), s.Owner.ID)
	is.NoErr(err)
	is.Equal(len(sessions), 2)
	for _, x := range sessions {
		if !strings.Contains(page.body, "/settings/sessions/"+x.ID+"/revoke") {
			continue // one's own
		}
		says(t, desk.follow(t, "/settings/sessions/"+x.ID+"/revoke"), "Logged out there")
	}
	is.Equal(phone.get(t, "/calls").status, http.StatusSeeOther) // the other device is out
	is.Equal(desk.get(t, "/calls").status, 200)                  // this one is not

	third := s.enter(t, "owner@example.com")
	desk.follow(t, "/settings/sessions/revoke-others")
	is.Equal(third.get(t, "/calls").status, http.StatusSeeOther) // all others are out

	s.User(t, "viewer@example.com", app.Viewer)
	viewer := s.enter(t, "viewer@example.com")
	mine, err := s.Sessions(t.Context(), s.Owner.ID)
	is.NoErr(err)
	viewer.follow(t, "/settings/sessions/"+mine[0].ID+"/revoke")
	is.Equal(desk.get(t, "/calls").status, 200) // nobody logs out somebody else
}

func TestChangePassword(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b, other := s.enter(t, "owner@example.com"), s.enter(t, "owner@example.com")
	a := b.post(t, "/settings/password", "current", "wrong", "password", "a new sentence")
	is.Equal(a.status, 422)
	says(t, a, "This is not your current password")
	a = b.post(t, "/settings/password", "current", storetest.Password, "password", "short")
	says(t, a, "At least 10 characters")
	says(t, b.follow(t, "/settings/password", "current", storetest.Password, "password", "a new sentence"), "The password is changed")
	is.Equal(other.get(t, "/calls").status, http.StatusSeeOther) // other devices are out
	is.Equal(b.get(t, "/calls").status, 200)                     // this one is not
	is.Equal(s.browser().post(t, "/login", "email", "owner@example.com", "password", "a new sentence").status, http.StatusSeeOther)
	is.Equal(s.browser().post(t, "/login", "email", "owner@example.com", "password", storetest.Password).status, 401) // the old one is no more
}

func TestProfile(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	says(t, b.follow(t, "/settings/profile", "name", " Waraporn ", "language", "en"), "Saved")
	u, err := s.Store.User(t.Context(), s.Owner.ID)
	is.NoErr(err)
	is.Equal(u.Name, "Waraporn") // without blanks
	a := b.post(t, "/settings/profile", "name", strings.Repeat("x", 101), "language", "en")
	is.Equal(a.status, 422)
	says(t, a, "100 characters at most")
}

func TestFlashIsSaidOnceAndOnlyOurs(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	says(t, b.follow(t, "/settings/profile", "name", "A", "language", "en"), "Saved")
	is.True(!strings.Contains(words(b.get(t, "/settings/profile").body), "Saved")) // said once
	req := httptest.NewRequest(http.MethodGet, "/calls", nil)
	req.AddCookie(&http.Cookie{Name: "crk_flash", Value: "You-won"})
	is.True(!strings.Contains(b.do(t, req).body, "You-won")) // nobody puts words into our mouth
}

func TestSwitchBusiness(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	second, err := s.CreateBusiness(t.Context(), app.Business{Name: "Bang Na", Language: "en"}, s.Owner.ID)
	is.NoErr(err)
	others, _ := s.OtherBusiness(t)
	b := s.enter(t, "owner@example.com")
	is.True(strings.Contains(b.get(t, "/calls").body, string(second.ID))) // it is offered
	b.follow(t, "/business", "business", string(second.ID))
	says(t, b.get(t, "/settings/tokens/new"), "Bang Na only")                   // now it is shown
	is.Equal(b.post(t, "/business", "business", string(others.ID)).status, 404) // another's is not theirs
}

func TestTheCookieLivesAsLongAsTheSession(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	first := b.cookies["crk_session"].Expires
	s.Clock.Advance(3 * 24 * time.Hour)
	b.get(t, "/calls")
	is.True(b.cookies["crk_session"].Expires.After(first.Add(2 * 24 * time.Hour))) // using it extends it
}
