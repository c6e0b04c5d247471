package web

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"crk/app"
)

// checkLength notes a text of more than most characters.
func checkLength(p *app.Problems, field string, v *string, most int) {
	if v != nil && utf8.RuneCountInString(*v) > most {
		p.Add(field, "Use at most %d characters.", most)
	}
}

// checkOneOf notes a value that is not in a closed list.
func checkOneOf(p *app.Problems, field, v string, allowed []string) {
	if !slices.Contains(allowed, v) {
		p.Add(field, "This must be one of: %s.", strings.Join(allowed, ", "))
	}
}

// sentence makes one of the text of an error that is fit for people.
func sentence(err error) string {
	text := err.Error()
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:] + "."
}
