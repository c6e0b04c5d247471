// Package clip fits text to what messengers take.
//
// They count in UTF-16 units: a character outside the basic plane counts twice.
// Who counts in characters instead counts fewer, so a text that fits here fits
// there too. It knows nothing of markup: clip the plain text, then escape it.
package clip

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

const (
	ellipsis = "…" // one unit
	joiner   = '\u200d'
)

// Len returns the length of s in UTF-16 units.
func Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// To returns s if it has at most limit UTF-16 units, else its longest beginning
// that has, "…" included. A vowel or tone mark is never torn from its
// consonant, nor an emoji in half. Under a limit of 1 nothing fits.
func To(s string, limit int) string {
	if limit < 1 {
		return ""
	}
	if len(s) <= limit { // no character has more units than bytes
		return s
	}
	used, cut := 0, 0 // cut: where the last cluster that leaves room for "…" ends
	var last rune
	for i, r := range s {
		if used < limit && !continues(last, r) {
			cut = i
		}
		used += utf16.RuneLen(r)
		if used > limit {
			return strings.TrimRightFunc(s[:cut], unicode.IsSpace) + ellipsis
		}
		last = r
	}
	return s
}

// continues reports whether r belongs to the character that prev is part of.
func continues(prev, r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) || r == joiner || prev == joiner
}

// Clean returns s as valid UTF-8 without the control characters that messengers
// refuse or show as boxes; line ends become "\n".
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// Line is Clean for what must stay on one line, without outer blanks.
func Line(s string) string {
	return strings.Join(strings.Fields(Clean(s)), " ")
}
