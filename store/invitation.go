package store

import (
	"context"

	"crk/app"
)

const invitationColumns = `i.id, i.business_id, b.name, i.role, i.agents, i.email, u.name, i.created_at, i.expires_at`

const invitationFrom = ` FROM invitations i JOIN businesses b ON b.id = i.business_id JOIN users u ON u.id = i.invited_by `

func scanInvitation(row scanner) (i app.Invitation, err error) {
	err = row.Scan(&i.ID, &i.BusinessID, &i.Business, &i.Role, asJSON{&i.Agents}, &i.Email, &i.InvitedBy, instant{&i.CreatedAt}, instant{&i.ExpiresAt})
	return i, err
}

// Invite makes an invitation by a member and returns the token of its link, of
// which only the hash is kept. It is Forbidden where the member may make nobody
// of that role.
func (s *Store) Invite(ctx context.Context, i app.Invitation, by app.Member) (app.Invitation, app.Secret, error) {
	if !by.Role.MayManage(i.Role) {
		return i, "", errOwnersOnly
	}
	token := newToken()
	err := s.write(ctx, func(t *tx) error {
		i.ID, i.InvitedBy, i.CreatedAt, i.ExpiresAt = newID(), by.User.Name, t.now, t.now.Add(app.InvitationLife)
		if err := t.exec(`DELETE FROM invitations WHERE expires_at <= ?`, stamp(t.now)); err != nil {
			return err
		}
		err := t.exec(`INSERT INTO invitations (hash, id, business_id, role, agents, email, invited_by, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, hashToken(token), i.ID, i.BusinessID, i.Role, list(i.Agents), i.Email,
			by.User.ID, stamp(i.CreatedAt), stamp(i.ExpiresAt))
		if err != nil {
			return err
		}
		var touched changes
		touched.set("role", nil, string(i.Role))
		return t.audit(i.BusinessID, "invitation.create", i.ID, i.Email, touched...)
	})
	return i, app.Secret(token), err
}

// Invitations returns the invitations of a business that can still be accepted,
// newest first.
func (s *Store) Invitations(ctx context.Context, business app.BusinessID) ([]app.Invitation, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+invitationColumns+invitationFrom+`
		WHERE i.business_id = ? AND i.expires_at > ? ORDER BY i.created_at DESC, i.id DESC`, business, stamp(s.now()))
	return collect(rows, err, scanInvitation)
}

// InvitationByToken returns the invitation that a link leads to; NotFound where
// it is none, was accepted or taken back, or is too old.
func (s *Store) InvitationByToken(ctx context.Context, token string) (app.Invitation, error) {
	i, err := scanInvitation(s.reads.QueryRowContext(ctx, `SELECT `+invitationColumns+invitationFrom+`
		WHERE i.hash = ? AND i.expires_at > ?`, hashToken(token), stamp(s.now())))
	return i, found(err, "invitation")
}

// TakeBackInvitation makes an invitation's link lead nowhere.
func (s *Store) TakeBackInvitation(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		var email string
		err := t.row(`DELETE FROM invitations WHERE business_id = ? AND id = ? RETURNING email`, business, id).Scan(&email)
		if err != nil {
			return found(err, "invitation")
		}
		return t.audit(business, "invitation.delete", id, email)
	})
}

// AcceptInvitation makes a user who is there a member. Whoever belongs to the
// business already keeps the role that they have.
func (s *Store) AcceptInvitation(ctx context.Context, token string, user app.UserID) (app.Invitation, error) {
	var i app.Invitation
	err := s.write(ctx, func(t *tx) (err error) {
		i, err = t.acceptInvitation(token, user)
		return err
	})
	return i, err
}

// JoinByInvitation makes a user and, in the same transaction, a member. An
// e-mail address that is taken is a Conflict, and the invitation stays.
func (s *Store) JoinByInvitation(ctx context.Context, token string, u app.User, password string) (app.User, app.Invitation, error) {
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return u, app.Invitation{}, err
	}
	var i app.Invitation
	err = s.write(ctx, func(t *tx) (err error) {
		if u, err = t.createUser(u, hash); err != nil {
			return err
		}
		i, err = t.acceptInvitation(token, u.ID)
		return err
	})
	return u, i, err
}

func (t *tx) acceptInvitation(token string, user app.UserID) (app.Invitation, error) {
	i, err := scanInvitation(t.row(`SELECT `+invitationColumns+invitationFrom+` WHERE i.hash = ? AND i.expires_at > ?`, hashToken(token), stamp(t.now)))
	if err != nil {
		return i, found(err, "invitation")
	}
	if err := t.exec(`DELETE FROM invitations WHERE id = ?`, i.ID); err != nil {
		return i, err
	}
	n, err := t.affect(`INSERT INTO members (business_id, user_id, role, agents, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		i.BusinessID, user, i.Role, list(i.Agents), stamp(t.now))
	if err != nil || n == 0 {
		return i, err
	}
	var email string
	if err := t.row(`SELECT email FROM users WHERE id = ?`, user).Scan(&email); err != nil {
		return i, err
	}
	var touched changes
	touched.set("role", nil, string(i.Role))
	return i, t.audit(i.BusinessID, "invitation.accept", i.ID, email, touched...)
}
