package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"
)

func testPhoneIntegration(t *testing.T, b *browser) {
	is := is.New(t)
	w := newWorld(t)
	w.recordCall(1, lateDelivery(), 5*time.Minute)
	p := w.start()
	p.client(w.key("manage_notifications")).call(201, "POST", "/notifications/automations", map[string]any{
		"name": "Every call", "conditions": []any{}, "message": "{{summary}}", "inApp": true,
	})
	v := b.user(t, p)
	calls := v.another()
	calls.open(200, "/calls")
	calls.sees("There is no call here yet")
	calls.eval("window.never = 'reloaded'", nil)

	v.follow(200, "Settings")
	is.Equal(v.path(), "/settings/providers")
	v.sees("Phone Integrations")
	v.follow(200, "Add Phone Integration")
	v.pressAt("label.kind")
	v.fill("name", "Head office")
	v.fill("baseUrl", w.phonesURL)
	v.fill("username", "apiuser")
	v.fill("password", "a guess")
	v.press("Test connection")
	v.sees("The phone system refuses this user name or password")
	v.fill("password", "s3cret-of-the-pbx") // the form was not sent away with what was typed
	v.press("Test connection")
	for _, step := range []string{"Server reached", "Login accepted", "1 recent call seen"} {
		v.sees(step)
	}
	v.follow(200, "Save")
	v.sees("Head office")
	v.follow(200, "Set as default")
	is.Equal(v.text(".unit .tag"), "Default")

	calls.until("the call is in the list", "document.querySelectorAll('a.cust').length === 1")
	calls.until("and shows how it went", "document.querySelector('.ring')?.textContent.trim() === '56'")
	calls.until("a toast tells of it", "document.querySelector('.toast')?.textContent.includes('พัสดุ')")
	calls.until("all on the same page", "window.never === 'reloaded'")
}

// badge is the number of unread notifications beside the menu.
func badge(n int) string {
	if n == 0 {
		return "document.querySelector('.nav [data-unread]').hidden"
	}
	return fmt.Sprintf("(b => !b.hidden && b.textContent === '%d')(document.querySelector('.nav [data-unread]'))", n)
}

func testLiveNotifications(t *testing.T, b *browser) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	c := p.client(w.key("manage_all"))
	feed := b.user(t, p)
	feed.open(200, "/notifications")
	calls := feed.another()
	calls.open(200, "/calls")

	const nasty = `<img src="/x" onerror="alert(1)"><b>Sale</b>`
	c.call(200, "POST", "/notifications/send", map[string]any{"channel": "in_app", "title": nasty, "body": "<i>now</i>", "severity": "critical"})
	for _, v := range []*tab{feed, calls} {
		v.until("the toast shows the words as they are", "document.querySelector('.toast b')?.textContent === "+quote(nasty))
		is.Equal(v.text(".toast p"), "<i>now</i>")
		is.Equal(v.text(".toast img@src")+v.text(".toast i"), "") // none of it has become a part of the page
		v.until("the badge counts it", badge(1))
	}
	feed.until("the feed has it", "document.querySelector('#feed .unread h3')?.textContent.includes("+quote(nasty)+")")
	c.call(200, "POST", "/notifications/send", map[string]any{"channel": "in_app", "title": "Second", "body": "", "severity": "critical"})
	for _, v := range []*tab{feed, calls} {
		v.until("the badge counts on", badge(2))
	}
	calls.open(200, "/notifications")
	calls.press("Mark read")
	calls.until("one is read", "document.querySelectorAll('#feed .unread').length === 1")
	feed.until("the badge counts down in the other tab", badge(1))
	calls.follow(200, "Mark all read")
	feed.until("and to nothing", badge(0))

	phone := b.user(t, p)
	phone.open(200, "/settings/profile")
	phone.followAt(200, "form[action$='/revoke'] button") // of the other device
	for _, v := range []*tab{feed, calls} {
		v.until("who is logged out is at the login", "location.pathname === '/login'")
	}
	phone.open(200, "/notifications") // and nobody else is
	is.Equal(phone.path(), "/notifications")
}
