package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/matryer/is"
)

// cards is how many cards lie on the canvas, and wires how many connections.
func cards(n, wires int) string {
	return fmt.Sprintf("document.querySelectorAll('.node').length === %d && document.querySelectorAll('.reach').length === %d", n, wires)
}

// testFlow makes a rule in the form, draws what happens otherwise into its flow,
// and sees that fire.
func testFlow(t *testing.T, b *browser) {
	is := is.New(t)
	w := newWorld(t)
	w.recordCall(1, lateDelivery(), 5*time.Minute)
	p := w.start()
	v := b.user(t, p)
	v.open(200, "/automations/new")
	v.fill("name", "Praise")
	v.choose("field", "score")
	v.choose("op", "gt")
	v.fill("value", "90")
	v.fill("message", "well done")
	v.follow(200, "Save")
	v.follow(200, "Praise")
	v.follow(200, "Open as a flow")
	v.until("the rule is a flow of four cards", cards(4, 3))

	v.pressAt("[data-node=when] header")
	v.press("Add")
	v.press("Message")
	v.until("a card is added and connected", cards(5, 4))
	v.pressAt("[data-flow=panel] textarea")
	v.eval("document.activeElement.select()", nil)
	v.run("write the message", input.InsertText("drawn by hand"))
	v.sees("drawn by hand")
	v.press("Add")
	v.press("In app")
	v.until("and where it goes", cards(6, 5))
	v.press("Undo")
	v.until("it can be undone", cards(5, 4))
	v.press("Redo")
	v.until("and done again", cards(6, 5))
	v.moveByKey("when")

	v.press("Save")
	v.until("it is saved", "document.querySelector('[data-flow=status]').textContent === 'Saved'")
	v.open(200, v.path())
	v.until("and there after a reload", cards(6, 5))
	v.sees("drawn by hand")
	v.until("though no form can show it any more", "document.querySelector('[data-flow=form]').hidden")

	c := p.client(w.key("manage_all"))
	w.connectPhones(c)
	told := c.until("the call is told of", "/notifications/feed", func(a answer) bool { return len(a.items()) > 0 })
	is.Equal(told.items()[0]["body"], "drawn by hand") // by what was drawn
	v.open(200, "/automations/runs")
	v.sees("Praise")
	v.press("See why")
	v.sees("Score is above 90")
	is.Equal(v.text(".trace .no b"), "56") // which it was not
}

// moveByKey moves a card to the right with a key, and only that.
func (v *tab) moveByKey(node string) {
	v.t.Helper()
	at := fmt.Sprintf("document.querySelector('[data-node=%s]').style.transform.match(/-?[0-9.]+/g).map(Number)", node)
	var before, after []float64
	v.eval(at, &before)
	v.eval(fmt.Sprintf("document.querySelector('[data-node=%s]').focus()", node), nil)
	v.run("press an arrow", chromedp.KeyEvent(kb.ArrowRight))
	v.eval(at, &after)
	if len(after) != 2 || after[0] != before[0]+10 || after[1] != before[1] {
		v.t.Errorf("an arrow moves the card from %v to %v", before, after)
	}
}
