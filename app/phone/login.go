package phone

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest user name and password that a person can give, in characters.
const (
	MaxUsername = 200
	MaxPassword = 1000
)

// MaxListed is how many lines or extensions can be chosen.
const MaxListed = 500

// Username reads a user name as people paste it, with blanks and marks that are not
// seen about it. The error's text, which completes "This …", is for the person who
// typed.
func Username(pasted string) (string, error) {
	name := strings.TrimFunc(pasted, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	switch {
	case name == "":
		return "", errors.New("is required")
	case utf8.RuneCountInString(name) > MaxUsername:
		return "", errors.New("must be at most 200 characters")
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", errors.New("must be on one line, without control characters")
	}
	return name, nil
}
