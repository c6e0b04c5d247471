package e2e_test

import (
	"testing"
	"time"

	"github.com/matryer/is"
)

// inView claims that all of what a selector finds first is on the screen, and
// that nothing lies over it.
func inView(selector string) string {
	return `(el => {
		if (!el) return false;
		const box = el.getBoundingClientRect();
		const at = (y) => el.contains(document.elementFromPoint(box.x + 5, y));
		return box.top >= 0 && box.bottom <= innerHeight && at(box.top + 2) && at(box.bottom - 2);
	})(document.querySelector(` + quote(selector) + `))`
}

// testConnectionTests presses Test connection wherever there is one.
func testConnectionTests(t *testing.T, b *browser) {
	is := is.New(t)
	w := newWorld(t)
	w.recordCall(1, lateDelivery(), 5*time.Minute)
	p := w.start()
	id := w.connectPhones(p.client(w.key("manage_all")))
	v := b.user(t, p)
	const refresh = "document.body.dispatchEvent(new CustomEvent('crk:refresh'))"

	for _, path := range []string{"/settings/providers", "/settings/providers/" + id + "/sync"} {
		v.open(200, path)
		v.press("Test connection")
		v.sees("1 recent call seen")
		v.until("the result has the focus", "document.activeElement.matches('[data-result]')")
		v.until("it is in view", inView("[data-result]"))
		is.Equal(v.path(), path) // the address stays, so that a language can be chosen
		v.eval(`window.renewed = 0; document.body.addEventListener("htmx:afterSettle", () => window.renewed++)`, nil)
		v.eval(refresh, nil)
		v.until("the page renews itself", "window.renewed > 0")
		v.sees("1 recent call seen") // and the result is still there
	}

	v.open(200, "/settings/providers/"+id)
	is.Equal(v.text("dialog :focus@name"), "name") // the first field has the focus
	v.fill("baseUrl", "http://169.254.169.254")
	v.fill("password", "something else")
	v.press("Test connection")
	v.sees("open it with CRK_ALLOW_NETWORKS")
	v.until("the field that is wrong has the focus", "document.activeElement.name === 'baseUrl'")
	v.until("the password is still typed", "document.querySelector('[name=password]').value === 'something else'")
	v.fill("baseUrl", w.phonesURL)
	v.until("what is changed is no longer wrong", "!document.querySelector('.err, [aria-invalid], [data-result]')")
	v.press("Test connection")
	v.sees("The phone system refuses this user name or password")
	v.until("the result has the focus", "document.activeElement.matches('[data-result]')")
	v.until("and is in view", inView("dialog [data-result]"))
	v.fill("password", "s3cret-of-the-pbx")
	v.until("the result of another password is gone", "!document.querySelector('[data-result]')")
	v.press("Test connection")
	v.sees("1 recent call seen")

	v.eval("window.asked = 0; window.confirm = () => { window.asked++; return window.asked > 1 }", nil)
	v.press("Cancel")
	v.until("what was typed is asked for", "window.asked === 1 && document.querySelector('dialog[open]')")
	v.follow(200, "Cancel")
	is.Equal(v.path(), "/settings/providers")
	v.until("what opened the drawer has the focus", "document.activeElement.getAttribute('href') === "+quote("/settings/providers/"+id))
}
