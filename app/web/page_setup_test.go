package web_test

import (
	"net/http"
	"testing"

	"github.com/matryer/is"

	"crk/app/web"
	"crk/store/storetest"
)

const setupCode = "GH7BFOUEXRLE"

// newSetup is a server on an empty appliance.
func newSetup(t *testing.T) *browser {
	t.Helper()
	s := newPages(t, func(o *web.Options) {
		o.DB = storetest.Open(t)
		o.SetupCode = setupCode
	})
	return s.browser()
}

// owner is a set-up form filled in well, with some fields changed.
func ownerForm(change ...string) []string {
	form := map[string]string{
		"code": "gh7b-foue xrle", "business": " สยามเครื่องเย็น ", "name": "Waraporn", "email": "W@example.com",
		"password": "a whole sentence", "timeZone": "Asia/Bangkok", "language": "en",
	}
	for i := 0; i+1 < len(change); i += 2 {
		form[change[i]] = change[i+1]
	}
	var out []string
	for name, value := range form {
		out = append(out, name, value)
	}
	return out
}

func TestSetup(t *testing.T) {
	is := is.New(t)
	b := newSetup(t)
	is.Equal(b.get(t, "/").header.Get("Location"), "/setup")      // the first visit goes there
	is.Equal(b.get(t, "/login").header.Get("Location"), "/setup") // from the login too
	says(t, b.get(t, "/setup", "Accept-Language", "en"), "One-time code")

	is.Equal(b.post(t, "/setup", ownerForm()...).header.Get("Location"), "/") // it is made, and one is signed in
	page := b.get(t, "/calls")
	says(t, page, "There is no call here yet") // with a word on what to do next
	says(t, page, "Add Phone Integration")
	says(t, b.get(t, "/settings/tokens/new"), "สยามเครื่องเย็น only") // in the new business

	is.Equal(b.get(t, "/setup").status, 404)                  // afterwards it is gone
	is.Equal(b.post(t, "/setup", ownerForm()...).status, 404) // for good
	is.Equal(b.get(t, "/login").header.Get("Location"), "/")  // and the login is there
}

func TestSetupIsChecked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change []string
		want   string
	}{
		{"a wrong code", []string{"code", "AAAABBBBCCCC"}, "This is not the code in the program's log"},
		{"no code", []string{"code", ""}, "This is not the code in the program's log"},
		{"no business", []string{"business", " "}, "Give a name of 1 to 100 characters"},
		{"no address", []string{"email", "waraporn"}, "Give an address such as name@example.com"},
		{"a short password", []string{"password", "short"}, "At least 10 characters"},
		{"no such zone", []string{"timeZone", "Asia/Atlantis"}, "Choose a time zone"},
		{"this machine's zone", []string{"timeZone", "Local"}, "Choose a time zone"},
		{"no such language", []string{"language", "xx"}, "Choose a language"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			b := newSetup(t)
			b.post(t, "/language", "language", "en")
			a := b.post(t, "/setup", ownerForm(tt.change...)...)
			is.Equal(a.status, http.StatusUnprocessableEntity)
			says(t, a, tt.want)                             // which field, and its rule
			is.Equal(b.get(t, "/setup").status, 200)        // nothing was made
			is.Equal(b.cookies["crk_session"] == nil, true) // nobody is signed in
		})
	}
}

func TestSetupCodeCannotBeGuessed(t *testing.T) {
	is := is.New(t)
	b := newSetup(t)
	for range 5 {
		b.post(t, "/setup", ownerForm("code", "AAAABBBBCCCC")...)
	}
	is.Equal(b.post(t, "/setup", ownerForm()...).status, 429) // even the right one must wait now
}

func TestNoSetupWithoutACode(t *testing.T) {
	is := is.New(t)
	s := newPages(t, func(o *web.Options) { o.DB = storetest.Open(t) })
	is.Equal(s.browser().get(t, "/setup").status, 404)                            // no code, no set-up
	is.Equal(s.browser().post(t, "/setup", ownerForm("code", "")...).status, 404) // with none typed either
}
