package phone

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrTokenRefused is what a request returns to [Session.Do] when its token, and
// nothing else, was found wanting. Where it may as well be that the request is not
// allowed (403), it is the cause of a Forbidden [*Error].
var ErrTokenRefused = errors.New("the access token was refused")

// A Token lets requests in.
type Token struct {
	Value string
	Renew time.Time // from then on another is asked for; zero: it serves until it is refused
}

// proven is how long a token that let a request in, or is new, is taken for good.
const proven = time.Minute

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

	mu       sync.Mutex
	current  string          // the token given last
	madeAt   time.Time       // when it was,
	servedAt time.Time       // and when it let a request in last
	closed   map[string]bool // ops for which a new token was refused as well, the last time
}

// NewSession returns a session without a token. signIn gets one; it is never
// called twice at a time. op names the sign-in in errors.
func NewSession(op string, now func() time.Time, signIn func(context.Context) (Token, error)) *Session {
	return &Session{op: op, now: now, signIn: signIn, turn: make(chan struct{}, 1), closed: map[string]bool{}}
}

// SignIn makes sure that there is a token.
func (s *Session) SignIn(ctx context.Context) error {
	_, err := s.get(ctx, "")
	return err
}

// Do calls try with a token, and once more with a fresh one if it returns
// [ErrTokenRefused]. A fresh one that is refused as well is a Forbidden [*Error] of
// op. From then on a refusal of op is one at once while the token is proven to be
// good: thousands of recordings that may not be heard are not thousands of sign-ins.
func (s *Session) Do(ctx context.Context, op string, try func(token string) error) error {
	token, err := s.get(ctx, "")
	if err != nil {
		return err
	}
	if err = try(token); !errors.Is(err, ErrTokenRefused) {
		s.served(token, err)
		return err
	}
	if s.isClosed(op, token, err) {
		return refusal(op, err, "the token serves for other requests")
	}
	if token, err = s.get(ctx, token); err != nil {
		return err
	}
	err = try(token)
	refused := errors.Is(err, ErrTokenRefused)
	s.mu.Lock()
	s.closed[op] = refused
	s.mu.Unlock()
	if refused {
		return refusal(op, err, "a new token was refused as well")
	}
	s.served(token, err)
	return err
}

// served notes that a token let a request in, if err says so.
func (s *Session) served(token string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && token == s.current {
		s.servedAt = s.now()
	}
}

// isClosed reports whether a refusal is of what was asked for and not of the token:
// one like it was, and the token is new. A 403 says so too where it let something
// in a moment ago.
func (s *Session) isClosed(op, token string, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed[op] || token != s.current {
		return false
	}
	good := s.madeAt
	if KindOf(err) == Forbidden && s.servedAt.After(good) {
		good = s.servedAt
	}
	return s.now().Sub(good) < proven
}

// refusal is the error of what is not allowed.
func refusal(op string, err error, detail string) error {
	out := &Error{Kind: Forbidden, Op: op, Detail: detail}
	if e, ok := errors.AsType[*Error](err); ok {
		out.Status, out.Fix = e.Status, e.Fix
	}
	return out
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
	s.mu.Lock()
	s.current, s.madeAt, s.servedAt = token.Value, s.now(), time.Time{}
	s.mu.Unlock()
	if k := KindOf(err); k == Credentials || k == Forbidden {
		s.refused = err
	}
	return token.Value, err
}
