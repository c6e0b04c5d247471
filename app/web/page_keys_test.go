package web_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

var keyInPage = regexp.MustCompile(`crk_[0-9A-Za-z]{49}`)

func TestTokensPage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, "/settings/tokens"), "No API token yet")
	says(t, b.get(t, "/settings/tokens/new"), "See all calls") // scopes in plain words

	page := b.post(t, "/settings/tokens", "name", "CRM", "account", "false", "scopes", "view_recording_all", "scopes", "view_usage", "expires", "90")
	is.Equal(page.status, 200)
	says(t, page, "shown this once")
	key := keyInPage.FindString(page.body)
	a := s.call(t, "GET", "/api/v1/meta/whoami", key, nil)
	is.Equal(a.status, 200) // it serves
	is.Equal(a.json(t)["scopes"], []any{"view_recording_all", "view_usage"})
	says(t, page, `curl -H "Authorization: Bearer `+key) // with a line to try it

	page = b.get(t, "/settings/tokens")
	is.True(!strings.Contains(page.body, key)) // never again
	for _, want := range []string{"CRM", "crk_…" + key[len(key)-4:], "Acme Co", "made by Owner", "last used 14:00", "Until 14 Feb 2027"} {
		says(t, page, want)
	}
	keys, err := s.Keys(t.Context(), s.Business.ID, s.Owner.ID)
	is.NoErr(err)
	says(t, b.follow(t, "/settings/tokens/"+keys[0].ID+"/revoke"), "The API token is revoked")
	is.Equal(s.call(t, "GET", "/api/v1/meta/whoami", key, nil).status, 401) // at once
	says(t, b.get(t, "/settings/tokens"), "Revoked")
}

func TestAccountToken(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	page := b.post(t, "/settings/tokens", "name", "All", "account", "true", "scopes", "manage_all", "expires", "0")
	a := s.call(t, "GET", "/api/v1/meta/whoami", keyInPage.FindString(page.body), nil)
	is.Equal(a.json(t)["level"], "account")
	says(t, page, "All of the owner's businesses")
	is.True(!strings.Contains(s.Text(t, `SELECT coalesce(max(expires_at), '') FROM api_keys`), "1")) // it never expires
}

func TestTokenIsChecked(t *testing.T) {
	s := newPages(t)
	s.User(t, "viewer@example.com", app.Viewer)
	for _, tt := range []struct {
		name   string
		who    string
		fields []string
		want   string
	}{
		{"no name", "owner", []string{"name", " ", "scopes", "view_usage", "expires", "0"}, "Give a name of 1 to 80 characters"},
		{"no scope", "owner", []string{"name", "x", "expires", "0"}, "Choose at least one right"},
		{"no such scope", "owner", []string{"name", "x", "scopes", "fly", "expires", "0"}, "Choose at least one right"},
		{"no such lifetime", "owner", []string{"name", "x", "scopes", "view_usage", "expires", "-1"}, "Choose when it expires"},
		{"more than one has", "viewer", []string{"name", "x", "scopes", "manage_all", "expires", "0"}, "none that you do not have"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.enter(t, tt.who+"@example.com").post(t, "/settings/tokens", tt.fields...)
			is.Equal(a.status, 422)
			says(t, a, tt.want)
			is.Equal(keyInPage.FindString(a.body), "") // no key is made
		})
	}
}

func TestTokensOfOthers(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.User(t, "viewer@example.com", app.Viewer)
	s.OtherBusiness(t)
	key := s.Key(t)
	keys, err := s.Keys(t.Context(), s.Business.ID, s.Owner.ID)
	is.NoErr(err)
	for _, who := range []string{"viewer", "other"} {
		b := s.enter(t, who+"@example.com")
		is.True(!strings.Contains(words(b.get(t, "/settings/tokens").body), "crk_…"+keys[0].Hint)) // not shown
		is.Equal(b.post(t, "/settings/tokens/"+keys[0].ID+"/revoke").status, 404)                  // not revoked
	}
	is.Equal(s.call(t, "GET", "/api/v1/meta/whoami", key, nil).status, 200) // it still serves

	viewer := s.enter(t, "viewer@example.com")
	page := viewer.post(t, "/settings/tokens", "name", "mine", "scopes", "view_usage", "expires", "30")
	is.True(keyInPage.MatchString(page.body)) // everybody makes keys of what they have
	s.Clock.Advance(31 * 24 * time.Hour)
	says(t, s.enter(t, "owner@example.com").get(t, "/settings/tokens"), "Expired") // an owner sees all
}
