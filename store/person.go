package store

import (
	"context"
	"slices"

	"crk/app"
)

// People returns everybody of a business, by name, those suspended with them.
func (s *Store) People(ctx context.Context, business app.BusinessID) ([]app.Person, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+memberColumns+`, m.suspended_at IS NULL, l.at
		FROM members m JOIN businesses b ON b.id = m.business_id JOIN users u ON u.id = m.user_id LEFT JOIN last_seen l ON l.user_id = u.id
		WHERE m.business_id = ? ORDER BY u.name, u.id`, business)
	return collect(rows, err, scanPerson)
}

func scanPerson(row scanner) (p app.Person, err error) {
	err = row.Scan(append(memberDest(&p.Member), &p.Active, instant{&p.SeenAt})...)
	p.TwoStep = p.User.TwoStep
	return p, err
}

// Person returns one member of a business, suspended or not.
func (s *Store) Person(ctx context.Context, business app.BusinessID, user app.UserID) (app.Person, error) {
	all, err := s.People(ctx, business)
	if err != nil {
		return app.Person{}, err
	}
	i := slices.IndexFunc(all, func(p app.Person) bool { return p.User.ID == user })
	if i < 0 {
		return app.Person{}, app.Missing("member")
	}
	return all[i], nil
}

// A PersonPatch changes a member. Nil fields stay.
type PersonPatch struct {
	Role   *app.Role
	Active *bool
	Agents *[]string
}

// PatchPerson changes a member for somebody of role by. It is Forbidden where
// that one may not, and a Conflict where no active owner would be left.
func (s *Store) PatchPerson(ctx context.Context, business app.BusinessID, user app.UserID, by app.Role, p PersonPatch) error {
	return s.write(ctx, func(t *tx) error {
		was, err := t.person(business, user)
		if err != nil {
			return err
		}
		now := was
		if p.Role != nil {
			now.Role = *p.Role
		}
		if p.Active != nil {
			now.Active = *p.Active
		}
		if p.Agents != nil {
			now.Agents = *p.Agents
		}
		if !by.MayManage(was.Role) || !by.MayManage(now.Role) {
			return errOwnersOnly
		}
		err = t.exec(`UPDATE members SET role = ?, agents = ?, suspended_at = CASE WHEN ? THEN NULL ELSE coalesce(suspended_at, ?) END
			WHERE business_id = ? AND user_id = ?`, now.Role, list(now.Agents), now.Active, stamp(t.now), business, user)
		if err != nil {
			return err
		}
		var touched changes
		touched.set("role", string(was.Role), string(now.Role))
		touched.set("active", was.Active, now.Active)
		touched.set("agents", was.Agents, now.Agents)
		if len(touched) == 0 {
			return nil
		}
		if err := t.audit(business, "member.update", string(user), was.User.Email, touched...); err != nil {
			return err
		}
		return t.keepAnOwner(business)
	})
}

// RemovePerson takes a user out of a business for somebody of role by, with the
// keys that the user has there. The account itself stays.
func (s *Store) RemovePerson(ctx context.Context, business app.BusinessID, user app.UserID, by app.Role) error {
	return s.write(ctx, func(t *tx) error {
		was, err := t.person(business, user)
		if err != nil {
			return err
		}
		if !by.MayManage(was.Role) {
			return errOwnersOnly
		}
		if err := t.exec(`DELETE FROM members WHERE business_id = ? AND user_id = ?`, business, user); err != nil {
			return err
		}
		err = t.exec(`UPDATE api_keys SET revoked_at = ? WHERE business_id = ? AND owner_id = ? AND revoked_at IS NULL`, stamp(t.now), business, user)
		if err != nil {
			return err
		}
		if err := t.audit(business, "member.delete", string(user), was.User.Email); err != nil {
			return err
		}
		return t.keepAnOwner(business)
	})
}

var errOwnersOnly = &app.Error{Kind: app.Forbidden, Code: "insufficient_scope", Message: "Only an owner may change owners."}

func (t *tx) person(business app.BusinessID, user app.UserID) (app.Person, error) {
	p, err := scanPerson(t.row(`SELECT `+memberColumns+`, m.suspended_at IS NULL, NULL
		FROM members m JOIN businesses b ON b.id = m.business_id JOIN users u ON u.id = m.user_id
		WHERE m.business_id = ? AND m.user_id = ?`, business, user))
	return p, found(err, "member")
}

// keepAnOwner refuses what would leave a business to nobody.
func (t *tx) keepAnOwner(business app.BusinessID) error {
	var owners int
	err := t.row(`SELECT count(*) FROM members WHERE business_id = ? AND role = 'owner' AND suspended_at IS NULL`, business).Scan(&owners)
	if err == nil && owners == 0 {
		return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "A business keeps at least one active owner."}
	}
	return err
}
