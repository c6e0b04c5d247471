package web_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"mime"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// answered notes the operations whose answers were checked, for TestMain.
var answered struct {
	sync.Mutex
	ids map[string]bool
}

// TestMain fails a whole run in which some operation of the document never
// answered as it should: then nothing compared its answers with the document.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" &&
		flag.Lookup("test.list").Value.String() == ""
	if code == 0 && whole {
		for _, o := range mustDocument().operations() {
			_, socket := o.node["responses"].(map[string]any)["101"] // its messages are tested where sockets are
			if !answered.ids[o.id] && !socket {
				fmt.Printf("no test made %s %s (%s) answer: nothing compares its answer with openapi.json\n", o.method, o.path, o.id)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// mustDocument reads the document once for all tests.
var mustDocument = sync.OnceValue(func() document {
	b, err := os.ReadFile("openapi.json")
	if err != nil {
		panic(err)
	}
	var d document
	if err := json.Unmarshal(b, &d.root); err != nil {
		panic(err)
	}
	return d
})

// checkAnswer compares an answer of the API with the document: its status is
// one of the operation's, and its body fits the schema. Every call of every
// test in this package goes through it.
func checkAnswer(t testing.TB, method, path string, a answer) {
	t.Helper()
	path, _, _ = strings.Cut(path, "?")
	path, api := strings.CutPrefix(path, "/api/v1")
	if !api {
		return
	}
	if a.header.Get("X-Request-Id") == "" {
		t.Errorf("%s %s: the answer has no X-Request-Id", method, path)
	}
	d := mustDocument()
	o, ok := d.find(method, path)
	if !ok || a.status >= 500 && a.status != 503 {
		return
	}
	response, _ := d.at(o.node, "responses", fmt.Sprint(a.status)).(map[string]any)
	if response == nil {
		t.Errorf("%s %s answers %d, which openapi.json does not know of %s", method, path, a.status, o.id)
		return
	}
	answered.Lock()
	if answered.ids == nil {
		answered.ids = map[string]bool{}
	}
	answered.ids[o.id] = answered.ids[o.id] || a.status < 400
	answered.Unlock()
	checkBody(t, d, o, response, a)
}

func checkBody(t testing.TB, d document, o operation, response map[string]any, a answer) {
	t.Helper()
	content, _ := response["content"].(map[string]any)
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	family, _, _ := strings.Cut(kind, "/")
	switch {
	case content == nil && a.body != "":
		t.Errorf("%s answers %d with a body, where openapi.json has none", o.id, a.status)
	case content != nil && content[kind] == nil && content[family+"/*"] == nil:
		t.Errorf("%s answers %d with %q, which openapi.json does not know", o.id, a.status, kind)
	case kind == "application/json" && content != nil:
		var v any
		if err := json.Unmarshal([]byte(a.body), &v); err != nil {
			t.Errorf("%s answers no JSON: %v", o.id, err)
		}
		for _, wrong := range d.check(d.at(content, kind, "schema"), v, o.id) {
			t.Errorf("the answer %d does not fit openapi.json: %s", a.status, wrong)
		}
	}
}

// TestDocumentIsComplete compares the document with the routes that the server
// has.
func TestDocumentIsComplete(t *testing.T) {
	s := newServer(t)
	var routes, documented []string
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range s.app.GetRoutes(true) {
		path, api := strings.CutPrefix(r.Path, "/api/v1/")
		if api && r.Method != "HEAD" && r.Method != "CONNECT" {
			routes = append(routes, r.Method+" /"+parameter.ReplaceAllString(path, "{$1}"))
		}
	}
	for _, o := range mustDocument().operations() {
		documented = append(documented, o.method+" "+o.path)
	}
	for _, r := range routes {
		if !slices.Contains(documented, r) {
			t.Errorf("openapi.json lacks %s", r)
		}
	}
	for _, r := range documented {
		if !slices.Contains(routes, r) {
			t.Errorf("openapi.json has %s, which the server has not", r)
		}
	}
}

// TestDocumentIsWellFormed checks what the other tests take for granted.
func TestDocumentIsWellFormed(t *testing.T) {
	is := is.New(t)
	d := mustDocument()
	is.Equal(d.root["openapi"], "3.1.0")
	ids := map[string]bool{}
	for _, o := range d.operations() {
		if o.id == "" || ids[o.id] {
			t.Errorf("%s %s: the operationId %q is empty or taken", o.method, o.path, o.id)
		}
		ids[o.id] = true
		if text, _ := o.node["summary"].(string); text == "" {
			t.Errorf("%s: no summary", o.id)
		}
		if o.scope != "" && !app.Scope(o.scope).Valid() {
			t.Errorf("%s: %q is no scope", o.id, o.scope)
		}
		for _, kind := range []string{"application/json"} {
			body, _ := d.at(o.node, "requestBody", "content", kind).(map[string]any)
			if body == nil || body["example"] == nil {
				continue
			}
			for _, wrong := range d.check(body["schema"], body["example"], o.id) {
				t.Errorf("the example of a request does not fit: %s", wrong)
			}
		}
	}
	eachRef(d.root, func(ref string) {
		if d.follow(map[string]any{"$ref": ref}) == nil {
			t.Errorf("there is no %s", ref)
		}
	})
}

// eachRef calls f with every reference in v.
func eachRef(v any, f func(ref string)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			f(ref)
		}
		for _, inner := range v {
			eachRef(inner, f)
		}
	case []any:
		for _, inner := range v {
			eachRef(inner, f)
		}
	}
}

// TestEveryRouteAsksForItsScope walks the whole API with no key, with a key
// that lacks the scope that the document names, and with one that has it.
func TestEveryRouteAsksForItsScope(t *testing.T) {
	s := newServer(t)
	for _, o := range mustDocument().operations() {
		t.Run(o.id, func(t *testing.T) {
			if o.open {
				return
			}
			is := is.New(t)
			path := "/api/v1" + strings.ReplaceAll(o.path, "{id}", "01936b2e-0000-7000-8000-000000000000")
			a := s.call(t, o.method, path, "", nil)
			is.Equal(a.status, 401) // nobody gets in without a key
			if o.scope == "" {
				return
			}
			a = s.call(t, o.method, path, s.Key(t, other(o.scope)), nil)
			is.Equal(a.status, 403) // nor with a key for something else
			is.Equal(a.json(t)["error"], "insufficient_scope")
			is.Equal(a.json(t)["details"].([]any)[0].(map[string]any)["message"], o.scope) // and is told what it lacks
			a = s.call(t, o.method, path, s.Key(t, app.Scope(o.scope), app.ViewRecordingAll), nil)
			is.True(a.status != 401 && a.status != 403) // with the scope the call is served
		})
	}
}

// other is a scope that does not allow what the given one does.
func other(scope string) app.Scope {
	if app.Scope(scope) == app.ViewUsage {
		return app.ManageWebhooks
	}
	return app.ViewUsage
}
