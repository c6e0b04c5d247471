package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// TestBrowser uses the dashboard as people do. All its tests share one browser
// process; each person in them has a browser of their own in it, with its own
// cookies.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	for _, tt := range []struct {
		name string
		test func(*testing.T, *browser)
	}{
		{"first visit", testFirstVisit},
		{"phone integration", testPhoneIntegration},
		{"connection tests", testConnectionTests},
		{"hearing a call", testHearingACall},
		{"live notifications", testLiveNotifications},
		{"drawing a flow", testFlow},
		{"API tokens", testTokens},
		{"every page", testEveryPage},
		{"without scripts", testWithoutScripts},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, b) })
	}
}

// A browser is the process of one.
type browser struct{ ctx context.Context }

// startBrowser starts the system's Chromium. Where there is none, the test is
// skipped; where one must be there, as CI=true says, it fails.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := findBrowser()
	if path == "" {
		const say = "no browser is found: these tests need chromium, chromium-browser, google-chrome or google-chrome-stable in PATH"
		if os.Getenv("CI") == "true" {
			t.Fatal(say)
		}
		t.Skip(say)
	}
	home := t.TempDir()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(home, "profile")), chromedp.WSURLReadTimeout(patience),
		chromedp.Env("HOME="+home, "TMPDIR="+home), // it leaves nothing behind elsewhere
		chromedp.NoSandbox,                         // containers have none to give; nothing but our own pages is opened
		chromedp.NoFirstRun, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-US"), chromedp.Flag("mute-audio", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // no page needs anything from elsewhere
	)
	allocated, _ := chromedp.NewExecAllocator(context.Background(), opts...)
	// The browser may be newer than what drives it here, and tell of things that this does not know.
	ctx, _ := chromedp.NewContext(allocated, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(func() {
		end, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := chromedp.Cancel(end); err != nil { // waits until the process is gone
			t.Errorf("close the browser: %v", err)
		}
	})
	began := time.Now()
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Logf("%s is ready after %v", path, time.Since(began).Round(time.Millisecond))
	return &browser{ctx}
}

func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// visitor is somebody with a fresh browser on their way to the server.
func (b *browser) visitor(t *testing.T, p *process) *tab {
	t.Helper()
	executor := cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser)
	id, err := target.CreateBrowserContext().Do(executor)
	if err != nil {
		t.Fatalf("make a browser of one's own: %v", err)
	}
	t.Cleanup(func() {
		if err := target.DisposeBrowserContext(id).Do(executor); err != nil {
			t.Errorf("clear up after a visitor: %v", err)
		}
	})
	return b.tab(t, p.url, id)
}

// tab opens a tab of somebody's browser, in a window of its own: a tab behind
// another would not be seen.
func (b *browser) tab(t *testing.T, url string, somebody cdp.BrowserContextID) *tab {
	t.Helper()
	executor := cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser)
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(somebody).WithNewWindow(true).Do(executor)
	if err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	v := &tab{t: t, browser: b, somebody: somebody, url: url, ctx: ctx, expected: map[int64]bool{200: true}}
	t.Cleanup(func() {
		cancel()
		v.report()
	})
	v.begin()
	return v
}

// user is somebody signed in as the owner, who reads English.
func (b *browser) user(t *testing.T, p *process) *tab {
	t.Helper()
	v := b.visitor(t, p)
	v.open(200, "/login")
	v.signIn()
	if v.text("html@lang") != "en" {
		v.follow(200, "English")
	}
	return v
}

// signIn fills the form of the login page.
func (v *tab) signIn() {
	v.t.Helper()
	v.fill("email", email)
	v.fill("password", password)
	v.follow(200, "Log in")
	if path := v.path(); strings.HasPrefix(path, "/login") {
		v.t.Fatal("the login page lets the owner in nowhere")
	}
}
