package contract

import (
	"context"
	"strings"
	"testing"
	"time"

	"crk/app/phone"
)

func onlyReads(t *testing.T, open func(*testing.T, []Fixture) System) {
	at := noon()
	s := open(t, []Fixture{fixture(1001, at), fixture(1002, at.Add(time.Minute))})
	if _, err := phone.Try(t.Context(), s.Source); err != nil {
		t.Errorf("try: %v", err)
	}
	collect(t, s.Source, at, at.Add(time.Hour))
	download(t, s.Source, "1001")
	failures(t, s)
	if odd := s.Odd(); len(odd) > 0 {
		t.Errorf("the system was asked %q, want nothing but sign-ins and what it has to read", odd)
	}
}

func secrets(t *testing.T, open func(*testing.T, []Fixture) System) {
	s := open(t, []Fixture{fixture(1001, noon())})
	if len(s.Secrets) < 2 {
		t.Fatal("the suite is not told the secrets")
	}
	for _, err := range failures(t, s) {
		for _, secret := range append(s.Secrets, "://", "127.0.0.1") {
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("error %v, want one without %q", err, secret)
			}
		}
	}
}

// failures has everything go wrong that can, and returns the errors.
func failures(t *testing.T, s System) []error {
	t.Helper()
	ask := func(ctx context.Context) []error {
		var last error
		for _, err := range s.Source.Calls(ctx, noon(), noon().Add(time.Hour)) {
			last = err
		}
		_, heard := s.Source.Audio(ctx, "1001")
		_, probed := s.Source.Probe(ctx)
		return []error{last, heard, probed}
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	var errs []error
	for range 8 { // whether a wait or a request finds out is a matter of luck
		errs = append(errs, ask(late)...)
	}
	for _, id := range []string{"999999", "../user/login", "1001?x=1"} {
		_, err := s.Source.Audio(t.Context(), id)
		errs = append(errs, err)
	}
	s.Refuse()
	return append(errs, ask(t.Context())...)
}
