// Package transport reads why a request to a messenger got no answer, without
// giving away the token in its URL.
package transport

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"

	"crk/app"
)

// Cause returns what lies behind an error of an HTTP client, and whether it was
// a time limit. The URL holds the token and *url.Error prints it, so only what
// it wraps is kept, and not even that where it holds the token too. What a stop
// cancelled is still known by [context.Canceled].
func Cause(err error, token app.Secret) (cause error, timeout bool) {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var ne net.Error
	timeout = errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &ne) && ne.Timeout())
	if token != "" && strings.Contains(err.Error(), token.Reveal()) {
		err = errors.New("the request was not understood on its way")
	}
	return err, timeout
}
