package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// testEveryPage looks at every page that a link leads to, in both languages and
// on a wide screen as well as on a telephone.
func testEveryPage(t *testing.T, b *browser) {
	w, p, code := untouched(t)
	v := b.visitor(t, p)
	keys := catalogueKeys(t)
	v.bothLanguages(keys, 200, "/setup")
	v.setUp(200, code)
	w.liveIn(p.client(w.key("manage_all")))

	v.isAwake()

	found := []string{"/", "/calls"}
	for i := 0; i < len(found); i++ { // it grows on the way
		for _, path := range v.bothLanguages(keys, 200, found[i]) {
			if !slices.Contains(found, path) {
				found = append(found, path)
			}
		}
	}
	t.Logf("%d pages: %s", len(found), strings.Join(found, " "))
	for _, path := range []string{
		"/calls/upload", "/notifications", "/notifications/deliveries", "/automations", "/automations/new", "/settings/providers",
		"/settings/providers/new", "/settings/tokens", "/settings/tokens/new", "/settings/destinations", "/settings/profile", "/docs",
	} {
		if !slices.Contains(found, path) {
			t.Errorf("no link leads to %s", path)
		}
	}
	v.bothLanguages(keys, 200, "/calls?status=failed") // none is
	v.bothLanguages(keys, 404, "/calls/there-is-none")
	b.visitor(t, p).bothLanguages(keys, 200, "/login")
}

// liveIn sees to it that there is something on every page.
func (w *world) liveIn(c *client) {
	w.t.Helper()
	w.tellOfEveryCall(c, w.linkChat(c, leads))
	w.hearOne(c)
	c.until("the chat is told", "/notifications/deliveries?channel=telegram&status=sent", func(a answer) bool { return len(a.items()) == 1 })
}

// inEnglish is the page that is so for everybody: the contract is.
const inEnglish = "/docs"

// bothLanguages looks at a page, switches the language, and looks again. It
// returns the pages that it leads to.
func (v *tab) bothLanguages(keys map[string]bool, status int64, path string) []string {
	v.t.Helper()
	v.open(status, path)
	from := v.text("html@lang")
	links := v.look(keys, path)
	if path == inEnglish {
		return links
	}
	other, name := "th", "ไทย"
	if from == "th" {
		other, name = "en", "English"
	}
	if v.hasSwitch() {
		at := v.path()
		v.follow(status, name)
		if now := v.path(); now != at {
			v.t.Errorf("switching the language on %s leads to %s", at, now)
		}
	} else {
		v.open(200, "/calls")
		v.follow(200, name)
		v.open(status, path)
	}
	if now := v.text("html@lang"); now != other {
		v.t.Errorf("%s is in %s after switching to %s", path, now, other)
	}
	v.look(keys, path)
	return links
}

// hasSwitch says whether the language can be switched on the page: it cannot
// where a dialog lies over it, nor on a page of an error.
func (v *tab) hasSwitch() (has bool) {
	v.t.Helper()
	v.eval(`!document.querySelector("dialog[open]") && !!document.querySelector("form[action='/language']")`, &has)
	return has
}

// A view is what can be seen of a page.
type view struct {
	Title    string
	Headings int
	Words    string   // its text, and what is read out or shown in fields and hints
	Thai     []string // texts in Thai letters, but for those that say so
	Wide     []string // what stands out of the page at the right
	Links    []string // the pages that it leads to
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
		links: [...document.querySelectorAll("a[href^='/']:not([download])")].map((el) => el.pathname).filter((path) => path !== "/"),
		headings: document.querySelectorAll("h1").length,
		words: texts.map(([, text]) => text).join("\n"),
		thai: texts.filter(([el, text]) => /[\u0e00-\u0e7f]/.test(text) && !el.closest("[lang=th]:not(html)")).map(([, text]) => text.trim()),
		wide: sides.every((el) => el.scrollWidth <= el.clientWidth) ? [] : ["the page"]
			.concat(all.filter(out).map((el) => el.tagName.toLowerCase() + " " + words(el.textContent).slice(0, 40))),
	};
})()`

// look looks at the page that is open, and returns the pages that it leads to.
func (v *tab) look(keys map[string]bool, path string) []string {
	v.t.Helper()
	language := v.text("html@lang")
	var seen view
	for _, width := range []int64{360, 1440} {
		v.run("resize", chromedp.EmulateViewport(width, 900))
		v.until("it is laid out", "innerWidth === "+number(float64(width))+" && document.fonts.status === 'loaded'")
		seen = view{}
		v.eval(viewOf, &seen)
		complain := func(format string, args ...any) {
			v.t.Helper()
			v.t.Errorf("%s in %s, %d px: "+format, append([]any{path, language, width}, args...)...)
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
	v.weigh(path)
	v.judge(path)
	return seen.Links
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
