package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/matryer/is"
)

// TestBrowser goes through the dashboard as its first user does: set-up, phone
// integration, key, a call that arrives while somebody looks on, the other
// language, out and in again. On the way no page may report an error, break its
// content security policy or ask another host for anything.
func TestBrowser(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"CRK_ADMIN_EMAIL", "CRK_ADMIN_PASSWORD", "CRK_BUSINESS_NAME"} {
		delete(w.env, name)
	}
	b := newBrowser(t)
	p := w.start()
	b.host = p.url
	code := p.log.wait(t, setupLine)

	w.recordCall(1, lateDelivery(), 5*time.Minute)
	b.setUp(setupLine.FindStringSubmatch(code)[1])
	b.connectPhones(w.phonesURL)
	c := p.client(b.makeKey())
	c.until("the call is complete", "/recordings", func(a answer) bool {
		return len(a.items()) == 1 && a.items()[0]["processingStatus"] == "completed"
	})
	b.readCall()
	b.hearOfCall(w, c)
	b.speakEnglish()
	b.signOutAndIn()
}

var setupLine = regexp.MustCompile(`one-time code.* code=(\S+)`)

// A browser is a headless Chromium with one tab.
type browser struct {
	t    testing.TB
	ctx  context.Context
	host string // where the appliance is

	mu      sync.Mutex
	trouble []string
}

// newBrowser starts a browser. Without one on the machine the test is skipped,
// or fails where CI is set: there it has to run.
func newBrowser(t testing.TB) *browser {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	i := slices.IndexFunc(names, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no Chromium in PATH")
		}
		t.Skip("there is no Chromium in PATH")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(names[i]), chromedp.WindowSize(1280, 900), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // nothing leaves the machine
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to be root otherwise
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	// Chromium is newer than the driver: events it does not know are no errors of ours.
	ctx, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(func() {
		closeTab()
		stop()
	})
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.hear)
	if err := chromedp.Run(ctx); err != nil { // the browser lives as long as the context of its first run
		t.Fatal("start the browser: ", err)
	}
	t.Cleanup(b.reportTrouble)
	return b
}

// expected are the errors that the test itself provokes: a wrong password, and
// the set-up when it is over.
var expected = regexp.MustCompile(`status of (401 .*/login|404 .*/setup)$`)

// hear notes what no page should say or do.
func (b *browser) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.note("exception: " + e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError {
			b.note(fmt.Sprintf("console: %s", e.Args[0].Value))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && !expected.MatchString(e.Entry.Text+" "+e.Entry.URL) {
			b.note(fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Hostname() != "127.0.0.1" && u.Scheme != "data" && u.Scheme != "blob" && u.Scheme != "about" {
			b.note("asks another host: " + e.Request.URL)
		}
	}
}

func (b *browser) note(trouble string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = append(b.trouble, trouble)
}

func (b *browser) reportTrouble() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, trouble := range b.trouble {
		b.t.Error(trouble)
	}
}

// do carries out what a person would do.
func (b *browser) do(what string, actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var page, location string
		_ = chromedp.Run(b.ctx, chromedp.Location(&location), chromedp.Text("body", &page)) // as far as there is one
		b.t.Fatalf("%s: %v\nat %s:\n%s", what, err, location, page)
	}
}

// open goes to a page of the appliance.
func (b *browser) open(path string) {
	b.t.Helper()
	b.do("open "+path, chromedp.Navigate(b.host+path), chromedp.WaitReady("#main"))
}

// at waits until the page is the one at path.
func (b *browser) at(path string) {
	b.t.Helper()
	b.until("arrive at "+path, fmt.Sprintf(`location.pathname === %q && document.readyState === "complete"`, path))
}

// until waits for an expression of the page's own language to hold. While one
// page gives way to the next there is none to ask.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		var holds bool
		if err := chromedp.Run(b.ctx, chromedp.Evaluate(`Boolean(`+expression+`)`, &holds)); err == nil && holds {
			return
		}
	}
	b.do(what, chromedp.ActionFunc(func(context.Context) error { return errors.New("it never happens that " + expression) }))
}

// read returns what an expression in the page's own language gives.
func (b *browser) read(expression string) (text string) {
	b.t.Helper()
	b.do("read "+expression, chromedp.Evaluate("String("+expression+")", &text))
	return text
}

// fill fills in the fields of a form by their names.
func (b *browser) fill(fields map[string]string) {
	b.t.Helper()
	for name, value := range fields {
		b.do("fill in "+name, chromedp.SetValue(`[name="`+name+`"]`, value, chromedp.ByQuery))
	}
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do("click "+selector, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

func (b *browser) setUp(code string) {
	b.t.Helper()
	is := is.New(b.t)
	b.open("/")
	b.at("/setup") // the first visit
	b.fill(map[string]string{"code": code, "business": "Acme Co", "name": "Ann", "email": email, "password": password, "language": "th"})
	b.click(`form[action="/setup"] button[type=submit]`)
	b.at("/calls")                                          // signed in
	is.Equal(b.read(`document.documentElement.lang`), "th") // in Thai
	var status int
	b.do("look for the set-up", chromedp.Evaluate(`fetch("/setup").then(r => r.status)`, &status, awaitPromise))
	is.Equal(status, 404) // gone for good
}

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

func (b *browser) connectPhones(phones string) {
	b.t.Helper()
	b.open("/settings/providers/new")
	b.fill(map[string]string{"name": "Head office", "baseUrl": phones, "username": "apiuser", "password": "s3cret-of-the-pbx"})
	b.click(`button[form="provider-form"][formaction]`)
	b.do("test the connection", chromedp.WaitVisible(`#test-result .steps`))
	b.click(`button[form="provider-form"]:not([formaction])`)
	b.at("/settings/providers")
	b.click(`form[action$="/default"] button`)
	b.do("set as default", chromedp.WaitVisible(`.unit .tag`))
}

func (b *browser) makeKey() string {
	b.t.Helper()
	b.open("/settings/tokens/new")
	b.fill(map[string]string{"name": "CRM"})
	b.click(`input[name=scopes][value=manage_all]`)
	b.click(`button[form="token-form"]`)
	b.do("make the key", chromedp.WaitVisible(`#fresh-key`))
	key := regexp.MustCompile(`crk_\w{49}`).FindString(b.read(`document.querySelector("#fresh-key").value || document.querySelector("#fresh-key").textContent`))
	is.New(b.t).True(key != "") // the key is shown, this once
	return key
}

// readCall finds the call by a word that was said and hears it.
func (b *browser) readCall() {
	b.t.Helper()
	is := is.New(b.t)
	b.open("/calls?q=warehouse")
	b.click(`a.cust`)
	b.do("open the call", chromedp.WaitVisible(`#transcript .turn, #transcript [data-at]`))
	is.True(strings.Contains(b.read(`document.querySelector("#transcript").textContent`), "warehouse"))
	b.until("load the audio", `document.querySelector("#audio").readyState >= 2`)
	is.Equal(b.read(`Math.round(document.querySelector("#audio").duration)`), "15") // the browser can play it
	b.click(`#play`)
	b.until("play", `document.querySelector("#audio").currentTime > 0.2`)
	b.click(`#transcript [data-at]:last-of-type [data-seek]`)
	b.until("seek by the transcript", `document.querySelector("#audio").currentTime > 5`)
}

// hearOfCall waits on the list of calls while one arrives: a toast tells of it,
// and it is in the list without a reload.
func (b *browser) hearOfCall(w *world, c *client) {
	b.t.Helper()
	is := is.New(b.t)
	c.call(201, "POST", "/notifications/automations", map[string]any{"name": "Every call", "conditions": []any{}, "message": "{{summary}}", "inApp": true})
	provider := c.call(200, "GET", "/providers", nil).items()[0]["id"].(string)
	b.open("/calls")
	b.until("be connected", `document.querySelector("[data-live]").dataset.state === "on"`)
	w.recordCall(2, lateDelivery(), 4*time.Minute)
	c.until("no sync runs", "/providers/"+provider, func(a answer) bool { return a.at("lastSync", "status") != "running" })
	c.call(202, "POST", "/providers/"+provider+"/sync", nil)
	b.do("hear of the call", chromedp.WaitVisible(`#toasts .toast`))
	is.True(strings.Contains(b.read(`document.querySelector("#toasts").textContent`), "พัสดุ"))
	b.until("see the call", `document.querySelectorAll("a.cust").length === 2`)
	b.until("see that it is unread", `document.querySelector(".nav [data-unread]").textContent === "1"`)
}

func (b *browser) speakEnglish() {
	b.t.Helper()
	is := is.New(b.t)
	b.click(`form[action="/language"] button[value=en]`)
	b.until("speak English", `document.documentElement.lang === "en"`)
	b.at("/calls") // on the same page
	for _, page := range []string{"/settings/providers", "/settings/tokens", "/settings/destinations", "/settings/profile", "/automations", "/calls/upload", "/docs"} {
		b.open(page)
		is.Equal(b.read(`(document.querySelector("main").innerText.replaceAll("ไทย", "").match(/[\u0E00-\u0E7F]+/) || [""])[0]`), "") // with no Thai left over
	}
}

func (b *browser) signOutAndIn() {
	b.t.Helper()
	is := is.New(b.t)
	b.open("/calls")
	b.click(`form[action="/logout"] button`)
	b.at("/login")
	b.open("/calls?q=warehouse")
	b.at("/login") // nothing is shown to who is out
	b.fill(map[string]string{"email": email, "password": "not the password"})
	b.click(`form[action="/login"] button[type=submit]`)
	b.do("be refused", chromedp.WaitVisible(`form[action="/login"] .note`))
	b.fill(map[string]string{"email": email, "password": password})
	b.click(`form[action="/login"] button[type=submit]`)
	b.at("/calls")
	is.Equal(b.read(`location.search`), "?q=warehouse") // where they wanted to go
}
