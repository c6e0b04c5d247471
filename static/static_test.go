package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/static"
)

func open(t *testing.T, name string) static.File {
	t.Helper()
	f, current, ok := static.Open(strings.TrimPrefix(static.URL(name), static.Prefix))
	if !ok || !current {
		t.Fatalf("%s is not served at its own address", name)
	}
	return f
}

func TestOpen(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind string
	}{
		{"css/app.css", "text/css; charset=utf-8"},
		{"js/app.js", "text/javascript; charset=utf-8"},
		{"js/htmx.min.js", "text/javascript; charset=utf-8"},
		{"icons.svg", "image/svg+xml"},
		{"favicon.svg", "image/svg+xml"},
		{"fonts/ibm-plex-sans-thai-thai-400-normal.woff2", "font/woff2"},
		{"fonts/OFL.txt", "text/plain; charset=utf-8"},
		{"LICENSES.md", "text/plain; charset=utf-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := open(t, tt.name)
			is.Equal(f.Type, tt.kind)                         // the type is the file's own
			is.True(len(f.Body) > 0)                          // there is something in it
			is.True(slices.Contains(static.Names(), tt.name)) // it is listed
		})
	}
}

func TestOldAddress(t *testing.T) {
	is := is.New(t)
	f, current, ok := static.Open("000000000000/js/app.js")
	is.True(ok)                                             // a page from before an upgrade still finds its file
	is.True(!current)                                       // but may not keep it
	is.True(bytes.Equal(f.Body, open(t, "js/app.js").Body)) // it is today's
	for _, address := range []string{"", "js/app.js", "000000000000/", "000000000000/css/tokens.css", "x/../static.go"} {
		_, _, ok := static.Open(address)
		is.True(!ok) // nothing else is served
	}
}

func TestGzip(t *testing.T) {
	is := is.New(t)
	total := 0
	for _, name := range static.Names() {
		f := open(t, name)
		if f.Gzip == nil {
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(f.Gzip))
		is.NoErr(err) // it is gzip
		plain, err := io.ReadAll(r)
		is.NoErr(err)                       // whole
		is.True(bytes.Equal(plain, f.Body)) // and the same file
		is.True(len(f.Gzip) < len(f.Body))  // smaller
		if strings.HasSuffix(name, ".css") {
			total += len(f.Gzip)
		}
	}
	is.True(total > 0 && total < 16<<10)                                                  // the style sheet stays small on the wire
	is.Equal(open(t, "fonts/ibm-plex-sans-thai-thai-400-normal.woff2").Gzip, []byte(nil)) // fonts are compressed already
}

// TestReferences follows every relative reference of styles and scripts.
func TestReferences(t *testing.T) {
	is := is.New(t)
	css := string(open(t, "css/app.css").Body)
	fonts := regexp.MustCompile(`url\("\.\./([^"]+)"\)`).FindAllStringSubmatch(css, -1)
	is.Equal(len(fonts), 4) // two weights of two scripts
	for _, m := range fonts {
		open(t, m[1])
	}
	is.True(!strings.Contains(css, "http")) // nothing is fetched from elsewhere
	for _, name := range static.Names() {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		for _, m := range regexp.MustCompile(`from "\./([^"]+)"`).FindAllStringSubmatch(string(open(t, name).Body), -1) {
			open(t, "js/"+m[1])
		}
	}
}

// TestLayers holds that every sheet is part of the whole, in an order that
// names the layers first.
func TestLayers(t *testing.T) {
	is := is.New(t)
	css := string(open(t, "css/app.css").Body)
	is.True(strings.Index(css, "@layer tokens, base, layout, components, pages;") < strings.Index(css, "@layer tokens {")) // the order comes first
	sheets, err := os.ReadDir("css")
	is.NoErr(err)
	for _, sheet := range sheets {
		body, err := os.ReadFile("css/" + sheet.Name())
		is.NoErr(err)
		is.True(strings.Contains(css, string(body)))                                 // no sheet is left out
		is.Equal(strings.Count(string(body), "{"), strings.Count(string(body), "}")) // and none breaks the next
	}
}

// TestLicences holds that whatever is vendored is named.
func TestLicences(t *testing.T) {
	is := is.New(t)
	list := string(open(t, "LICENSES.md").Body)
	for _, name := range []string{"htmx.min.js", "icons.svg", "ibm-plex-sans-thai", "OFL.txt"} {
		is.True(strings.Contains(list, name)) // the list names it
	}
	for _, name := range static.Names() {
		if strings.Contains(name, ".min.") {
			is.True(strings.Contains(list, name)) // minified is never ours
		}
	}
}
