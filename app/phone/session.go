package phone

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// ErrTokenRefused is what a request returns to [Session.Do] when its token, and
// nothing else, was found wanting.
var ErrTokenRefused = errors.New("the access token was refused")

// A Token lets requests in.
type Token struct {
	Value string
	Renew time.Time // from then on another is asked for; zero: it serves until it is refused
}

// A Session keeps the one token of a connector's client. Sign-ins take turns: a
// phone system may end the last session when the next begins, and refused ones
// may lock the account, so those who wait share the outcome of the one under way.
// It may be used concurrently.
type Session struct {
	op     string
	now    func() time.Time
	signIn func(context.Context) (Token, error)

	turn    chan struct{} // holds a value while someone signs in or reads the two fields below
	token   Token
	refused error         // of the last sign-in
	tries   atomic.Uint64 // sign-ins so far
}

// NewSession returns a session without a token. signIn gets one; it is never
// called twice at a time. op names the sign-in in errors.
func NewSession(op string, now func() time.Time, signIn func(context.Context) (Token, error)) *Session {
	return &Session{op: op, now: now, signIn: signIn, turn: make(chan struct{}, 1)}
}

// SignIn makes sure that there is a token.
func (s *Session) SignIn(ctx context.Context) error {
	_, err := s.get(ctx, "")
	return err
}

// Do calls try with a token, and once more with a fresh one if it returns
// [ErrTokenRefused]. A fresh one that is refused as well is a Forbidden [*Error]
// of op.
func (s *Session) Do(ctx context.Context, op string, try func(token string) error) error {
	token, err := s.get(ctx, "")
	if err != nil {
		return err
	}
	if err = try(token); !errors.Is(err, ErrTokenRefused) {
		return err
	}
	if token, err = s.get(ctx, token); err != nil {
		return err
	}
	if err = try(token); errors.Is(err, ErrTokenRefused) {
		return &Error{Kind: Forbidden, Op: op, Detail: "a new token was refused as well"}
	}
	return err
}

// get returns the kept token unless it is due to be renewed or is stale, the one
// found refused, and signs in if there is no other.
func (s *Session) get(ctx context.Context, stale string) (string, error) {
	before := s.tries.Load()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", NetworkError(ctx, s.op, ctx.Err())
	}
	if s.token.Value != "" && s.token.Value != stale && (s.token.Renew.IsZero() || s.now().Before(s.token.Renew)) {
		return s.token.Value, nil
	}
	if s.refused != nil && s.tries.Load() != before {
		return "", s.refused
	}
	token, err := s.signIn(ctx)
	s.tries.Add(1)
	if err != nil {
		token = Token{}
	}
	s.token, s.refused = token, nil
	if k := KindOf(err); k == Credentials || k == Forbidden {
		s.refused = err
	}
	return token.Value, err
}
