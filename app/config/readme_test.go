package config_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"crk/app/config"
)

var update = flag.Bool("update", false, "write the table of settings into the README")

const (
	tableBegins = "<!-- settings -->\n"
	tableEnds   = "<!-- /settings -->"
)

func TestReadmeListsEverySetting(t *testing.T) {
	const file = "../../README.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), tableBegins)
	_, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Fatal("the README has no place for the table of settings")
	}
	want := before + tableBegins + table() + tableEnds + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(b) != want {
		t.Error("the README's table of settings is not true: go test ./app/config -update")
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| setting | default | what it does |\n|---|---|---|\n")
	for _, s := range config.Settings() {
		def := ""
		if s.Default != "" {
			def = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, def, s.Text)
	}
	return b.String()
}
