package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/config"
	"crk/app/demo"
)

// start starts a demo in a directory of its own.
func start(t testing.TB, o demo.Options) *demo.Demo {
	t.Helper()
	if o.DataDir == "" {
		o.DataDir = t.TempDir()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d, err := demo.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error("close demo:", err)
		}
	})
	return d
}

func TestEnvironment(t *testing.T) {
	is := is.New(t)
	theirs := map[string]string{
		"CRK_DATA_DIR": "/var/lib/crk", "CRK_KEY_FILE": "/etc/crk.key", "CRK_TELEGRAM_TOKEN": "1:real", "CRK_STT_URL": "https://ai.example/v1",
		"CRK_STT_KEY": "sk-real", "CRK_ADMIN_EMAIL": "me@example.com", "CRK_ADMIN_PASSWORD": "my own password", "CRK_PROXY": "http://proxy:3128",
		"CRK_LOG": "debug",
	}
	getenv := demo.Environment(func(name string) string { return theirs[name] })
	c, err := config.Load(nil, getenv)
	is.NoErr(err)                                         // it is a configuration
	is.Equal(c.DataDir, "/var/lib/crk/demo-data")         // of its own directory,
	is.Equal(c.KeyFile, "/var/lib/crk/demo-data/crk.key") // its own key,
	is.Equal(c.Telegram.Token, config.Secret(""))         // and none of the accounts
	is.Equal(c.STT, config.AI{})                          // nor of the servers
	is.Equal(c.Admin.Email, "")                           // nor of the people
	is.True(c.Proxy == nil)                               // of the real appliance
	is.Equal(c.Log.Level, slog.LevelDebug)                // only how it runs is taken over
	is.Equal(c.Listen, "127.0.0.1:8080")                  // nobody else can reach it,
	theirs["CRK_LISTEN"] = ":9000"
	is.Equal(getenv("CRK_LISTEN"), ":9000") // unless that is wished
}

func TestRealDataIsLeftAlone(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	is.NoErr(os.WriteFile(filepath.Join(dir, "crk.db"), nil, 0o600)) // a real appliance's directory
	_, err := demo.Start(demo.Options{DataDir: dir, Log: slog.New(slog.DiscardHandler)})
	is.True(err != nil) // is not the demo's
	left, err := os.ReadDir(dir)
	is.NoErr(err)
	is.Equal(len(left), 1) // and nothing is written to it
}

func TestConfigure(t *testing.T) {
	is := is.New(t)
	d := start(t, demo.Options{})
	c, err := config.Load([]string{"--listen", ":9000"}, demo.Environment(func(string) string { return "" }))
	is.NoErr(err) // the demo's own configuration
	c = d.Configure(c)
	is.Equal(c.Admin.Email, demo.Email)           // the first start makes the owner
	is.Equal(c.Admin.Business, demo.Business)     // and the business
	is.True(len(c.Admin.Password.Reveal()) >= 10) // with a password that is taken
	is.Equal(c.BaseURL, "http://127.0.0.1:9000")  // links work on this machine
	for name, address := range map[string]string{
		"Telegram": c.Telegram.URL, "Discord": c.DiscordURL, "speech recognition": c.STT.URL, "model": c.LLM.URL, "page": d.MessengerURL(),
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			u, err := url.Parse(address)
			is.NoErr(err)                       // it is an address
			is.Equal(u.Hostname(), "127.0.0.1") // on this machine
			is.True(allowed(c, u.Hostname()))   // where the product may go
			answer, err := http.Get(address)
			is.NoErr(err) // and somebody answers
			is.NoErr(answer.Body.Close())
		})
	}
	is.True(c.Telegram.Token != "" && c.STT.Model != "" && c.LLM.Model != "") // everything is set
}

func allowed(c config.Config, host string) bool {
	for _, p := range c.AllowNetworks {
		if p.Contains(netip.MustParseAddr(host)) {
			return true
		}
	}
	return false
}

func TestConfigureKeepsWhatIsSet(t *testing.T) {
	is := is.New(t)
	d := start(t, demo.Options{})
	is.Equal(d.Configure(config.Config{Listen: ":8080", BaseURL: "https://demo.example"}).BaseURL, "https://demo.example") // where people reach it
	is.Equal(d.Configure(config.Config{Listen: ":8080", TLS: config.TLS{Self: true}}).BaseURL, "https://127.0.0.1:8080")   // the right scheme
}

func TestLive(t *testing.T) {
	d := start(t, demo.Options{}) // outside: a listener waits for the network, not for the clock
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Live(ctx) }()

		before := len(d.Calls())
		time.Sleep(11 * time.Second)
		synctest.Wait()
		is.Equal(len(d.Calls())-before, 1)                      // the first comes soon
		is.True(time.Since(d.Calls()[before].At) < time.Minute) // and has just ended
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		is.True(len(d.Calls())-before >= 13) // then one after the other
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		is.True(len(d.Calls())-before < 200) // and few where nobody watches any more
		stop()
		is.True(errors.Is(<-ended, context.Canceled)) // it ends with its context
	})
}

// page asks the messenger's page for something.
func page(t testing.TB, r *http.Request) (status int, body string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

func request(t testing.TB, method, address, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestMessenger(t *testing.T) {
	is := is.New(t)
	d := start(t, demo.Options{})
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}

	_, body := page(t, request(t, "GET", d.MessengerURL(), ""))
	is.True(strings.Contains(body, "nothing is really sent")) // it says what it is
	is.True(strings.Contains(body, "No message yet"))         // and that it is empty
	_, body = page(t, request(t, "GET", d.MessengerURL(), "", "Accept-Language", "th-TH,th;q=0.9"))
	is.True(strings.Contains(body, `lang="th"`) && strings.Contains(body, "ระบบสาธิต") && !strings.Contains(body, "Send")) // in Thai alone

	status, body := page(t, request(t, "POST", d.MessengerURL()+"/say", "text=%2Fstart+%3Cb%3E", form...))
	is.Equal(status, http.StatusOK)                     // one may write
	is.True(strings.Contains(body, "/start &lt;b&gt;")) // and sees what one wrote, as text
	is.Equal(updates(t, d), []string{"/start <b>"})     // which the bot is told

	status, _ = page(t, request(t, "POST", d.MessengerURL()+"/say", "text=x", append(form, "Sec-Fetch-Site", "cross-site")...))
	is.Equal(status, http.StatusForbidden)          // another site may not
	is.Equal(updates(t, d), []string{"/start <b>"}) // and the bot is told nothing
}

// updates are what people wrote to the bot, as it is told.
func updates(t testing.TB, d *demo.Demo) (texts []string) {
	t.Helper()
	c := d.Configure(config.Config{})
	_, body := page(t, request(t, "POST", c.Telegram.URL+"/bot"+c.Telegram.Token.Reveal()+"/getUpdates", `{"limit":100}`))
	var answer struct {
		Result []struct {
			Message struct{ Text string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	for _, u := range answer.Result {
		texts = append(texts, u.Message.Text)
	}
	return texts
}
