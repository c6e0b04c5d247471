package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A sight is a page as it must be in each language and at each width.
type sight struct {
	status   int64
	path     string
	switches switches
}

// Where the switch of languages is.
type switches int

const (
	onIt      switches = iota // on the page itself
	elsewhere                 // under a dialog, or the page has no menu
	nowhere                   // the page is in English for everybody
)

// testEveryPage looks at each page in both languages, switching on the page
// itself, on a wide screen and on a telephone.
func testEveryPage(t *testing.T, b *browser) {
	w, p, code := untouched(t)
	v := b.visitor(t, p)
	keys := catalogueKeys(t)
	v.bothLanguages(keys, sight{200, "/setup", onIt})
	v.setUp(200, code)
	c := p.client(w.key("manage_all"))
	chat := w.linkChat(c, leads)
	w.tellOfEveryCall(c, chat)
	w.hearOne(c)
	c.until("the chat is told", "/notifications/deliveries?channel=telegram&status=sent", func(a answer) bool { return len(a.items()) == 1 })
	first := func(path string) string { return c.call(200, "GET", path, nil).items()[0]["id"].(string) }
	call, provider, rule := first("/recordings"), first("/providers"), first("/notifications/automations")

	for _, s := range []sight{
		{200, "/calls", onIt},
		{200, "/calls?q=warehouse&sort=score", onIt},
		{200, "/calls?status=failed", onIt},
		{200, "/calls/upload", onIt},
		{200, "/calls/" + call, onIt},
		{200, "/notifications", onIt},
		{200, "/notifications/deliveries", onIt},
		{200, "/automations", onIt},
		{200, "/automations/new", onIt},
		{200, "/automations/" + rule, onIt},
		{200, "/settings/providers", onIt},
		{200, "/settings/providers/new", elsewhere},
		{200, "/settings/providers/" + provider, elsewhere},
		{200, "/settings/tokens", onIt},
		{200, "/settings/tokens/new", elsewhere},
		{200, "/settings/destinations", onIt},
		{200, "/settings/profile", onIt},
		{200, "/docs", nowhere},
		{200, "/docs/start", onIt},
		{200, "/docs/phone", onIt},
		{200, "/docs/notifications", onIt},
		{200, "/docs/changelog", onIt},
		{404, "/calls/there-is-none", elsewhere},
	} {
		v.bothLanguages(keys, s)
	}
	b.visitor(t, p).bothLanguages(keys, sight{200, "/login", onIt})
}

// bothLanguages looks at a page, switches the language on it, and looks again.
func (v *tab) bothLanguages(keys map[string]bool, s sight) {
	v.t.Helper()
	v.open(s.status, s.path)
	from := v.text("html@lang")
	v.look(keys, s)
	if s.switches == nowhere {
		return
	}
	other, name := "th", "ไทย"
	if from == "th" {
		other, name = "en", "English"
	}
	if at := v.path(); s.switches == elsewhere {
		v.open(200, "/calls")
		v.follow(200, name)
		v.open(s.status, s.path)
	} else if v.follow(s.status, name); v.path() != at {
		v.t.Errorf("switching the language on %s leads to %s", at, v.path())
	}
	if now := v.text("html@lang"); now != other {
		v.t.Errorf("%s is in %s after switching to %s", s.path, now, other)
	}
	v.look(keys, s)
}

// A view is what can be seen of a page.
type view struct {
	Title    string
	Headings int
	Words    string   // its text, and what is read out or shown in fields and hints
	Thai     []string // texts in Thai letters, but for those that say so
	Wide     []string // what stands out of the page at the right
}

const viewOf = `(() => {
	const words = (text) => text.replace(/\s+/g, " ").trim();
	const scrolls = (el) => el && (/auto|scroll|hidden|clip/.test(getComputedStyle(el).overflowX) || scrolls(el.parentElement));
	const all = [...document.querySelectorAll("body, body *")];
	const texts = all.flatMap((el) => ["placeholder", "aria-label", "title", "alt"].map((name) => [el, el.getAttribute(name)]))
		.concat(all.flatMap((el) => [...el.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => [el, n.data])))
		.filter(([el, text]) => text?.trim() && el.checkVisibility());
	const root = document.documentElement;
	const out = (el) => el.checkVisibility() && !scrolls(el.parentElement) && el.getBoundingClientRect().right > root.clientWidth + 0.5;
	const sides = [root, ...document.querySelectorAll("dialog[open]")];
	return {
		title: document.title,
		headings: document.querySelectorAll("h1").length,
		words: texts.map(([, text]) => text).join("\n"),
		thai: texts.filter(([el, text]) => /[\u0e00-\u0e7f]/.test(text) && !el.closest("[lang=th]:not(html)")).map(([, text]) => text.trim()),
		wide: sides.every((el) => el.scrollWidth <= el.clientWidth) ? [] : ["the page"]
			.concat(all.filter(out).map((el) => el.tagName.toLowerCase() + " " + words(el.textContent).slice(0, 40))),
	};
})()`

// look looks at the page that is open.
func (v *tab) look(keys map[string]bool, s sight) {
	v.t.Helper()
	language := v.text("html@lang")
	for _, width := range []int64{360, 1440} {
		v.run("resize", chromedp.EmulateViewport(width, 900))
		v.until("it is laid out", "innerWidth === "+number(float64(width))+" && document.fonts.status === 'loaded'")
		var seen view
		v.eval(viewOf, &seen)
		complain := func(format string, args ...any) {
			v.t.Helper()
			v.t.Errorf("%s in %s, %d px: "+format, append([]any{s.path, language, width}, args...)...)
		}
		if seen.Headings != 1 {
			complain("it has %d h1", seen.Headings)
		}
		if name, found := strings.CutSuffix(seen.Title, "CRK"); !found || len(name) < 6 {
			complain("its title is %q", seen.Title)
		}
		for _, word := range strings.Fields(seen.Title + " " + seen.Words) {
			if keys[strings.Trim(word, ".,:;!?()…“”")] || strings.Contains(word, "{{.") {
				complain("it shows the key %s", word)
			}
		}
		if language == "en" && len(seen.Thai) > 0 {
			complain("it is in Thai as well: %q", seen.Thai)
		}
		if language == "th" && len(seen.Thai) == 0 {
			complain("there is no Thai on it")
		}
		if len(seen.Wide) > 0 {
			complain("it is wider than the screen: %s", strings.Join(seen.Wide, "; "))
		}
	}
}

// catalogueKeys are the names that texts have, which nobody should see.
func catalogueKeys(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "views", "locale", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]any
	if err := json.Unmarshal(b, &texts); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for key := range texts {
		keys[key] = true
	}
	return keys
}
