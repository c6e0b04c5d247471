package app

import "log/slog"

// A Secret is a value that is worth stealing. However it is printed, logged or
// turned into JSON it reads "••••"; only Reveal gives it away.
type Secret string

const mask = "••••"

// Reveal returns the secret itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer without showing the secret.
func (s Secret) String() string { return s.masked() }

// GoString implements fmt.GoStringer without showing the secret.
func (s Secret) GoString() string { return s.masked() }

// LogValue implements slog.LogValuer without showing the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.masked()) }

// MarshalText implements encoding.TextMarshaler without showing the secret.
// Secrets are read from JSON, and never written to it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.masked()), nil }

func (s Secret) masked() string {
	if s == "" {
		return ""
	}
	return mask
}
