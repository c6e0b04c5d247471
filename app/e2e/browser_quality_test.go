package e2e_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// heaviest is what a page may weigh as it is sent, fonts and audio aside, in
// bytes.
const heaviest = 150_000

const weightOf = `performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
	.filter((e) => !/\.woff2$|\/audio$/.test(new URL(e.name).pathname))
	.reduce((sum, e) => sum + e.encodedBodySize, 0)`

// weigh complains of a page that is too heavy.
func (v *tab) weigh(path string) {
	v.t.Helper()
	var weight float64
	v.eval(weightOf, &weight)
	if weight > heaviest || weight == 0 {
		v.t.Errorf("%s weighs %.0f bytes; a page weighs %d at most", path, weight, heaviest)
	}
}

// axe is the accessibility checker, as its makers publish it.
var axe = sync.OnceValues(func() (string, error) {
	f, err := os.Open(filepath.Join("testdata", "axe.min.js.gz"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(z)
	return string(b), err
})

// A fault is something that axe finds serious.
type fault struct {
	Rule  string   `json:"rule"`
	Help  string   `json:"help"`
	Where []string `json:"where"`
}

const faultsOf = `axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations
	.filter((v) => v.impact === "serious" || v.impact === "critical")
	.map((v) => ({rule: v.id, help: v.help, where: v.nodes.slice(0, 3).map((n) => n.target.join(" ") + ": " + n.failureSummary.slice(0, 300))}))))`

// judge complains of what axe finds serious on the page that is open, in light
// and in dark.
func (v *tab) judge(path string) {
	v.t.Helper()
	script, err := axe()
	if err != nil {
		v.t.Fatal(err)
	}
	language := v.text("html@lang")
	for _, theme := range []string{"light", "dark"} {
		v.run("put on the "+theme+" theme", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}))
		v.eval(script+"\n;true", new(bool))
		v.accuse(path+" in "+language+", "+theme, v.axeFinds())
	}
	v.run("take the theme off", emulation.SetEmulatedMedia())
}

func (v *tab) accuse(where, found string) {
	v.t.Helper()
	var faults []fault
	if err := json.Unmarshal([]byte(found), &faults); err != nil {
		v.t.Fatal(err)
	}
	for _, f := range faults {
		v.t.Errorf("%s: %s (%s)\n\t%s", where, f.Help, f.Rule, strings.Join(f.Where, "\n\t"))
	}
}

// isAwake keeps the checker from passing everything: a picture that says nothing
// is a fault.
func (v *tab) isAwake() {
	v.t.Helper()
	script, err := axe()
	if err != nil {
		v.t.Fatal(err)
	}
	v.eval(script+"\n;document.body.prepend(document.createElement('img'));true", new(bool))
	if found := v.axeFinds(); !strings.Contains(found, "image-alt") {
		v.t.Fatalf("axe finds nothing where there is something: %s", found)
	}
	v.eval("document.querySelector('body > img').remove();true", new(bool))
}

func (v *tab) axeFinds() (found string) {
	v.t.Helper()
	v.run("ask axe", chromedp.Evaluate(faultsOf, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return found
}
