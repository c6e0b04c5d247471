package phone

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// NetworkError turns the error of an HTTP exchange that brought no answer into an
// [*Error] of kind TLS or Unreachable. The URL, which net/http prints, is left
// out. When ctx itself was cancelled the result wraps [context.Canceled] and is no
// *Error: nobody is to blame.
func NetworkError(ctx context.Context, op string, err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return &stopped{op}
	}
	kind := Unreachable
	if isTLS(err) {
		kind = TLS
	}
	return &Error{Kind: kind, Op: op, Err: err}
}

type stopped struct{ op string }

func (s *stopped) Error() string { return s.op + ": " + context.Canceled.Error() }
func (s *stopped) Unwrap() error { return context.Canceled }

func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	// net/http hides the record header error of a server that speaks plain HTTP.
	return errors.Is(err, http.ErrSchemeMismatch)
}

// RetryAfter reads the header of that name, seconds or a date; zero where it is
// missing, malformed or past.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil {
		return time.Duration(max(0, min(s, 24*3600))) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, min(t.Sub(now), 24*time.Hour))
	}
	return 0
}
