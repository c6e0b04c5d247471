package views_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"
	"golang.org/x/net/html"

	"crk/static"
	"crk/views"
)

// A page is a rendered sample.
type page struct {
	name string
	lang views.Language
	text string
	root *html.Node
}

// pages renders every sample in every language.
func pages(t *testing.T) []page {
	t.Helper()
	var out []page
	for _, l := range views.Languages() {
		ctx := reader(t, l)
		for name, component := range samples(t) {
			var b bytes.Buffer
			if err := component.Render(ctx, &b); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text := b.String()
			root, err := html.Parse(&b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			out = append(out, page{name, l, text, root})
		}
	}
	return out
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// elements returns the elements that f picks.
func elements(p page, f func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && f(n) {
			out = append(out, n)
		}
	}
	return out
}

// TestPagesObeyThePolicy: nothing of a page needs more than
// default-src 'self' allows, and nothing of it runs.
func TestPagesObeyThePolicy(t *testing.T) {
	for _, p := range pages(t) {
		for n := range p.root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if _, outside := attr(n, "src"); (n.Data == "script" && !outside) || n.Data == "style" {
				t.Errorf("%s has an inline <%s>", p.name, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s %s=%q>", p.name, n.Data, a.Key, a.Val)
				}
				if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					t.Errorf("%s: a link that runs: %s", p.name, a.Val)
				}
			}
		}
		if strings.Contains(p.text, "<script>alert(1)</script>") || strings.Contains(p.text, "<b>spare parts</b>") {
			t.Errorf("%s does not escape what others wrote", p.name)
		}
	}
}

// TestPagesFindTheirFiles: every address under /static/ is served, every
// drawing is in the sprite.
func TestPagesFindTheirFiles(t *testing.T) {
	is := is.New(t)
	sprite, _, ok := static.Open(strings.TrimPrefix(static.URL("icons.svg"), static.Prefix))
	is.True(ok) // the sprite is served
	address := regexp.MustCompile(`"` + static.Prefix + `([^"#]+)(?:#([\w-]+))?"`)
	seen := 0
	for _, p := range pages(t) {
		for _, m := range address.FindAllStringSubmatch(p.text, -1) {
			seen++
			if _, current, ok := static.Open(m[1]); !ok || !current {
				t.Errorf("%s: nothing is served at %s", p.name, m[1])
			}
			if m[2] != "" && !bytes.Contains(sprite.Body, []byte(`<symbol id="`+m[2]+`"`)) {
				t.Errorf("%s: no drawing %q", p.name, m[2])
			}
		}
	}
	is.True(seen > 100) // the pattern still finds them
}

// TestPagesAreSound: ids are unique, labels and references meet, buttons and
// links have names, forms post to us.
func TestPagesAreSound(t *testing.T) {
	for _, p := range pages(t) {
		ids := map[string]bool{}
		for _, n := range elements(p, func(n *html.Node) bool { _, ok := attr(n, "id"); return ok }) {
			id, _ := attr(n, "id")
			if ids[id] {
				t.Errorf("%s: id %q twice", p.name, id)
			}
			ids[id] = true
		}
		for _, name := range []string{"for", "aria-describedby", "aria-labelledby", "form"} {
			for _, n := range elements(p, func(n *html.Node) bool { _, ok := attr(n, name); return ok }) {
				if id, _ := attr(n, name); !ids[id] {
					t.Errorf("%s: <%s %s=%q> points nowhere", p.name, n.Data, name, id)
				}
			}
		}
		for _, n := range elements(p, func(n *html.Node) bool { return n.Data == "a" || n.Data == "button" }) {
			if accessibleName(n) == "" {
				t.Errorf("%s: a <%s> without a name: %v", p.name, n.Data, n.Attr)
			}
		}
		for _, n := range elements(p, func(n *html.Node) bool { return n.Data == "form" }) {
			if to, _ := attr(n, "action"); !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%s: a form that goes to %q", p.name, to)
			}
		}
		if strings.Contains(p.text, "hunter2") {
			t.Errorf("%s gives a typed password back", p.name)
		}
	}
}

func accessibleName(n *html.Node) string {
	if label, ok := attr(n, "aria-label"); ok {
		return label
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// TestEveryInputIsLabelled: a field without a label cannot be told apart by
// somebody who hears the page.
func TestEveryInputIsLabelled(t *testing.T) {
	for _, p := range pages(t) {
		labelled := map[string]bool{}
		for _, n := range elements(p, func(n *html.Node) bool { return n.Data == "label" }) {
			id, _ := attr(n, "for")
			labelled[id] = true
		}
		for _, n := range elements(p, func(n *html.Node) bool { return slices.Contains([]string{"input", "select", "textarea"}, n.Data) }) {
			kind, _ := attr(n, "type")
			id, _ := attr(n, "id")
			_, named := attr(n, "aria-label")
			inside := false
			for up := n.Parent; up != nil; up = up.Parent {
				inside = inside || up.Data == "label"
			}
			if kind != "hidden" && !labelled[id] && !inside && !named {
				t.Errorf("%s: an input without a label: %v", p.name, n.Attr)
			}
		}
	}
}

// TestPagesAreOneLanguage: what the product itself says on an English page is
// English, and the page says which language it is in.
func TestPagesAreOneLanguage(t *testing.T) {
	is := is.New(t)
	event := regexp.MustCompile(`class="mono( faint)?">[a-z]+\.[a-z]+<`) // names of the API
	key := regexp.MustCompile(`>\s*[a-z]+\.[a-z]+(\.[a-z]+)*\s*<`)
	for _, p := range pages(t) {
		root := elements(p, func(n *html.Node) bool { return n.Data == "html" })[0]
		lang, _ := attr(root, "lang")
		is.True(lang == string(p.lang) || p.name == "docs") // the page names its language
		if m := key.FindString(event.ReplaceAllString(p.text, "")); m != "" && !strings.Contains(m, "openapi.json") {
			t.Errorf("%s (%s) shows a key: %s", p.name, p.lang, m)
		}
	}
	for name, c := range samples(t) {
		switch name {
		case "calls-none", "calls-waiting", "rules-none", "providers-none", "aiservers-none", "brief-none", "prices-none", "usage-free", "tokens-none", "destinations-none", "feed-none", "deliveries-none", "webhooks-none", "usage-none":
		default:
			continue // the others hold a Thai company's words
		}
		var b bytes.Buffer
		is.NoErr(c.Render(reader(t, views.English), &b)) // the page renders
		_, main, _ := strings.Cut(b.String(), `<main`)
		if m := regexp.MustCompile(`[ก-๛]+`).FindString(main); m != "" {
			t.Errorf("%s says %q in English", name, m)
		}
	}
}

// TestNamesThatStay: people know these by their English names.
func TestNamesThatStay(t *testing.T) {
	is := is.New(t)
	text := map[string]string{}
	for _, p := range pages(t) {
		if p.lang == views.Thai {
			text[p.name] = p.text
		}
	}
	for _, name := range []string{"Providers", "Phone Integrations", "Test connection", "Set as default"} {
		is.True(strings.Contains(text["providers"], name)) // in Thai text too
	}
	is.True(strings.Contains(text["tokens"], "API Tokens")) // likewise
}
