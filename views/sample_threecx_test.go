package views_test

import (
	"net/url"
	"testing"

	"crk/app"
	"crk/views"
)

// threeCXPage is the drawer of a 3CX, with a way to sign in that there is not.
func threeCXPage(t testing.TB) views.ProvidersPage {
	t.Helper()
	p := providersPage(t)
	p.Form = &views.ProviderForm{ID: "p2", Kind: app.SourceThreeCX, Form: views.Form{
		Values: url.Values{"name": {"3CX"}, "auth": {"api_client"}, "importInternal": {"true"}},
		Errors: map[string]string{"auth": "เลือกวิธีเข้าสู่ระบบ"},
	}}
	return p
}
