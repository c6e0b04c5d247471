package store

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// NormalizePhone returns a number in E.164 form where it can be told, reading a
// national number as a Thai one; else its digits, as of an extension or a short
// number. Two ways to write a number give the same.
func NormalizePhone(s string) string {
	digits := strings.Map(func(r rune) rune {
		if (r >= '0' && r <= '9') || r == '+' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, s)
	if len(digits) < 8 || len(digits) > 20 {
		return digits
	}
	for _, candidate := range []string{digits, "+" + digits} { // 66812345678 without its plus
		n, err := phonenumbers.Parse(candidate, "TH")
		if err == nil && phonenumbers.IsValidNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	return digits
}
