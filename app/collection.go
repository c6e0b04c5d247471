package app

import (
	"regexp"
	"time"
)

// A Collection is a named set of recordings. One recording may be in several.
type Collection struct {
	ID          string
	BusinessID  BusinessID
	Name        string
	Description string
	Color       string // #RRGGBB
	Items       int    // of those that the asker sees
	CreatedAt   time.Time
	UpdatedAt   time.Time // of the collection or what is in it
}

// DefaultColor is a collection's where none was chosen.
const DefaultColor = "#64748B"

var color = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// IsColor reports whether s is written as #RRGGBB.
func IsColor(s string) bool { return color.MatchString(s) }
