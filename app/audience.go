package app

// An Audience is the roles of the members that an in-app notification is for, a
// bit for each; 0 is everybody. It is what the database holds: no bit may change
// its meaning.
type Audience uint8

// bit is the one that stands for the role; 0 for what is no role.
func (r Role) bit() Audience {
	switch r {
	case Owner:
		return 1
	case RoleAdmin:
		return 2
	case Supervisor:
		return 4
	case Agent:
		return 8
	case Viewer:
		return 16
	}
	return 0
}

// AudienceOf returns the audience of these roles; of none it is everybody.
func AudienceOf(roles []Role) Audience {
	var a Audience
	for _, r := range roles {
		a |= r.bit()
	}
	return a
}

// Includes reports whether members of the role are among the audience.
func (a Audience) Includes(r Role) bool { return a == 0 || a&r.bit() != 0 }

// Roles returns the roles of the audience; none for everybody.
func (a Audience) Roles() []Role {
	var out []Role
	if a == 0 {
		return out
	}
	for _, r := range Roles() {
		if a.Includes(r) {
			out = append(out, r)
		}
	}
	return out
}
