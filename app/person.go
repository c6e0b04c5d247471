package app

import "time"

// InvitationLife is how long an invitation can be accepted.
const InvitationLife = 7 * 24 * time.Hour

// A Person is a member of a business as those see who manage its people.
type Person struct {
	Member
	Active  bool      // false: suspended; may do nothing here until restored
	SeenAt  time.Time // when the person last used the dashboard; zero: never
	TwoStep bool      // the person signs in with a one-time code too
}

// An Invitation lets whoever has its link become a member of a business, once.
// Only the hash of the link's token is kept.
type Invitation struct {
	ID         string
	BusinessID BusinessID
	Business   string // its name
	Role       Role
	Agents     []string // agent keys to be assigned
	Email      string   // whom it is meant for: a note, not a condition; may be empty
	InvitedBy  string   // the name of who made it
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// MayManage reports whether somebody of role r may change a member of role
// other, or make one: owners are made and unmade by owners alone.
func (r Role) MayManage(other Role) bool {
	return r == Owner || (r == RoleAdmin && other != Owner)
}
