package dtac

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"

	"crk/app/phone"
)

const (
	opLogin      = "dtac: sign in"
	loginMaxBody = 1 << 20
)

// tokenShape is what may be a token: OrkTrack's are GUIDs, but nothing depends on
// that. What goes into a header must not break it.
var tokenShape = regexp.MustCompile(`^[!-~]{8,1000}$`)

// login exchanges user name and password for a token.
func (c *Client) login(ctx context.Context) (phone.Token, error) {
	call, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	req, err := c.loginRequest(call)
	if err != nil {
		return phone.Token{}, &phone.Error{Kind: phone.Unexpected, Op: opLogin, Detail: "the request cannot be made"}
	}
	resp, err := c.wire.Send(req)
	if err != nil {
		return phone.Token{}, phone.NetworkError(ctx, opLogin, err)
	}
	defer phone.Drain(resp)
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return phone.Token{}, &phone.Error{Kind: phone.Credentials, Op: opLogin, Status: resp.StatusCode}
	case http.StatusForbidden:
		return phone.Token{}, &phone.Error{Kind: phone.Forbidden, Op: opLogin, Status: resp.StatusCode}
	default:
		return phone.Token{}, c.wire.StatusError(opLogin, resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, loginMaxBody))
	if err != nil {
		return phone.Token{}, phone.NetworkError(ctx, opLogin, err)
	}
	token, err := c.readToken(body)
	return phone.Token{Value: token}, err
}

// loginRequest is the request that carries user name and password.
func (c *Client) loginRequest(ctx context.Context) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if c.set.loginAuth == LoginJSON {
		b, err := json.Marshal(map[string]string{"username": c.set.username, "password": c.set.password})
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(c.set.login, "", nil), body)
	if err != nil {
		return nil, err
	}
	if c.set.loginAuth != LoginJSON {
		req.SetBasicAuth(c.set.username, c.set.password)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json") // OrkTrack refuses a form's
	return req, nil
}

// readToken finds the token in a login's answer.
func (c *Client) readToken(body []byte) (string, error) {
	fail := &phone.Error{Kind: phone.Unexpected, Op: opLogin, Detail: "the answer is not OrkTrack's"}
	if phone.IsPage(body) {
		fail.Detail = "a web page came instead of OrkTrack's answer"
		return "", fail
	}
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil {
		return "", fail
	}
	for _, field := range []string{c.set.tokenField, "accesstoken", "access_token", "token"} {
		if token := tokenAt(answer, field); token != "" {
			return token, nil
		}
	}
	if answer["error"] != nil {
		return "", &phone.Error{Kind: phone.Credentials, Op: opLogin, Detail: "the answer is an error and no token"}
	}
	return "", fail
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
