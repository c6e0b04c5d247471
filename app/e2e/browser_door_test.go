package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"
)

var codeLine = regexp.MustCompile(`one-time code.* code=(\S+)`)

// untouched is a world whose appliance nobody has set up, its process, and the
// code that it logs.
func untouched(t *testing.T) (*world, *process, string) {
	t.Helper()
	w := newWorld(t)
	for _, name := range []string{"CRK_ADMIN_EMAIL", "CRK_ADMIN_PASSWORD", "CRK_BUSINESS_NAME"} {
		delete(w.env, name)
	}
	p := w.start()
	return w, p, codeLine.FindStringSubmatch(p.log.wait(t, codeLine))[1]
}

// setUp fills the form of the set-up page but the code and sends it off.
func (v *tab) setUp(status int64, code string) {
	v.t.Helper()
	v.fill("code", code)
	v.fill("business", "Acme Co")
	v.fill("name", "Ann")
	v.fill("email", email)
	v.fill("password", password)
	v.choose("language", "en")
	v.followAt(status, "form[action='/setup'] [type=submit]")
}

func testFirstVisit(t *testing.T, b *browser) {
	is := is.New(t)
	_, p, code := untouched(t)
	v := b.visitor(t, p)
	v.open(200, "/")
	is.Equal(v.path(), "/setup") // wherever one begins
	v.setUp(422, "ABCD-EFGH-IJKL")
	v.sees("This is not the code in the program's log")
	is.Equal(v.text("input[name=email]@value"), email) // what was typed is still there
	v.setUp(200, strings.ToLower(code))
	is.Equal(v.path(), "/") // signed in
	v.sees("Acme Co")
	v.sees("First steps")
	v.open(200, "/calls")
	v.sees("There is no call here yet")
	b.visitor(t, p).open(404, "/setup") // gone for everybody

	v.follow(200, "Log out")
	v.open(200, "/settings/tokens")
	is.Equal(v.path(), "/login?next=%2Fsettings%2Ftokens") // the way in
	v.fill("email", email)
	v.fill("password", "wrong horse battery")
	v.follow(401, "Log in")
	v.sees("The e-mail address or the password is wrong")
	v.signIn()
	is.Equal(v.path(), "/settings/tokens") // and on to where it was going
}

func testTokens(t *testing.T, b *browser) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	v := b.user(t, p)
	v.open(200, "/settings/tokens")
	v.follow(200, "Create API Token")
	v.fill("name", "CRM")
	v.pressAt("input[value=view_recording_all]")
	v.follow(200, "Create")
	c := p.client(v.text("#fresh-key"))
	c.call(200, "GET", "/recordings", nil)
	c.call(403, "POST", "/providers", map[string]any{}) // no more rights than were ticked
	is.True(strings.Contains(v.text("#fresh-curl"), c.key))

	v.open(200, "/settings/tokens")
	var page string
	v.eval("document.documentElement.outerHTML", &page)
	is.True(!strings.Contains(page, c.key)) // it was shown once
	is.True(strings.Contains(page, "CRM"))

	v.press("Revoke")
	v.sees("shut out at once")
	c.call(200, "GET", "/recordings", nil) // it asks first
	v.follow(200, "Revoke for good")
	c.call(401, "GET", "/recordings", nil)
	v.sees("Revoked")
}
