package transport_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/notify/transport"
)

func TestCause(t *testing.T) {
	const token = "123:secret"
	inside := func(err error) error { return &url.Error{Op: "Post", URL: "https://peer/bot" + token, Err: err} }
	for _, tt := range []struct {
		name    string
		err     error
		timeout bool
	}{
		{"refused", errors.New("connection refused"), false},
		{"too late", context.DeadlineExceeded, true},
		{"the peer repeats the token", errors.New("malformed answer to " + token), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			cause, timeout := transport.Cause(inside(tt.err), token)
			is.Equal(timeout, tt.timeout)
			is.True(!strings.Contains(cause.Error(), token)) // the token is nowhere in it
		})
	}
	cause, _ := transport.Cause(inside(context.Canceled), token)
	is.New(t).True(errors.Is(cause, context.Canceled)) // a stop is still known
}
