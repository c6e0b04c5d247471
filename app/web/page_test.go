package web_test

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/web"
	"crk/store/storetest"
)

// A browser keeps cookies, as browsers do.
type browser struct {
	*server
	cookies map[string]*http.Cookie
}

func (s *server) browser() *browser { return &browser{s, map[string]*http.Cookie{}} }

// newPages starts a server with everything that pages need.
func newPages(t *testing.T, change ...func(*web.Options)) *server {
	t.Helper()
	return newServer(t, append([]func(*web.Options){func(o *web.Options) {
		o.Gateway = notify.New(notify.Options{DB: o.DB, Log: o.Log})
	}}, change...)...)
}

func (b *browser) do(t *testing.T, req *http.Request) answer {
	t.Helper()
	for _, c := range b.cookies {
		req.AddCookie(c)
	}
	res, err := b.app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		if b.cookies[c.Name] = c; c.Value == "" {
			delete(b.cookies, c.Name)
		}
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// get asks for a page; header holds names and values by turns.
func (b *browser) get(t *testing.T, path string, header ...string) answer {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.do(t, req)
}

// post sends a form: fields as names and values by turns.
func (b *browser) post(t *testing.T, path string, fields ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(t, req)
}

// follow sends a form and returns the page that it leads to.
func (b *browser) follow(t *testing.T, path string, fields ...string) answer {
	t.Helper()
	a := b.post(t, path, fields...)
	if a.status != http.StatusSeeOther {
		t.Fatalf("POST %s: %d, not 303: %s", path, a.status, words(a.body))
	}
	return b.get(t, a.header.Get("Location"))
}

// enter returns a browser in which somebody is signed in.
func (s *server) enter(t *testing.T, email string) *browser {
	t.Helper()
	b := s.browser()
	if a := b.post(t, "/login", "email", email, "password", storetest.Password); a.status != http.StatusSeeOther {
		t.Fatalf("sign in %s: %d %s", email, a.status, words(a.body))
	}
	return b
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words is the text of a page.
func words(page string) string {
	_, main, _ := strings.Cut(page, "<main")
	return html.UnescapeString(strings.Join(strings.Fields(tags.ReplaceAllString("<main"+main, " ")), " "))
}

// says fails unless the page says it.
func says(t *testing.T, a answer, want string) {
	t.Helper()
	if !strings.Contains(words(a.body), want) {
		t.Errorf("the page does not say %q: %d %s", want, a.status, words(a.body))
	}
}

func TestFormsFromElsewhere(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	for _, header := range []string{"cross-site", "same-site"} {
		req := httptest.NewRequest(http.MethodPost, "/settings/profile", strings.NewReader("name=Eve"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", header)
		is.Equal(b.do(t, req).status, 403) // another site cannot use a person's cookie
	}
	u, err := s.again(t, s.Owner.ID)
	is.NoErr(err)
	is.Equal(u.Name, "Owner") // nothing was changed
}

// again reads a user again.
func (s *server) again(t *testing.T, id app.UserID) (app.User, error) {
	t.Helper()
	return s.Store.User(t.Context(), id)
}

func TestStaticFiles(t *testing.T) {
	is := is.New(t)
	b := newPages(t).browser()
	page := b.get(t, "/login").body
	address := regexp.MustCompile(`/static/[0-9a-f]{12}/css/app\.css`).FindString(page)
	a := b.get(t, address)
	is.Equal(a.status, 200)                                                                       // the style sheet is there
	is.Equal(a.header.Get("Content-Type"), "text/css; charset=utf-8")                             // as what it is
	is.Equal(a.header.Get("Cache-Control"), "public, max-age=31536000, immutable")                // for ever
	is.Equal(b.get(t, address, "Accept-Encoding", "gzip").header.Get("Content-Encoding"), "gzip") // small where that is taken
	old := b.get(t, "/static/000000000000/css/app.css")
	is.Equal(old.status, 200)                                        // an address of before an upgrade still serves
	is.Equal(old.header.Get("Cache-Control"), "no-cache")            // but is asked about again
	is.Equal(b.get(t, "/static/000000000000/../web.go").status, 404) // and nothing else is given out
}

func TestErrorPages(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	a := b.get(t, "/calls/00000000-0000-7000-8000-000000000000")
	is.Equal(a.status, 404)
	says(t, a, "There is nothing here") // in words
	is.True(strings.Contains(a.header.Get("Content-Security-Policy"), "script-src 'self'"))
	th := s.browser().get(t, "/nothing", "Accept-Language", "th")
	says(t, th, "ไม่พบหน้านี้")                             // in the reader's language
	is.True(!strings.Contains(th.body, "There is nothing")) // and no other
}

func TestDemoSaysSo(t *testing.T) {
	is := is.New(t)
	s := newPages(t, func(o *web.Options) { o.Simulated, o.Messenger = true, "http://127.0.0.1:9/" })
	b := s.browser()
	is.True(strings.Contains(b.get(t, "/login", "Accept-Language", "en").body, "simulated on this machine")) // before the login
	b = s.enter(t, "owner@example.com")
	for _, path := range everyPage {
		is.True(strings.Contains(b.get(t, path).body, "simulated on this machine")) // and on every page
	}
}
