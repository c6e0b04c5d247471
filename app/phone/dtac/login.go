package dtac

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"

	"crk/app/phone"
)

const (
	opLogin      = "dtac: sign in"
	loginMaxBody = 1 << 20
)

// tokenShape is what may be a token: OrkTrack's are GUIDs, but nothing depends on
// that. What goes into a header must not break it.
var tokenShape = regexp.MustCompile(`^[!-~]{8,1000}$`)

// A session is the one token of a client. Sign-ins take turns: OrkTrack may end
// the last session when the next begins, and refused ones may lock the account, so
// those who wait share the outcome of the one under way.
type session struct {
	turn    chan struct{} // holds one value while someone signs in or reads the fields below
	token   string
	refused error         // of the last sign-in
	tries   atomic.Uint64 // sign-ins so far
}

// token returns the kept token unless it is stale, the one found refused, and
// signs in if there is no other.
func (c *Client) token(ctx context.Context, stale string) (string, error) {
	s := &c.session
	before := s.tries.Load()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", phone.NetworkError(ctx, opLogin, ctx.Err())
	}
	if s.token != "" && s.token != stale {
		return s.token, nil
	}
	if s.refused != nil && s.tries.Load() != before {
		return "", s.refused
	}
	token, err := c.login(ctx)
	s.tries.Add(1)
	s.token, s.refused = token, nil
	if k := phone.KindOf(err); k == phone.Credentials || k == phone.Forbidden {
		s.refused = err
	}
	return token, err
}

// login exchanges user name and password for a token.
func (c *Client) login(ctx context.Context) (string, error) {
	call, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(call, http.MethodPost, c.url(c.set.login, "", nil), http.NoBody)
	if err != nil {
		return "", &phone.Error{Kind: phone.Unexpected, Op: opLogin, Detail: "the request cannot be made"}
	}
	req.SetBasicAuth(c.set.username, c.set.password)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json") // OrkTrack refuses a form's
	resp, err := c.send(req)
	if err != nil {
		return "", phone.NetworkError(ctx, opLogin, err)
	}
	defer drain(resp)
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return "", &phone.Error{Kind: phone.Credentials, Op: opLogin, Status: resp.StatusCode}
	case http.StatusForbidden:
		return "", &phone.Error{Kind: phone.Forbidden, Op: opLogin, Status: resp.StatusCode}
	default:
		return "", c.statusError(opLogin, resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, loginMaxBody))
	if err != nil {
		return "", phone.NetworkError(ctx, opLogin, err)
	}
	return c.readToken(body)
}

// readToken finds the token in a login's answer.
func (c *Client) readToken(body []byte) (string, error) {
	fail := &phone.Error{Kind: phone.Unexpected, Op: opLogin, Detail: "the answer is not OrkTrack's"}
	if isHTML(body) {
		fail.Detail = "a web page came instead of OrkTrack's answer"
		return "", fail
	}
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil {
		return "", fail
	}
	for _, field := range []string{c.set.tokenField, "accesstoken", "access_token", "token"} {
		var token string
		if json.Unmarshal(answer[field], &token) == nil && tokenShape.MatchString(token) {
			return token, nil
		}
	}
	if answer["error"] != nil {
		return "", &phone.Error{Kind: phone.Credentials, Op: opLogin, Detail: "the answer is an error and no token"}
	}
	return "", fail
}

// isHTML reports whether body is a page for a browser, which is what one gets at an
// address that is not OrkTrack's, and from some proxies.
func isHTML(body []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(body[:min(len(body), 512)]), " \t\r\n\ufeff"), "<")
}

// tokenError reports whether an answer in JSON, given with whatever status, says
// that the token is no longer good.
func tokenError(answer map[string]json.RawMessage) bool {
	var text string
	if json.Unmarshal(answer["error"], &text) != nil {
		return false
	}
	text = strings.ToLower(text)
	return strings.Contains(text, "token") || strings.Contains(text, "unauthorized")
}
