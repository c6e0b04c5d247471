package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A tab is a page as a person has it before them. What it does must succeed, or
// the test ends; what goes wrong on the page itself fails the test when it ends.
type tab struct {
	t        *testing.T
	browser  *browser
	somebody cdp.BrowserContextID // whose browser it is
	url      string               // of the server
	ctx      context.Context

	mu       sync.Mutex
	expected map[int64]bool // statuses of pages that are no mistake
	wrong    []string
}

// begin attaches to the tab and makes it one that is seen.
func (v *tab) begin() {
	v.t.Helper()
	chromedp.ListenTarget(v.ctx, v.watch)
	err := chromedp.Run(v.ctx, // without a deadline: the tab lives as long as the context of its first action
		audits.Enable(),
		emulation.SetFocusEmulationEnabled(true),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}),
		chromedp.EmulateViewport(1280, 900),
	)
	if err != nil {
		v.t.Fatalf("open a tab: %v", err)
	}
}

// another is one more tab of the same person's browser.
func (v *tab) another() *tab {
	v.t.Helper()
	return v.browser.tab(v.t, v.url, v.somebody)
}

// run does something to the page within the patience that there is.
func (v *tab) run(what string, actions ...chromedp.Action) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		v.fatalf("%s: %v", what, err)
	}
}

// arrive does what leads to another page, which must be answered with the given
// status, and waits until it has been read.
func (v *tab) arrive(status int64, what string, actions ...chromedp.Action) {
	v.t.Helper()
	v.mu.Lock()
	v.expected[status] = true
	v.mu.Unlock()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, actions...)
	if err != nil {
		v.fatalf("%s: %v", what, err)
	}
	if res == nil || res.Status != status {
		v.fatalf("%s is answered with %+v, not %d", what, res, status)
	}
	v.until(what+": the page is ready", `document.readyState === "complete"`)
}

// open goes to an address of the server.
func (v *tab) open(status int64, path string) {
	v.t.Helper()
	v.arrive(status, "open "+path, chromedp.Navigate(v.url+path))
}

// press presses what is called so: a button, a link, a switch.
func (v *tab) press(name string) {
	v.t.Helper()
	v.run("press "+name, v.click("a, button, summary, label", quote(name)))
}

// pressAt presses what a selector finds, whatever it is called.
func (v *tab) pressAt(selector string) {
	v.t.Helper()
	v.run("press "+selector, v.click(selector, "null"))
}

// follow presses what leads to another page.
func (v *tab) follow(status int64, name string) {
	v.t.Helper()
	v.arrive(status, "follow "+name, v.click("a, button", quote(name)))
}

// followAt is follow for what a selector finds.
func (v *tab) followAt(status int64, selector string) {
	v.t.Helper()
	v.arrive(status, "follow "+selector, v.click(selector, "null"))
}

// pressable finds the first of some elements that is called so and that a finger
// would reach: seen, and with nothing lying over it. It returns its middle.
const pressable = `((selector, name) => {
	const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
	for (const el of document.querySelectorAll(selector)) {
		if (name !== null && words(el.textContent) !== name && el.getAttribute("aria-label") !== name) continue;
		if (!el.checkVisibility({ visibilityProperty: true }) || el.disabled) continue;
		el.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
		const box = el.getBoundingClientRect();
		const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
		const hit = document.elementFromPoint(x, y);
		if (hit && (el === hit || el.contains(hit))) return [x, y];
	}
	return null;
})`

// click is a press of the mouse on what it has found.
func (v *tab) click(selector, name string) chromedp.Action {
	v.t.Helper()
	var at []float64
	v.wait(fmt.Sprintf("there is %s called %s to press", selector, name), func() bool {
		err := chromedp.Run(v.ctx, chromedp.Evaluate(fmt.Sprintf("%s(%s, %s)", pressable, quote(selector), name), &at))
		return err == nil && len(at) == 2
	})
	return chromedp.MouseClickXY(at[0], at[1])
}

// fill types into the field of that name, over what it holds.
func (v *tab) fill(field, value string) {
	v.t.Helper()
	v.pressAt(fmt.Sprintf("input[name=%[1]s], textarea[name=%[1]s]", field))
	v.eval("document.activeElement.select()", nil)
	v.run("fill in "+field, input.InsertText(value))
	v.until("the field "+field+" takes what is typed", "document.activeElement.value === "+quote(value))
}

// choose takes an option of the field of that name.
func (v *tab) choose(field, value string) {
	v.t.Helper()
	v.run("choose "+field, chromedp.SetValue(fmt.Sprintf("select[name=%s]", field), value, chromedp.ByQuery))
	v.until("the field "+field+" takes what is chosen", fmt.Sprintf("document.querySelector('select[name=%s]').value === %s", field, quote(value)))
}

// key presses a key that writes something.
func (v *tab) key(key string) {
	v.t.Helper()
	down := kb.Encode([]rune(key)[0])[0]
	down.Text = key // with the key, not after it, so that a page can keep it from doing what it does by itself
	up := *down
	up.Type, up.Text = input.KeyUp, ""
	v.run("press the key "+key, down, &up)
}

// eval evaluates an expression on the page.
func (v *tab) eval(js string, out any) {
	v.t.Helper()
	v.run(js, chromedp.Evaluate(js, out))
}

// text returns the text of what a selector finds first, or, with an @ in it, an
// attribute of that; empty where there is nothing.
func (v *tab) text(selector string) (text string) {
	v.t.Helper()
	selector, attribute, _ := strings.Cut(selector, "@")
	js := fmt.Sprintf("document.querySelector(%s)", quote(selector))
	if attribute == "" {
		js += "?.textContent.trim() ?? ''"
	} else {
		js += fmt.Sprintf("?.getAttribute(%s) ?? ''", quote(attribute))
	}
	v.eval(js, &text)
	return text
}

// path is the address of the page on its server.
func (v *tab) path() (path string) {
	v.t.Helper()
	v.eval("location.pathname + location.search", &path)
	return path
}

// sees waits until the page shows some words.
func (v *tab) sees(words string) {
	v.t.Helper()
	v.until("the page shows "+words, fmt.Sprintf("document.body.innerText.includes(%s)", quote(words)))
}

// until waits until an expression holds; the page may change under it.
func (v *tab) until(claim, js string) {
	v.t.Helper()
	v.wait(claim, func() bool {
		ok := false
		err := chromedp.Run(v.ctx, chromedp.Evaluate("!!("+js+")", &ok))
		return err == nil && ok
	})
}

// wait waits until ok says so. There is no event for what the tests wait for,
// so it asks again and again.
func (v *tab) wait(claim string, ok func() bool) {
	v.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			v.fatalf("%s: not after %v", claim, patience)
		}
	}
}

// fatalf ends the test and says what the page shows.
func (v *tab) fatalf(format string, args ...any) {
	v.t.Helper()
	var shown string
	ctx, cancel := context.WithTimeout(v.ctx, 5*time.Second)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Evaluate(`location.href + "\n" + document.body.innerText.slice(0, 2000)`, &shown)) // it may show nothing
	v.t.Fatalf("%s\nthe page: %s", fmt.Sprintf(format, args...), shown)
}

// quote writes a string as JavaScript does.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // any string can be written
	}
	return string(b)
}

// number writes a number as JavaScript does.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
