package e2e_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
	"github.com/matryer/is"
)

// hearOne connects the phone system and waits until its one call is complete.
func (w *world) hearOne(c *client) {
	w.t.Helper()
	w.recordCall(1, lateDelivery(), 5*time.Minute)
	w.connectPhones(c)
	c.until("the call is complete", "/recordings?processingStatus=completed", func(a answer) bool { return len(a.items()) == 1 })
}

const (
	now     = "document.querySelector('audio').currentTime"
	playing = "!document.querySelector('audio').paused"
)

func testHearingACall(t *testing.T, b *browser) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	w.hearOne(p.client(w.key("manage_all")))
	v := b.user(t, p)
	v.open(200, "/calls")
	v.followAt(200, "a.cust")
	v.sees("081-234-5678")
	v.until("nothing of the sound is asked for before it is heard", "document.querySelector('audio').readyState === 0")
	v.pressAt("#play")
	v.until("the sound is there", "document.querySelector('audio').duration === 15")
	v.until("the sound goes on", now+" > 0.2 && document.querySelector('#play').ariaPressed === 'true'")
	v.until("and the clock with it", "document.querySelector('#head').getAttribute('x1') !== '0%'")
	v.pressAt("h1") // so that no button has the keyboard
	v.key(" ")
	v.until("the space bar stops it", "!("+playing+")")
	v.key(" ")
	v.until("and lets it go on", playing)

	v.eval("document.querySelector('audio').addEventListener('seeked', (e) => { window.sought = e.target.currentTime; }, { once: true })", nil)
	v.pressAt(".turn:nth-of-type(4) a.time")
	v.until("a press on a turn goes there", "window.sought >= 6 && window.sought < 7")
	v.until("and marks it", "document.querySelector('.turn.now').dataset.at === '6'")
	v.key("k")
	v.until("K stops it", "!("+playing+")")
	v.until("the sound rests", "!document.querySelector('audio').seeking")
	var at float64
	v.eval(now, &at)
	v.key("l")
	v.until("L goes on five seconds", "Math.abs("+now+" - "+number(at+5)+") < 0.01")
	v.key("j")
	v.until("J goes back five seconds", "Math.abs("+now+" - "+number(at)+") < 0.01")
	v.pressAt(".turn:first-of-type a.time")
	v.until("a press on a turn lets it go on", playing)
	v.key("k")
	for n := range 2 {
		v.key("n")
		v.until("N goes to the next highlight", now+" === Number(document.querySelectorAll('[data-pin]')["+number(float64(n))+"].dataset.pin)")
	}

	v.key("/")
	v.until("/ goes to the search", "document.activeElement.id === 'find'")
	v.fill("q", "IS")
	said := 0
	for _, line := range lateDelivery().Lines {
		said += strings.Count(strings.ToLower(line.Text), "is")
	}
	v.until("each place is marked", "[...document.querySelectorAll('.turn mark')].filter(el => el.textContent.toLowerCase() === 'is').length === "+number(float64(said)))
	is.Equal(v.text("#hits"), strconv.Itoa(said))
	v.key(kb.Enter)
	v.until("Enter goes through them, on the same page", "document.querySelectorAll('.turn mark').length > 2 && !location.search")

	v.review()
	c := p.client(w.key("view_recording_all"))
	got := c.call(200, "GET", "/recordings", nil).items()[0]
	is.Equal(got["score"], 88.0) // the API says the same
}

// review reviews the call of the page.
func (v *tab) review() {
	v.t.Helper()
	v.fill("score", "88")
	v.fill("note", "Better than the AI thinks")
	v.follow(200, "Save review")
	v.sees("The review is saved")
	v.sees("Reviewed by owner")
	v.sees("Scored by owner")
	if score := v.text(".dial b"); score != "88" {
		v.t.Errorf("the page shows the score %q", score)
	}
}

func testWithoutScripts(t *testing.T, b *browser) {
	is := is.New(t)
	w := newWorld(t)
	p := w.start()
	w.hearOne(p.client(w.key("manage_all")))
	v := b.visitor(t, p)
	v.run("disable scripts", emulation.SetScriptExecutionDisabled(true))
	v.open(200, "/login")
	v.signIn()
	v.follow(200, "English")
	is.Equal(v.text("html@class"), "") // no script has run
	v.follow(200, "Calls")
	is.Equal(v.path(), "/calls")
	v.fill("q", "warehouse")
	v.follow(200, "Filter")
	is.Equal(v.text(".calls mark"), "warehouse") // the search finds what was said
	v.followAt(200, "a.cust")
	is.Equal(v.text(".turn mark"), "warehouse")
	v.until("there are the browser's own controls", "document.querySelector('audio[controls]').checkVisibility()")
	v.until("and none that do nothing", "!document.querySelector('#transport').checkVisibility()")
	v.review()
}
