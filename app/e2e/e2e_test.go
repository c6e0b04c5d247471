// Package e2e drives the appliance as its users do: it builds the binary, starts
// it, and speaks to it over loopback alone. Phone system, AI and messengers are
// the simulators of the other packages' tests.
//
// It promises that what it asserts holds for the program that is shipped, with
// its flags, signals, files and crashes. It looks into nothing but the front
// door: no test here opens the database.
package e2e_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the path of the program under test.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "crk-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "crk")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=e2e", "-o", binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build crk: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// readSources looks at the directories that the program is built of. The tool
// that runs the tests notes what a test looks at, and so runs it again, instead
// of repeating what it remembers, once the program has changed.
func readSources(t testing.TB) {
	t.Helper()
	err := filepath.WalkDir("../..", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "bin") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
