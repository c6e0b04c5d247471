package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"crk/app"
)

// The second step of signing in: time-based one-time codes (RFC 6238) of six
// digits, 30 seconds each, from any authenticator app, and recovery codes for
// whoever has lost it.
const (
	sealedTOTP    = "totp"
	totpStep      = 30 // seconds
	totpSlack     = 1  // steps that a clock may be off, either way
	recoveryCodes = 10

	// LoginStepLife is how long after the password the code may come.
	LoginStepLife = 5 * time.Minute
)

// ErrCode says that a one-time or recovery code is not right, or not any more.
var ErrCode = &app.Error{Kind: app.Unauthorized, Code: "unauthorized", Message: "This code is not right, or was used already."}

// BeginTwoStep makes a new secret for a user's authenticator and returns its
// otpauth URL, which holds the secret. Nothing is asked for until the user has
// shown a code of it (ConfirmTwoStep). It is a Conflict where codes are asked
// for already.
func (s *Store) BeginTwoStep(ctx context.Context, user app.UserID) (app.Secret, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return "", err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "CRK", AccountName: u.Email, Period: totpStep})
	if err != nil {
		return "", err
	}
	sealed, err := s.box.Seal(sealedTOTP, string(user), []byte(key.Secret()))
	if err != nil {
		return "", err
	}
	err = s.write(ctx, func(t *tx) error {
		n, err := t.affect(`UPDATE users SET totp = ?, totp_step = 0 WHERE id = ? AND totp_at IS NULL`, sealed, user)
		if err == nil && n == 0 {
			err = &app.Error{Kind: app.Conflict, Code: "conflict", Message: "One-time codes are switched on already."}
		}
		return err
	})
	return app.Secret(key.URL()), err
}

// ConfirmTwoStep switches one-time codes on once the user has shown one, ends
// the user's other sessions and returns the recovery codes, of which only
// hashes are kept.
func (s *Store) ConfirmTwoStep(ctx context.Context, user app.UserID, code, keepSession string) (codes []string, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.takeCode(s, user, code); err != nil {
			return err
		}
		if err := t.exec(`UPDATE users SET totp_at = ? WHERE id = ?`, stamp(t.now), user); err != nil {
			return err
		}
		if codes, err = t.newRecoveryCodes(user); err != nil {
			return err
		}
		if _, err := t.endSessions(user, keepSession); err != nil {
			return err
		}
		return t.auditTwoStep(user, false, true)
	})
	return codes, err
}

// RenewRecoveryCodes makes the old recovery codes void and returns new ones.
func (s *Store) RenewRecoveryCodes(ctx context.Context, user app.UserID) (codes []string, err error) {
	err = s.write(ctx, func(t *tx) error {
		if codes, err = t.newRecoveryCodes(user); err != nil {
			return err
		}
		var touched changes
		touched.hide("recoveryCodes", true)
		return t.auditUser(user, "user.update", touched...)
	})
	return codes, err
}

// RecoveryCodesLeft counts the recovery codes that a user has not used.
func (s *Store) RecoveryCodesLeft(ctx context.Context, user app.UserID) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM recovery_codes WHERE user_id = ?`, user).Scan(&n)
	return n, err
}

// ResetTwoStep switches one-time codes off and forgets the secret.
func (s *Store) ResetTwoStep(ctx context.Context, user app.UserID) error {
	return s.write(ctx, func(t *tx) error {
		var on bool
		if err := t.row(`SELECT totp_at IS NOT NULL FROM users WHERE id = ?`, user).Scan(&on); err != nil {
			return found(err, "user")
		}
		for _, query := range []string{
			`UPDATE users SET totp = NULL, totp_at = NULL, totp_step = 0 WHERE id = ?`,
			`DELETE FROM recovery_codes WHERE user_id = ?`,
		} {
			if err := t.exec(query, user); err != nil {
				return err
			}
		}
		return t.auditTwoStep(user, on, false)
	})
}

func (t *tx) auditTwoStep(user app.UserID, from, to bool) error {
	var touched changes
	touched.set("twoStep", from, to)
	if len(touched) == 0 {
		return nil
	}
	return t.auditUser(user, "user.update", touched...)
}

// BeginLoginStep notes that a user's password was right and returns the token
// of the cookie with which the code is to come.
func (s *Store) BeginLoginStep(ctx context.Context, user app.UserID) (app.Secret, error) {
	token := newToken()
	err := s.write(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM login_steps WHERE expires_at <= ?`, stamp(t.now)); err != nil {
			return err
		}
		return t.exec(`INSERT INTO login_steps (hash, user_id, expires_at) VALUES (?, ?, ?)`,
			hashToken(token), user, stamp(t.now.Add(LoginStepLife)))
	})
	return app.Secret(token), err
}

// LoginStep returns the user whose code is awaited; NotFound where none is.
func (s *Store) LoginStep(ctx context.Context, token string) (app.User, error) {
	u, err := scanUser(s.reads.QueryRowContext(ctx, `SELECT `+userColumns+` FROM login_steps l JOIN users u ON u.id = l.user_id
		WHERE l.hash = ? AND l.expires_at > ?`, hashToken(token), stamp(s.now())))
	return u, found(err, "login")
}

// FinishLoginStep takes a one-time code, or a recovery code, for the login that
// awaits it. A code serves once. It is ErrCode where the code is wrong.
func (s *Store) FinishLoginStep(ctx context.Context, token string, user app.UserID, code string) error {
	return s.write(ctx, func(t *tx) error {
		err := t.takeCode(s, user, code)
		if errors.Is(err, ErrCode) {
			err = t.takeRecoveryCode(user, code)
		}
		if err != nil {
			return err
		}
		n, err := t.affect(`DELETE FROM login_steps WHERE hash = ? AND user_id = ?`, hashToken(token), user)
		if err == nil && n == 0 {
			err = ErrCode
		}
		return err
	})
}

// takeCode accepts a one-time code of now, or of a step before or after, that
// is younger than every one accepted before.
func (t *tx) takeCode(s *Store, user app.UserID, code string) error {
	var sealed []byte
	var last int64
	if err := t.row(`SELECT totp, totp_step FROM users WHERE id = ?`, user).Scan(&sealed, &last); err != nil {
		return found(err, "user")
	}
	if sealed == nil {
		return ErrCode
	}
	plain, err := s.box.Open(sealedTOTP, string(user), sealed)
	if err != nil {
		return err
	}
	code = strings.NewReplacer(" ", "", "-", "").Replace(code)
	now := t.now.Unix() / totpStep
	for step := now - totpSlack; step <= now+totpSlack; step++ {
		want, err := hotp.GenerateCodeCustom(string(plain), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return err
		}
		if step > last && subtle.ConstantTimeCompare([]byte(code), []byte(want)) == 1 {
			return t.exec(`UPDATE users SET totp_step = ? WHERE id = ?`, step, user)
		}
	}
	return ErrCode
}

func (t *tx) takeRecoveryCode(user app.UserID, code string) error {
	n, err := t.affect(`DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?`, user, hashRecoveryCode(code))
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrCode
	}
	var touched changes
	touched.hide("recoveryCodes", true)
	return t.auditUser(user, "user.update", touched...)
}

func hashRecoveryCode(code string) []byte {
	return hashToken(strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code)))
}

// newRecoveryCodes makes codes of 80 random bits: too many to guess, so their
// plain hash can be kept.
func (t *tx) newRecoveryCodes(user app.UserID) ([]string, error) {
	if err := t.exec(`DELETE FROM recovery_codes WHERE user_id = ?`, user); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		b := make([]byte, 10)
		_, _ = rand.Read(b) // never fails: it crashes the program instead
		c := strings.ToLower(base32.StdEncoding.EncodeToString(b))
		codes[i] = strings.Join([]string{c[:4], c[4:8], c[8:12], c[12:]}, "-")
		if err := t.exec(`INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)`, user, hashRecoveryCode(codes[i])); err != nil {
			return nil, err
		}
	}
	return codes, nil
}
