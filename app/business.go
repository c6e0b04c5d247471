package app

import (
	"strings"
	"time"
	"unicode"
)

// DefaultTimeZone is a new business's zone.
const DefaultTimeZone = "Asia/Bangkok"

// A Business is a company that uses the appliance. Bare dates, months and the
// hours in rules mean its time zone.
type Business struct {
	ID        BusinessID `json:"id"`
	Name      string     `json:"name"`
	Slug      string     `json:"slug"` // unique on the appliance, for command lines and URLs
	TimeZone  string     `json:"-"`    // an IANA name
	Language  string     `json:"-"`    // "th" or "en": of messages and analyses
	Hours     Window     `json:"-"`    // in which calls are expected
	CreatedAt time.Time  `json:"-"`
}

// UsualHours are the hours of a business that has not said others.
func UsualHours() Window {
	return Window{Days: []int{1, 2, 3, 4, 5, 6}, From: "08:00", Until: "18:00"}
}

// Location returns the business's time zone, UTC if its name is not known.
func (b Business) Location() *time.Location {
	loc, err := time.LoadLocation(b.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Slug turns a name into its short form: "Acme Co" → "acme-co". A name with
// nothing that can be kept, as one in Thai, gives "business".
func Slug(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			dash = false
			continue
		}
		dash = true
	}
	if b.Len() == 0 {
		return "business"
	}
	return b.String()
}
