package store

import (
	"context"
	"strings"

	"crk/app"
)

const userColumns = `u.id, u.email, u.name, u.language, u.admin, u.calendar, u.totp_at IS NOT NULL, u.created_at`

func userDest(u *app.User) []any {
	return []any{&u.ID, &u.Email, &u.Name, &u.Language, &u.Admin, &u.Calendar, &u.TwoStep, instant{&u.CreatedAt}}
}

func scanUser(row scanner) (u app.User, err error) {
	err = row.Scan(userDest(&u)...)
	return u, err
}

// ErrSetUp says that the appliance has its first user already.
var ErrSetUp = &app.Error{Kind: app.Conflict, Code: "conflict", Message: "This appliance is set up already."}

// HasUsers reports whether the appliance was set up.
func (s *Store) HasUsers(ctx context.Context) (has bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users)`).Scan(&has)
	return has, err
}

// SetUp makes the first user, who is the appliance's administrator, and the
// first business with that user as its owner. It returns ErrSetUp where there
// is a user already, whoever was first.
func (s *Store) SetUp(ctx context.Context, u app.User, password string, b app.Business) (app.User, app.Business, error) {
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return u, b, err
	}
	u.Admin = true
	err = s.write(ctx, func(t *tx) error {
		var has bool
		if err := t.row(`SELECT EXISTS (SELECT 1 FROM users)`).Scan(&has); err != nil {
			return err
		}
		if has {
			return ErrSetUp
		}
		if u, err = t.createUser(u, hash); err != nil {
			return err
		}
		b, err = t.createBusiness(b, u.ID)
		return err
	})
	return u, b, err
}

// CreateUser makes a user. The e-mail address is normalised; one that is taken
// is a Conflict.
func (s *Store) CreateUser(ctx context.Context, u app.User, password string) (app.User, error) {
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return u, err
	}
	err = s.write(ctx, func(t *tx) (err error) {
		u, err = t.createUser(u, hash)
		return err
	})
	return u, err
}

func (t *tx) createUser(u app.User, hash string) (app.User, error) {
	email, err := app.NormalizeEmail(u.Email)
	if err != nil {
		return u, err
	}
	u.ID, u.Email, u.CreatedAt = app.UserID(newID()), email, t.now
	if u.Name == "" {
		u.Name, _, _ = strings.Cut(email, "@")
	}
	if u.Language == "" {
		u.Language = "th"
	}
	err = t.exec(`INSERT INTO users (id, email, name, language, admin, password_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		u.ID, u.Email, u.Name, u.Language, u.Admin, hash, stamp(t.now))
	if taken(err) {
		return u, &app.Error{Kind: app.Conflict, Code: "conflict", Message: "There is a user with this e-mail address already."}
	}
	if err != nil {
		return u, err
	}
	return u, t.auditUser(u.ID, "user.create")
}

// User returns a user by id.
func (s *Store) User(ctx context.Context, id app.UserID) (app.User, error) {
	u, err := scanUser(s.reads.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = ?`, id))
	return u, found(err, "user")
}

// UserByEmail returns a user by e-mail address in any case.
func (s *Store) UserByEmail(ctx context.Context, email string) (app.User, error) {
	u, err := scanUser(s.reads.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.email = ?`,
		strings.ToLower(strings.TrimSpace(email))))
	return u, found(err, "user")
}

// SetUserLanguage changes the language of a user's dashboard, "th" or "en".
func (s *Store) SetUserLanguage(ctx context.Context, id app.UserID, language string) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE users SET language = ? WHERE id = ?`, language, id)
	})
}

// SetUserCalendar changes the calendar of the dates that a user is shown: one of
// app.Calendars, or empty for the language's own.
func (s *Store) SetUserCalendar(ctx context.Context, id app.UserID, calendar string) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE users SET calendar = ? WHERE id = ?`, calendar, id)
	})
}

// RenameUser changes what a user is called; empty takes the name back.
func (s *Store) RenameUser(ctx context.Context, id app.UserID, name string) error {
	return s.write(ctx, func(t *tx) error {
		var was string
		if err := t.row(`SELECT name FROM users WHERE id = ?`, id).Scan(&was); err != nil || was == name {
			return found(err, "user")
		}
		if err := t.exec(`UPDATE users SET name = ? WHERE id = ?`, name, id); err != nil {
			return err
		}
		var touched changes
		touched.set("name", was, name)
		return t.auditUser(id, "user.update", touched...)
	})
}

// AddMember makes a user a member of a business, or changes the role of one
// who is.
func (s *Store) AddMember(ctx context.Context, business app.BusinessID, user app.UserID, role app.Role) error {
	if !role.Valid() {
		var p app.Problems
		p.Add("role", "%q is not a role.", string(role))
		return p.Err()
	}
	return s.write(ctx, func(t *tx) error { return t.addMember(business, user, role) })
}

func (t *tx) addMember(business app.BusinessID, user app.UserID, role app.Role) error {
	var email string
	var was app.Role
	err := t.row(`SELECT u.email, coalesce(m.role, '') FROM users u
		LEFT JOIN members m ON m.user_id = u.id AND m.business_id = ? WHERE u.id = ?`, business, user).Scan(&email, &was)
	if err != nil || was == role {
		return found(err, "user")
	}
	err = t.exec(`INSERT INTO members (business_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (business_id, user_id) DO UPDATE SET role = excluded.role`, business, user, role, stamp(t.now))
	if err != nil {
		return err
	}
	action, touched := app.Action("member.create"), changes{}
	if was != "" {
		action = "member.update"
	}
	touched.set("role", string(was), string(role))
	return t.audit(business, action, string(user), email, touched...)
}

// SetMemberAgents assigns agents to a member: the calls that view_recording_self
// shows.
func (s *Store) SetMemberAgents(ctx context.Context, business app.BusinessID, user app.UserID, agents []string) error {
	if agents == nil {
		agents = []string{}
	}
	return s.write(ctx, func(t *tx) error {
		var email string
		var was []string
		err := t.row(`SELECT u.email, m.agents FROM members m JOIN users u ON u.id = m.user_id
			WHERE m.business_id = ? AND m.user_id = ?`, business, user).Scan(&email, asJSON{&was})
		if err != nil {
			return found(err, "member")
		}
		err = t.exec(`UPDATE members SET agents = ? WHERE business_id = ? AND user_id = ?`, toJSON(agents), business, user)
		if err != nil {
			return err
		}
		var touched changes
		touched.set("agents", was, agents)
		return t.audit(business, "member.update", string(user), email, touched...)
	})
}

const memberColumns = businessColumns + `, ` + userColumns + `, m.role, m.agents`

func memberDest(m *app.Member) []any {
	return append(append(businessDest(&m.Business), userDest(&m.User)...), &m.Role, asJSON{&m.Agents})
}

func scanMember(row scanner) (m app.Member, err error) {
	err = row.Scan(memberDest(&m)...)
	return m, err
}

// memberFrom joins the members who are not suspended with what they are members of.
const memberFrom = ` FROM members m JOIN businesses b ON b.id = m.business_id AND m.suspended_at IS NULL JOIN users u ON u.id = m.user_id `

// Member returns a user in a business, or a NotFound error where the user does
// not belong to it or either is not there.
func (s *Store) Member(ctx context.Context, business app.BusinessID, user app.UserID) (app.Member, error) {
	of := func(r *rights) map[membership]app.Member { return r.members }
	return kept(ctx, s, of, membership{business, user}, func() (app.Member, error) {
		m, err := scanMember(s.readHot(ctx, `SELECT `+memberColumns+memberFrom+`
			WHERE m.business_id = ? AND m.user_id = ?`, business, user))
		return m, found(err, "member")
	})
}

// Members returns the people of a business, by name, but for those suspended.
func (s *Store) Members(ctx context.Context, business app.BusinessID) ([]app.Member, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+memberColumns+memberFrom+`
		WHERE m.business_id = ? ORDER BY u.name, u.id`, business)
	return collect(rows, err, scanMember)
}

// FirstMember returns a user in one of the user's businesses, the first by
// name; a NotFound error where there is none.
func (s *Store) FirstMember(ctx context.Context, user app.UserID) (app.Member, error) {
	m, err := scanMember(s.reads.QueryRowContext(ctx, `SELECT `+memberColumns+memberFrom+`
		WHERE m.user_id = ? ORDER BY b.name, b.id LIMIT 1`, user))
	return m, found(err, "member")
}

// Authenticate returns the user with this e-mail address and password, or
// ErrLogin. It takes the same time for an address that nobody has.
func (s *Store) Authenticate(ctx context.Context, email, password string) (app.User, error) {
	u, err := s.UserByEmail(ctx, email)
	if err != nil && !app.IsKind(err, app.NotFound) {
		return app.User{}, err
	}
	hash := decoyHash
	if err == nil {
		if err := s.reads.QueryRowContext(ctx, `SELECT password_hash FROM users WHERE id = ?`, u.ID).Scan(&hash); err != nil {
			return app.User{}, err
		}
	}
	ok, herr := s.comparePassword(ctx, password, hash)
	if herr != nil {
		return app.User{}, herr
	}
	if err != nil || !ok {
		return app.User{}, ErrLogin
	}
	return u, nil
}

// SetPassword changes a user's password and ends every session of the user.
func (s *Store) SetPassword(ctx context.Context, id app.UserID, password string) error {
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`UPDATE users SET password_hash = ? WHERE id = ?`, hash, id)
		if err == nil && n == 0 {
			err = app.Missing("user")
		}
		if err != nil {
			return err
		}
		if _, err := t.endSessions(id, ""); err != nil {
			return err
		}
		var touched changes
		touched.hide("password", true)
		return t.auditUser(id, "user.password", touched...)
	})
}
