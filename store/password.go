package store

import (
	"context"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"

	"crk/app"
)

// ErrLogin is the one answer to a wrong address and to a wrong password.
var ErrLogin = &app.Error{Kind: app.Unauthorized, Code: "unauthorized", Message: "The e-mail address or the password is not right."}

// The OWASP minimum for argon2id: 19 MiB, two passes, one lane.
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// decoyHash is of a random password nobody has, so that an unknown address
// costs as much time as a known one.
const decoyHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$6s3jSXJDl2i8k2f5kFRDSMvpJbCyBKnPdN2hYzY8Bl0"

// hashing lets two passwords be hashed at once: each takes 19 MiB, and a flood
// of logins must not take all memory.
var hashing = make(chan struct{}, 2)

func (s *Store) hashPassword(ctx context.Context, password string) (string, error) {
	if err := app.CheckPassword(password); err != nil {
		return "", err
	}
	if err := acquireHashing(ctx); err != nil {
		return "", err
	}
	defer func() { <-hashing }()
	return argon2id.CreateHash(password, s.argon)
}

func (s *Store) comparePassword(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > 200 {
		return false, nil
	}
	if err := acquireHashing(ctx); err != nil {
		return false, err
	}
	defer func() { <-hashing }()
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("store: compare password: %w", err)
	}
	return ok, nil
}

// hashingWait bounds the queue before the two: a flood of logins must not pile
// up either.
const hashingWait = 10 * time.Second

func acquireHashing(ctx context.Context) error {
	late := time.NewTimer(hashingWait)
	defer late.Stop()
	select {
	case hashing <- struct{}{}:
		return nil
	case <-late.C:
		return &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "Too many people sign in at this moment. Try again."}
	case <-ctx.Done():
		return ctx.Err()
	}
}
