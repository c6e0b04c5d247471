package app_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/matryer/is"

	"crk/app"
)

func TestParseTemplate(t *testing.T) {
	for _, tt := range []struct{ name, text, want, problem string }{
		{"text", "hello", "hello", ""},
		{"variable", "a {{score}} b", "a <score> b", ""},
		{"blanks beside the name", "{{  score\t}}", "<score>", ""},
		{"next to each other", "{{score}}{{tag}}", "<score><tag>", ""},
		{"single braces are text", "{score} } }} {", "{score} } }} {", ""},
		{"line breaks stay", "a\n\n{{tag}}", "a\n\n<tag>", ""},
		{"unknown", "{{score}} {{model}}", "", `"model" is no variable; the variables are score, score_reason`},
		{"several unknown", "{{a}} {{b}} {{b}}", "", `"a", "b" is no variable`},
		{"case matters", "{{Score}}", "", `"Score"`},
		{"nothing named", "{{}}", "", `"" is no variable`},
		{"three braces", "{{{score}}}", "", `"{score"`},
		{"never closed", "a {{score", "", `the {{ before "score" has no }}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			template, err := app.ParseTemplate(tt.text)
			if tt.problem != "" {
				is.True(err != nil)                                // is refused
				is.True(strings.Contains(err.Error(), tt.problem)) // saying why
				return
			}
			is.NoErr(err)                                                                                // is taken
			is.Equal(template.Fill(1000, func(name string) string { return "<" + name + ">" }), tt.want) // variables are replaced
		})
	}
}

func TestTemplateFill(t *testing.T) {
	is := is.New(t)
	template, err := app.ParseTemplate("{{agent}}|{{summary}}")
	is.NoErr(err) // every variable is known

	values := map[string]string{"agent": "{{score}}", "summary": " \n "}
	fill := func(limit int) string {
		return template.Fill(limit, func(name string) string { return values[name] })
	}
	is.Equal(fill(100), "{{score}}|-") // a value is not looked into, a blank one prints "-"

	values["summary"] = strings.Repeat("ก", 100)
	for limit := range 200 {
		got := fill(limit)
		is.True(len(got) <= max(limit, len("…"))) // no longer than the limit
		is.True(utf8.ValidString(got))            // cut between characters
		is.True(strings.HasSuffix(got, "…"))      // and it shows
	}
	is.Equal(fill(310), "{{score}}|"+values["summary"]) // what just fits is whole
}

func TestEveryVariableParses(t *testing.T) {
	for _, name := range app.MessageVariables() {
		if _, err := app.ParseTemplate("{{" + name + "}}"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(app.MessageVariables()); n != 17 {
		t.Errorf("%d variables, the API documents 17", n)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "{{score}}", "{{", "}}", "{{ tag }}x{{link}}", "ก{{summary}}ข", "{{{{score}}}}"} {
		f.Add(s, "v", 20)
	}
	f.Fuzz(func(t *testing.T, text, value string, limit int) {
		template, err := app.ParseTemplate(text)
		if err != nil {
			return
		}
		limit = min(max(limit, len("…")), 1<<16)
		if got := template.Fill(limit, func(string) string { return value }); len(got) > limit {
			t.Fatalf("%d bytes of %d", len(got), limit)
		}
		if !strings.Contains(text, "{{") && len(text) <= limit {
			if got := template.Fill(limit, func(string) string { return value }); got != text {
				t.Fatalf("text without variables became %q", got)
			}
		}
	})
}
