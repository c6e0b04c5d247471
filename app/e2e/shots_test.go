package e2e_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"crk/app/demo"
)

// shotsDir is the environment variable that names the folder for the pictures.
const shotsDir = "CRK_SCREENSHOTS"

// TestScreenshots takes a picture of every page of the demo, for people to look
// at: in both languages and themes, on a wide screen and on a telephone. It
// fails where a page does not load, or is wider than its screen.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv(shotsDir)
	if dir == "" {
		t.Skip(shotsDir + " names no folder for the pictures")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	p := demonstration(t)
	b.visitor(t, p).shoot(dir, "/login")
	v := b.visitor(t, p)
	v.open(200, "/login")
	v.fill("email", demo.Email)
	v.fill("password", demo.Password)
	v.followAt(200, "form[action='/login'] button")
	v.open(200, "/calls")
	v.until("most calls are analysed", "document.querySelectorAll('#calls .ring').length > 12")
	pages := v.pagesOfADemo()
	t.Logf("%d pages: %s", len(pages), strings.Join(pages, " "))
	for _, language := range []string{"ไทย", "English"} {
		v.open(200, "/calls")
		v.follow(200, language)
		for _, path := range pages {
			v.shoot(dir, path)
		}
		v.open(200, "/calls")
		v.eval("document.querySelectorAll('#many tbody input').forEach((box, i) => i < 3 && box.click())", nil)
		v.picture(dir, "calls-picked")
	}
}

// demonstration starts the demo and waits until it is ready.
func demonstration(t *testing.T) *process {
	t.Helper()
	readSources(t)
	free, err := net.Listen("tcp", "127.0.0.1:0") // the demo makes its links of the port that it is told
	if err != nil {
		t.Fatal(err)
	}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "data")}
	w.env = map[string]string{"CRK_LISTEN": free.Addr().String(), "CRK_DATA_DIR": w.dir}
	p := w.launch("demo")
	p.await()
	return p
}

// pagesOfADemo follows every link, and returns one address of each kind of page:
// a call is like another.
func (v *tab) pagesOfADemo() []string {
	v.t.Helper()
	found := []string{"/", "/calls", "/components"}                                            // to the last no link leads
	seen := map[string]bool{"home": true, "calls": true, "components": true, "settings": true} // the settings are their first page
	for i := 0; i < len(found); i++ {                                                          // it grows on the way
		v.open(200, found[i])
		var links []string
		v.eval(`[...document.querySelectorAll("a[href^='/']:not([download])")].map((el) => el.pathname + el.search)`, &links)
		for _, path := range links {
			if name := pageName(path); !seen[name] {
				seen[name] = true
				found = append(found, path)
			}
		}
	}
	slices.Sort(found)
	return found
}

// oneOfMany is the part of an address that tells things of one kind apart.
var oneOfMany = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+|.*[%@].*)$`)

// pageName is what pictures of the page at an address are called.
func pageName(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		if oneOfMany.MatchString(part) {
			parts[i] = "one"
		}
	}
	if name := strings.Join(parts, "-"); name != "" {
		return name
	}
	return "home"
}

// shoot takes the pictures of a page in the language that is chosen.
func (v *tab) shoot(dir, path string) {
	v.t.Helper()
	v.open(200, path)
	v.picture(dir, pageName(path))
}

// picture takes the pictures of the page that is open.
func (v *tab) picture(dir, name string) {
	v.t.Helper()
	language := v.text("html@lang")
	for _, theme := range []string{"light", "dark"} {
		v.run("put on the "+theme+" theme", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}))
		for _, width := range []int64{390, 1440} { // the wide one last: there the language can be switched
			v.resize(width, 900)
			var wide, high int64
			v.eval("document.documentElement.scrollWidth", &wide)
			v.eval("document.documentElement.scrollHeight", &high)
			if wide > width {
				v.t.Errorf("%s in %s is %d px wide on a screen of %d", name, language, wide, width)
			}
			v.resize(width, high) // else what keeps to the foot of the screen lies over the middle of the page
			var shot []byte
			v.run("take a picture", chromedp.FullScreenshot(&shot, 100))
			file := fmt.Sprintf("%s-%s-%s-%d.png", name, language, theme, width)
			if err := os.WriteFile(filepath.Join(dir, file), shot, 0o644); err != nil {
				v.t.Fatal(err)
			}
		}
	}
}

func (v *tab) resize(width, height int64) {
	v.t.Helper()
	v.run("resize", chromedp.EmulateViewport(width, height))
	v.until("it is laid out", fmt.Sprintf("innerWidth === %d && innerHeight === %d && document.fonts.status === 'loaded'", width, height))
}

// A picture has a name that can be read, whatever the address.
func TestPageName(t *testing.T) {
	for path, want := range map[string]string{
		"/": "home", "/calls": "calls", "/calls/upload": "calls-upload", "/agents/one?key=7": "agents-one", "/agents/201": "agents-one",
		"/calls/01a20563-237f-79f8-a1a2-5b200803629c": "calls-one", "/agents/a%20b": "agents-one",
	} {
		if got := pageName(path); got != want {
			t.Errorf("the page at %s is called %s, not %s", path, got, want)
		}
	}
}
