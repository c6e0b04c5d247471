package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"time"

	"crk/app"
)

// SessionLife is how long a browser stays signed in without being used.
const SessionLife = 14 * 24 * time.Hour

const sessionColumns = `s.id, s.user_id, s.business_id, s.created_at, s.seen_at, s.expires_at, s.ip, s.agent`

func scanSession(row scanner) (x app.Session, err error) {
	err = row.Scan(&x.ID, &x.UserID, &x.BusinessID, instant{&x.CreatedAt}, instant{&x.SeenAt}, instant{&x.ExpiresAt}, &x.IP, &x.Agent)
	return x, err
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// newToken returns 256 random bits in a form that suits URLs and cookies.
func newToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: it crashes the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// CreateSession signs a user in and returns the token for the cookie, of which
// only the hash is kept.
func (s *Store) CreateSession(ctx context.Context, x app.Session) (app.Session, app.Secret, error) {
	token := newToken()
	err := s.write(ctx, func(t *tx) error {
		x.ID, x.CreatedAt, x.SeenAt, x.ExpiresAt = newID(), t.now, t.now, t.now.Add(SessionLife)
		x.Agent = clip(x.Agent, 200)
		if err := t.exec(`DELETE FROM sessions WHERE expires_at < ?`, stamp(t.now)); err != nil {
			return err
		}
		err := t.exec(`INSERT INTO sessions (hash, id, user_id, business_id, created_at, seen_at, expires_at, ip, agent)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, hashToken(token), x.ID, x.UserID, x.BusinessID,
			stamp(x.CreatedAt), stamp(x.SeenAt), stamp(x.ExpiresAt), x.IP, x.Agent)
		if err != nil {
			return err
		}
		if err := t.seen(x.UserID); err != nil {
			return err
		}
		return t.auditUser(x.UserID, "session.create")
	})
	return x, app.Secret(token), err
}

// SessionByToken returns the live session of a cookie and its user as a member
// of the business that the session shows. A user who no longer belongs to it
// gets the first of the others. It is a NotFound error where there is none.
func (s *Store) SessionByToken(ctx context.Context, token string) (app.Session, app.Member, error) {
	x, err := scanSession(s.reads.QueryRowContext(ctx, `SELECT `+sessionColumns+`
		FROM sessions s WHERE s.hash = ? AND s.expires_at > ?`, hashToken(token), stamp(s.now())))
	if err != nil {
		return x, app.Member{}, found(err, "session")
	}
	m, err := s.Member(ctx, x.BusinessID, x.UserID)
	if app.IsKind(err, app.NotFound) {
		m, err = s.FirstMember(ctx, x.UserID)
		x.BusinessID = m.Business.ID
	}
	return x, m, err
}

// SessionAlive reports whether a session still serves.
func (s *Store) SessionAlive(ctx context.Context, id string) (alive bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ? AND expires_at > ?)`,
		id, stamp(s.now())).Scan(&alive)
	return alive, err
}

// TouchSession notes that a session was used, at most once a minute, and
// extends its life.
func (s *Store) TouchSession(ctx context.Context, x app.Session) error {
	if ago := s.now().Sub(x.SeenAt); ago >= 0 && ago < time.Minute { // else the clock was ahead
		return nil
	}
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`UPDATE sessions SET seen_at = ?, expires_at = ? WHERE id = ?`,
			stamp(t.now), stamp(t.now.Add(SessionLife)), x.ID)
		if err != nil {
			return err
		}
		return t.seen(x.UserID)
	})
}

// seen notes that a user was here.
func (t *tx) seen(user app.UserID) error {
	return t.exec(`INSERT INTO last_seen (user_id, at) VALUES (?, ?) ON CONFLICT (user_id) DO UPDATE SET at = excluded.at`, user, stamp(t.now))
}

// SetSessionBusiness makes a session show another business of its user. It is a
// NotFound error where the user does not belong to it.
func (s *Store) SetSessionBusiness(ctx context.Context, x app.Session, business app.BusinessID) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`UPDATE sessions SET business_id = ?1 WHERE id = ?2 AND user_id = ?3
			AND EXISTS (SELECT 1 FROM members WHERE business_id = ?1 AND user_id = ?3 AND suspended_at IS NULL)`, business, x.ID, x.UserID)
		if err == nil && n == 0 {
			err = app.Missing("business")
		}
		return err
	})
}

// Sessions returns a user's live sessions, the one used last first.
func (s *Store) Sessions(ctx context.Context, user app.UserID) ([]app.Session, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+sessionColumns+`
		FROM sessions s WHERE s.user_id = ? AND s.expires_at > ? ORDER BY s.seen_at DESC, s.id`, user, stamp(s.now()))
	return collect(rows, err, scanSession)
}

// EndSession signs one session of a user out. Ending one that is not there is
// no error.
func (s *Store) EndSession(ctx context.Context, user app.UserID, id string) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`DELETE FROM sessions WHERE user_id = ? AND id = ?`, user, id)
		if err != nil || n == 0 {
			return err
		}
		return t.auditUser(user, "session.end")
	})
}

// EndOtherSessions signs a user out everywhere but in the session given.
func (s *Store) EndOtherSessions(ctx context.Context, user app.UserID, keep string) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.endSessions(user, keep)
		if err != nil || n == 0 {
			return err
		}
		var touched changes
		touched.set("sessions", nil, n)
		return t.auditUser(user, "session.end", touched...)
	})
}

// endSessions ends a user's sessions but one, and returns how many.
func (t *tx) endSessions(user app.UserID, keep string) (int, error) {
	n, err := t.affect(`DELETE FROM sessions WHERE user_id = ? AND id <> ?`, user, keep)
	return int(n), err
}

func scanString(row scanner) (v string, err error) {
	err = row.Scan(&v)
	return v, err
}

const (
	freeLogins  = 5                // failures before the first delay
	firstDelay  = 2 * time.Second  // doubling with each failure after them
	longestWait = 15 * time.Minute // and forgotten an hour after the last
	forgetLogin = time.Hour
)

// A LoginAttempt is an attempt to sign in that was counted.
type LoginAttempt struct {
	at     time.Time
	before map[string]time.Time // by subject: the attempt before this one
}

// BeginLogin counts an attempt to sign in against its subjects ("account:…",
// "address:…"). Where one of them must wait before the next attempt it counts
// nothing and returns for how long. An attempt counts as failed until
// [Store.LoginSucceeded] or [Store.LoginUndecided] says otherwise, so that many
// at once gain nothing, and it survives a restart.
func (s *Store) BeginLogin(ctx context.Context, subjects ...string) (a LoginAttempt, wait time.Duration, err error) {
	err = s.write(ctx, func(t *tx) error {
		a = LoginAttempt{t.now, map[string]time.Time{}}
		if err := t.exec(`DELETE FROM login_failures WHERE last_at < ?`, stamp(t.now.Add(-forgetLogin))); err != nil {
			return err
		}
		// One that a clock counted which was ahead counts from now: it locks nobody out for as long as that was.
		if err := t.exec(`UPDATE login_failures SET last_at = ?1 WHERE last_at > ?1`, stamp(t.now)); err != nil {
			return err
		}
		for _, subject := range subjects {
			subject = loginSubject(subject)
			last, left, err := t.loginWait(subject)
			if err != nil {
				return err
			}
			a.before[subject], wait = last, max(wait, left)
		}
		if wait > 0 {
			return nil
		}
		for subject := range a.before {
			err := t.exec(`INSERT INTO login_failures (subject, failures, last_at) VALUES (?, 1, ?)
				ON CONFLICT (subject) DO UPDATE SET failures = failures + 1, last_at = excluded.last_at`, subject, stamp(t.now))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return a, wait, err
}

func (t *tx) loginWait(subject string) (last time.Time, wait time.Duration, err error) {
	var failures int
	err = t.row(`SELECT failures, last_at FROM login_failures WHERE subject = ?`, subject).Scan(&failures, instant{&last})
	if errors.Is(err, sql.ErrNoRows) {
		return last, 0, nil
	}
	return last, loginDelay(failures) - t.now.Sub(last), err
}

// loginSubject bounds what strangers can have kept: no address is longer.
func loginSubject(s string) string { return clip(s, 300) }

func loginDelay(failures int) time.Duration {
	if failures < freeLogins {
		return 0
	}
	d := float64(firstDelay) * math.Pow(2, float64(failures-freeLogins))
	return time.Duration(min(d, float64(longestWait)))
}

// LoginSucceeded forgets the failures of an account, and takes this attempt back
// from its other subjects. Their failures stay: one good password must not open
// the way to try others from there.
func (s *Store) LoginSucceeded(ctx context.Context, a LoginAttempt, account string) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM login_failures WHERE subject = ?`, loginSubject(account)); err != nil {
			return err
		}
		return t.takeLoginBack(a)
	})
}

// LoginRefused notes in the audit log that an attempt failed. An address that is
// nobody's is not kept: people type their password there.
func (s *Store) LoginRefused(ctx context.Context, account string) error {
	return s.write(ctx, func(t *tx) error {
		var user app.UserID
		email, _ := strings.CutPrefix(account, "account:")
		err := t.row(`SELECT id FROM users WHERE email = ?`, email).Scan(&user)
		if errors.Is(err, sql.ErrNoRows) {
			return t.audit("", "session.refuse", "", "")
		}
		if err != nil {
			return err
		}
		return t.auditUser(user, "session.refuse")
	})
}

// LoginUndecided takes an attempt back that failed for a reason of our own.
func (s *Store) LoginUndecided(ctx context.Context, a LoginAttempt) error {
	return s.write(ctx, func(t *tx) error { return t.takeLoginBack(a) })
}

func (t *tx) takeLoginBack(a LoginAttempt) error {
	for subject, last := range a.before {
		err := t.exec(`UPDATE login_failures SET failures = failures - 1, last_at = CASE last_at WHEN ?1 THEN ?2 ELSE last_at END
			WHERE subject = ?3 AND failures > 0`, a.at.UnixMilli(), last.UnixMilli(), subject)
		if err != nil {
			return err
		}
	}
	return nil
}
