package app

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A User is a person who signs in. One user may belong to several businesses.
type User struct {
	ID        UserID
	Email     string // lower case, unique on the appliance
	Name      string
	Language  string // "th" or "en": of the dashboard
	Admin     bool   // the instance's administrator: the first user
	Calendar  string // of the dates shown: one of Calendars, or empty for the language's own
	TwoStep   bool   // asked for a one-time code when signing in
	CreatedAt time.Time
}

// Calendars lists the calendars that dates can be shown in.
func Calendars() []string { return []string{"buddhist", "gregorian"} }

// A Role is what a member may do in one business.
type Role string

// The roles, from most to least.
const (
	Owner      Role = "owner"
	RoleAdmin  Role = "admin"
	Supervisor Role = "supervisor"
	Agent      Role = "agent"
	Viewer     Role = "viewer"
)

// Roles lists every role, from most to least.
func Roles() []Role { return []Role{Owner, RoleAdmin, Supervisor, Agent, Viewer} }

// Valid reports whether r is a known role.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// A Member is a user in a business.
type Member struct {
	Business Business
	User     User
	Role     Role
	Agents   []string // agent keys assigned to the user, for view_recording_self
}

// A Session is a signed-in browser. Only the hash of its token is kept.
type Session struct {
	ID         string // public name, for the list of sessions; not the token
	UserID     UserID
	BusinessID BusinessID // the business its pages show
	CreatedAt  time.Time
	SeenAt     time.Time
	ExpiresAt  time.Time
	IP         string
	Agent      string // the browser's own description, cut at 200 bytes
}

// NormalizeEmail returns the address in the form in which it is stored and
// compared, or an error that names what is wrong with it.
func NormalizeEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		var p Problems
		p.Add("email", "Give an e-mail address such as name@example.com.")
		return "", p.Err()
	}
	return s, nil
}

// CheckPassword reports why a new password cannot be taken. Length is the one
// rule (NIST SP 800-63B): from 10 characters to 200 bytes.
func CheckPassword(s string) error {
	var p Problems
	if utf8.RuneCountInString(s) < 10 {
		p.Add("password", "Use at least 10 characters.")
	}
	if len(s) > 200 {
		p.Add("password", "Use at most 200 bytes.")
	}
	return p.Err()
}
