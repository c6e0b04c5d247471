package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// everyPage is every page that can be asked for without an id.
var everyPage = []string{
	"/calls", "/calls?q=x&tag=none&sort=score&dir=asc&page=1", "/calls/upload", "/notifications", "/notifications?only=unread",
	"/notifications/deliveries", "/automations", "/automations/new", "/settings/providers", "/settings/providers/new", "/settings/providers/ai", "/settings/providers/ai/transcription", "/settings/providers/ai/analysis", "/settings/analysis", "/usage/prices", "/settings/tokens",
	"/settings/tokens/new", "/settings/destinations", "/settings/profile", "/settings/webhooks", "/settings/webhooks/new",
	"/usage", "/usage/budget", "/settings/system", "/settings/audit", "/settings/audit?who=system&what=key&from=2026-11-01&to=2026-11-30",
	"/calls",
	"/calls?q=x&tag=none&sort=score&dir=asc&page=1",
	"/calls/upload",
	"/notifications",
	"/notifications?only=unread",
	"/notifications/deliveries",
	"/automations",
	"/automations/new",
	"/settings/providers",
	"/settings/providers/new",
	"/settings/providers/ai",
	"/settings/providers/ai/transcription",
	"/settings/providers/ai/analysis",
	"/settings/tokens",
	"/settings/tokens/new",
	"/settings/destinations",
	"/settings/profile",
	"/settings/webhooks",
	"/settings/webhooks/new",
	"/usage",
	"/usage/budget",
	"/settings/system",
	"/settings/audit",
	"/settings/audit?who=system&what=key&from=2026-11-01&to=2026-11-30",
	"/settings/people",
	"/settings/people/invite",
	"/settings/business",
}

func TestPagesNeedALogin(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	for _, path := range append(everyPage, "/calls/1", "/calls/1/audio", "/calls/export.csv", "/automations/1", "/settings/providers/1", "/") {
		a := s.browser().get(t, path)
		is.Equal(a.status, http.StatusSeeOther) // sent to the login
		want := "/login?next=" + url.QueryEscape(path)
		if path == "/" {
			want = "/login"
		}
		is.Equal(a.header.Get("Location"), want) // and back from it
	}
	a := s.browser().get(t, "/calls", "HX-Request", "true")
	is.Equal(a.header.Get("HX-Redirect"), "/login") // a script is told, not given a login in the middle of a page
}

func TestPagesInBothLanguages(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	s.Call(t, s.Business.ID)
	for _, lang := range []string{"th", "en"} {
		b.post(t, "/language", "language", lang, "back", "/calls")
		for _, path := range everyPage {
			a := b.get(t, path)
			is.Equal(a.status, 200)                                                                                                // the page is there
			is.True(strings.Contains(a.body, `<html lang="`+lang+`"`))                                                             // in the language
			is.True(strings.Contains(a.header.Get("Content-Security-Policy"), "script-src 'self'; style-src 'self'"))              // under the policy
			is.Equal(a.header.Get("Cache-Control"), "no-store")                                                                    // kept by nobody
			is.True(!strings.Contains(a.header.Get("Content-Security-Policy"), "unsafe"))                                          // a strict one
			is.True(!regexp.MustCompile(`>\s*(calls|flash|invalid|problem|rule|token|provider)\.[a-z.]+\s*<`).MatchString(a.body)) // no key without a word
		}
	}
}

// TestWhatRolesMayDo: pages check the same scopes as the API.
func TestWhatRolesMayDo(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.User(t, "viewer@example.com", app.Viewer)
	s.User(t, "agent@example.com", app.Agent)
	s.User(t, "supervisor@example.com", app.Supervisor)
	id := s.Call(t, s.Business.ID)
	for _, tt := range []struct {
		who     string
		allowed []string
		refused []string
	}{
		{"viewer", []string{"/calls", "/calls/" + id, "/notifications", "/automations", "/settings/tokens"},
			[]string{"/calls/upload", "/automations/new", "/settings/providers", "/settings/providers/new", "/settings/providers/ai", "/settings/providers/ai/transcription", "/settings/providers/ai/analysis", "/settings/analysis", "/settings/webhooks", "/settings/audit", "/settings/audit/export.csv"}},
		{"agent", []string{"/calls", "/notifications", "/settings/profile"}, []string{"/calls/upload", "/settings/providers"}},
		{"supervisor", []string{"/calls/" + id}, []string{"/calls/upload", "/settings/providers"}},
	} {
		b := s.enter(t, tt.who+"@example.com")
		for _, path := range tt.allowed {
			is.Equal(b.get(t, path).status, 200) // may be seen
		}
		for _, path := range tt.refused {
			is.Equal(b.get(t, path).status, 403) // may not
		}
	}
	viewer, agent := s.enter(t, "viewer@example.com"), s.enter(t, "agent@example.com")
	is.Equal(agent.get(t, "/calls/"+id).status, 404) // an agent does not see others' calls
	for _, path := range []string{"/calls/" + id + "/review", "/calls/" + id, "/calls/" + id + "/delete", "/calls/" + id + "/reextract",
		"/calls/upload", "/automations", "/settings/providers", "/settings/destinations/telegram"} {
		is.Equal(viewer.post(t, path, "score", "1").status, 403) // a viewer changes nothing
	}
	page := words(viewer.get(t, "/calls/"+id).body)
	is.True(!strings.Contains(page, "Review this call") && !strings.Contains(page, "Delete call")) // nor is it offered
}

// TestPagesKeepBusinessesApart: another business's things are not found.
func TestPagesKeepBusinessesApart(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.OtherBusiness(t)
	id, chat := s.Call(t, s.Business.ID), s.Chat(t, s.Business.ID)
	other := s.enter(t, "other@example.com")
	for _, path := range []string{"/calls/" + id, "/calls/" + id + "/audio", "/calls/" + id + "/transcript"} {
		is.Equal(other.get(t, path).status, 404) // not there for them
	}
	for _, path := range []string{"/calls/" + id, "/calls/" + id + "/review", "/calls/" + id + "/delete", "/calls/" + id + "/reextract",
		"/settings/destinations/telegram/" + chat + "/active", "/settings/destinations/telegram/" + chat + "/delete"} {
		is.Equal(other.post(t, path, "score", "50", "direction", "in").status, 404) // nor can they be changed
	}
	is.True(!strings.Contains(other.get(t, "/calls").body, id)) // nor listed
	is.Equal(s.enter(t, "owner@example.com").get(t, "/calls/"+id).status, 200)
}
