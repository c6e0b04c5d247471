package app_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// imports is the architecture: what of ours each package may import. "x/..."
// stands for x and everything below it. Tests may import what they need.
var imports = map[string][]string{
	".": {"..."},

	// The domain and what needs nothing of ours.
	"app":           {},
	"app/audio/mp3": {},
	"app/audio/ogg": {},
	"app/certs":     {},
	"app/config":    {},
	"app/disk":      {},
	"app/egress":    {},
	"app/feed":      {},
	"app/measure":   {},
	"app/memory":    {},
	"app/phone":     {},
	"app/secret":    {},
	"static":        {},

	// What keeps things.
	"app/audio":       {"app", "app/audio/mp3", "app/audio/ogg", "app/secret"},
	"app/backup":      {"app", "app/config", "app/datadir", "app/secret", "store"},
	"app/datadir":     {"app/audio", "app/config", "app/disk", "app/secret", "store"},
	"store":           {"app", "app/secret"},
	"store/storetest": {"app", "app/secret", "store"},

	"app/doctor": {"app", "app/certs", "app/config", "app/datadir", "app/disk", "app/egress", "app/secret", "store"},

	// The edges to other people's servers.
	"app/phone/dtac":        {"app/phone"},
	"app/phone/threecx":     {"app/phone"},
	"app/phone/phonetest":   {"app/phone"},
	"app/phone/contract":    {"app/phone", "app/phone/phonetest"},
	"app/ai/openai":         {"app"},
	"app/ai/aitest":         {"app", "app/audio"},
	"app/notify/clip":       {},
	"app/notify/pace":       {},
	"app/notify/transport":  {"app"},
	"app/notify/telegram":   {"app", "app/notify/clip", "app/notify/pace", "app/notify/transport"},
	"app/notify/discord":    {"app", "app/notify/clip", "app/notify/pace", "app/notify/transport"},
	"app/notify/notifytest": {"app"},

	// The stages. None imports another.
	"app/syncer":     {"app", "app/jobs", "store", "app/phone/...", "app/audio"},
	"app/ai":         {"app", "app/jobs", "store", "app/audio", "app/ai/..."},
	"app/automation": {"app", "app/jobs", "store"},
	"app/notify":     {"app", "app/jobs", "store", "app/notify/..."},
	"app/webhook":    {"app", "app/egress", "store"},
	"app/upkeep":     {"app", "app/jobs", "store", "app/audio"},
	"app/jobs":       {"app", "app/disk", "store"},

	// What people and programs see.
	"views":       {"app", "static"},
	"app/web":     {"app/...", "static", "store", "views"},
	"app/command": {"app/...", "store"},
	"app/demo":    {"app/...", "store"},

	// The simulators, for whoever wants to try the program on them.
	"app/simulate": {"app/phone/phonetest"},

	// What measures the program, as another process and through its front door.
	"app/bench": {"app", "app/secret", "store"},
}

// forbidden is what the wide rules above do not mean.
var forbidden = map[string][]string{
	"app/web":     {"app/jobs", "app/e2e", "app/command", "app/demo"},
	"app/command": {"app/web", "app/e2e", "app/demo"},
	"app/demo":    {"app/web", "app/e2e"},
}

// simulators serve tests, and what says that it simulates.
var simulators = []string{"app/phone/phonetest", "app/ai/aitest", "app/notify/notifytest", "store/storetest", "app/phone/contract"}

// topLevel is all that a person sees first. What running makes is in .gitignore.
var topLevel = []string{
	"main.go", "app", "views", "store", "static", "schema.sql", "Makefile", "go.mod", "go.sum", "README.md", "LICENSE",
	"staticcheck.conf", "bin", "data", "demo-data",
}

const (
	maxFileLines     = 400
	maxFunctionLines = 60
)

func TestImports(t *testing.T) {
	for dir, pkg := range source(t) {
		allowed, known := imports[dir]
		if !known {
			t.Errorf("package %s has no rule: say in this file what it may import", dir)
			continue
		}
		for imported, file := range pkg.imports {
			ours, is := strings.CutPrefix(imported+"/", "crk/")
			if !is {
				if dir == "app" && strings.Contains(imported, ".") {
					t.Errorf("%s imports %s: the domain needs nothing but the standard library", file, imported)
				}
				continue
			}
			ours = strings.TrimSuffix(ours, "/")
			if !matches(allowed, ours) || matches(forbidden[dir], ours) {
				t.Errorf("%s imports %s: %s may import %v", file, ours, dir, allowed)
			}
			if slices.Contains(simulators, ours) && dir != "app/demo" && dir != "app/simulate" && !slices.Contains(simulators, dir) {
				t.Errorf("%s imports %s, which is for tests", file, ours)
			}
		}
	}
}

// TestRulesAreNeeded keeps the table from telling of packages that are gone.
func TestRulesAreNeeded(t *testing.T) {
	packages := source(t)
	for dir := range imports {
		if _, there := packages[dir]; !there {
			t.Errorf("there is no package %s: take its rule out", dir)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for dir, pkg := range source(t) {
		if strings.Count(pkg.doc, "\n") == 0 && dir != "." {
			t.Errorf("package %s: no package comment, or one of a single line", dir)
		}
	}
}

func TestEveryExportedNameIsExplained(t *testing.T) {
	for _, pkg := range source(t) {
		for _, name := range pkg.unexplained {
			t.Errorf("%s has no comment", name)
		}
	}
}

func TestNothingIsTooLong(t *testing.T) {
	for _, pkg := range source(t) {
		for _, what := range pkg.tooLong {
			t.Error(what)
		}
	}
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(topLevel, e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// matches reports whether a package is in the list of a rule.
func matches(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(rule string) bool {
		tree, wide := strings.CutSuffix(rule, "...")
		tree = strings.TrimSuffix(tree, "/")
		return rule == pkg || wide && (tree == "" || tree == pkg || strings.HasPrefix(pkg, tree+"/"))
	})
}

// A pkg is what the tests want to know of a package's written, non-test files.
type pkg struct {
	doc         string
	imports     map[string]string // path → a file that imports it
	unexplained []string
	tooLong     []string
}

// source reads every package by its directory, "." being main's.
func source(t testing.TB) map[string]*pkg {
	t.Helper()
	packages := map[string]*pkg{}
	fset := token.NewFileSet()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != ".."):
			return fs.SkipDir
		case d.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		rel := filepath.ToSlash(strings.TrimPrefix(name, ".."+string(filepath.Separator)))
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(rel)
		if packages[dir] == nil {
			packages[dir] = &pkg{imports: map[string]string{}}
		}
		packages[dir].read(fset, rel, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) == 0 {
		t.Fatal("no source found")
	}
	return packages
}

func (p *pkg) read(fset *token.FileSet, name string, file *ast.File) {
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		p.imports[imported] = name
	}
	if ast.IsGenerated(file) {
		return
	}
	p.doc += file.Doc.Text()
	if lines := fset.File(file.Pos()).LineCount(); lines > maxFileLines {
		p.tooLong = append(p.tooLong, fmt.Sprintf("%s has %d lines, more than %d", name, lines, maxFileLines))
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			p.readFunc(fset, name, decl)
		case *ast.GenDecl:
			p.readGen(name, decl)
		}
	}
}

func (p *pkg) readFunc(fset *token.FileSet, file string, f *ast.FuncDecl) {
	lines := fset.Position(f.End()).Line - fset.Position(f.Pos()).Line + 1
	if lines > maxFunctionLines {
		p.tooLong = append(p.tooLong, fmt.Sprintf("%s: %s has %d lines, more than %d", file, f.Name, lines, maxFunctionLines))
	}
	if f.Name.IsExported() && exportedReceiver(f) && f.Doc == nil {
		p.unexplained = append(p.unexplained, file+": "+f.Name.Name)
	}
}

func (p *pkg) readGen(file string, decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		var name string
		explained := decl.Doc != nil
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			name, explained = spec.Name.Name, explained || spec.Doc != nil
		case *ast.ValueSpec:
			name, explained = spec.Names[0].Name, explained || spec.Doc != nil || spec.Comment != nil
		}
		if ast.IsExported(name) && !explained {
			p.unexplained = append(p.unexplained, file+": "+name)
		}
	}
}

// exportedReceiver reports whether f is no method, or one of an exported type.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	of := f.Recv.List[0].Type
	for {
		switch t := of.(type) {
		case *ast.StarExpr:
			of = t.X
		case *ast.IndexExpr:
			of = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// TestMatches keeps the checker itself honest.
func TestMatches(t *testing.T) {
	for rule, want := range map[string][]string{
		"app":       {"app"},
		"app/...":   {"app", "app/ai", "app/ai/openai"},
		"app/a/...": {},
		"...":       {"app", "app/ai", "app/ai/openai", "store"},
	} {
		var got []string
		for _, pkg := range []string{"app", "app/ai", "app/ai/openai", "store"} {
			if matches([]string{rule}, pkg) {
				got = append(got, pkg)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s matches %v, want %v", rule, got, want)
		}
	}
}
