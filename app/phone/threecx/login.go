package threecx

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crk/app/phone"
)

const (
	opLogin  = "threecx: sign in"
	maxLogin = 64 << 10
	maxError = 64 << 10
	maxToken = 16 << 10
)

// tokenShape is what may be a token. What goes into a header must not break it.
var tokenShape = regexp.MustCompile(`^[!-~]{8,}$`)

// Remember implements [phone.Rememberer].
func (c *Client) Remember(m phone.Memory) { c.memory = m }

// signIn gets a token. Where the way is not known yet it tries each once, because
// 3CX shuts out who guesses, first the one that worked last, and keeps to the one
// that works.
func (c *Client) signIn(ctx context.Context) (phone.Token, error) {
	c.signIns.Add(1)
	switch c.auth {
	case AuthAPIClient:
		return c.signInClient(ctx)
	case AuthUser:
		return c.signInUser(ctx)
	}
	asUser := c.memory != nil && c.memory.Recall(ctx) == AuthUser
	token, err := c.signInAs(ctx, asUser)
	if !refused(err) && (!asUser || phone.KindOf(err) != phone.Unexpected) {
		return token, err // a way that is not there any more is one refused
	}
	token, otherErr := c.signInAs(ctx, !asUser)
	if phone.KindOf(otherErr) == phone.Unexpected || asUser && refused(otherErr) {
		return token, err // there is no such sign-in, or what is said of the user tells more
	}
	return token, otherErr
}

// signInAs tries one way, which is the one from then on if it works.
func (c *Client) signInAs(ctx context.Context, user bool) (token phone.Token, err error) {
	way, try := AuthAPIClient, c.signInClient
	if user {
		way, try = AuthUser, c.signInUser
	}
	if token, err = try(ctx); err != nil {
		return token, err
	}
	c.auth = way
	if c.memory != nil {
		c.memory.Keep(ctx, way)
	}
	return token, nil
}

func refused(err error) bool {
	k := phone.KindOf(err)
	return k == phone.Credentials || k == phone.Forbidden
}

// signInClient signs in as an API client, a "service principal".
func (c *Client) signInClient(ctx context.Context) (phone.Token, error) {
	form := url.Values{"client_id": {c.username}, "client_secret": {c.password}, "grant_type": {"client_credentials"}}
	status, body, err := c.post(ctx, pathToken, "application/x-www-form-urlencoded", form.Encode())
	if err != nil {
		return phone.Token{}, err
	}
	var answer struct {
		tokenAnswer
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return phone.Token{}, c.noSignIn(status, body)
	}
	switch {
	case status == http.StatusOK:
		return c.token(answer.tokenAnswer, body)
	case len(answer.Error) > 0: // "invalid_client"
		return phone.Token{}, &phone.Error{Kind: phone.Credentials, Op: opLogin, Status: status, Detail: "the API client was refused", Fix: fixName}
	}
	return phone.Token{}, c.noSignIn(status, body)
}

// signInUser signs in as a person does in the web client.
func (c *Client) signInUser(ctx context.Context) (phone.Token, error) {
	request, err := json.Marshal(map[string]string{"SecurityCode": "", "Username": c.username, "Password": c.password})
	if err != nil {
		return phone.Token{}, &phone.Error{Kind: phone.Unexpected, Op: opLogin, Detail: "the request cannot be made"}
	}
	status, body, err := c.post(ctx, pathUser, "application/json", string(request))
	if err != nil {
		return phone.Token{}, err
	}
	var answer struct {
		Status    phone.Text      `json:"Status"`
		Token     *tokenAnswer    `json:"Token"`
		TwoFactor json.RawMessage `json:"TwoFactorAuth"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Status == "" {
		return phone.Token{}, c.noSignIn(status, body)
	}
	if answer.Token != nil && answer.Token.Value != "" {
		return c.token(*answer.Token, body)
	}
	e := &phone.Error{Kind: phone.Credentials, Op: opLogin, Status: status, Detail: "the user was refused", Fix: fixName}
	if len(answer.TwoFactor) > 0 && !bytes.Equal(answer.TwoFactor, []byte("null")) {
		e.Detail, e.Fix = "the user has a second factor", fixTwo
	}
	return phone.Token{}, e
}

// post sends a sign-in. The error is of answers that are none: the network's, or
// a server that has a problem, or keeps the appliance out.
func (c *Client) post(ctx context.Context, path, contentType, body string) (status int, answer []byte, err error) {
	call, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(call, http.MethodPost, c.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, &phone.Error{Kind: phone.Unexpected, Op: opLogin, Detail: "the request cannot be made"}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", contentType)
	resp, err := c.wire.Send(req)
	if err != nil {
		return 0, nil, phone.NetworkError(ctx, opLogin, err)
	}
	defer phone.Drain(resp)
	switch s := resp.StatusCode; {
	case s == http.StatusForbidden:
		return s, nil, &phone.Error{Kind: phone.Forbidden, Op: opLogin, Status: s, Fix: fixBlocked}
	case s == http.StatusOK, s == http.StatusBadRequest, s == http.StatusUnauthorized:
	default:
		return s, nil, c.wire.StatusError(opLogin, resp)
	}
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxLogin))
	if err != nil {
		return resp.StatusCode, nil, phone.NetworkError(ctx, opLogin, err)
	}
	return resp.StatusCode, answer, nil
}

// noSignIn makes an error of an answer that holds neither a token nor a reason. A
// 401 needs none.
func (c *Client) noSignIn(status int, body []byte) error {
	e := &phone.Error{Kind: phone.Unexpected, Op: opLogin, Status: status, Detail: "the answer is not 3CX's"}
	switch {
	case status == http.StatusUnauthorized:
		e.Kind, e.Detail, e.Fix = phone.Credentials, "", fixName
	case phone.IsPage(body):
		e.Detail = "a web page came instead of 3CX's answer"
	}
	return e
}

// A tokenAnswer is a token as both sign-ins give it.
type tokenAnswer struct {
	Value     string     `json:"access_token"`
	ExpiresIn phone.Text `json:"expires_in"`
}

// token reads an answer's token. It is renewed when four fifths of its life are
// over.
func (c *Client) token(a tokenAnswer, body []byte) (phone.Token, error) {
	if len(a.Value) > maxToken || !tokenShape.MatchString(a.Value) {
		return phone.Token{}, c.noSignIn(http.StatusOK, body)
	}
	now := c.now()
	life := time.Duration(0)
	if ends, ok := expiry(a.Value); ok {
		life = ends.Sub(now.Add(c.wire.Skew())) // written by their clock
	} else if s, err := strconv.ParseFloat(string(a.ExpiresIn), 64); err == nil && s > 0 && s < 1e7 {
		life = time.Duration(s * float64(time.Second))
	}
	if life <= 0 {
		return phone.Token{Value: a.Value}, nil // it serves until it is refused
	}
	return phone.Token{Value: a.Value, Renew: now.Add(life / 5 * 4)}, nil
}

// expiry reads when a token that is a JWT ends. expires_in cannot be relied on: it
// was minutes until 20.0.9 and is seconds since. Read as seconds it costs an older
// 3CX some sign-ins more, and never a dead token.
func expiry(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, false
	}
	var c struct {
		Exp float64 `json:"exp"`
	}
	if json.Unmarshal(claims, &c) != nil || !(c.Exp > 0 && c.Exp < 1e11) {
		return time.Time{}, false
	}
	return time.Unix(int64(c.Exp), 0), true
}
