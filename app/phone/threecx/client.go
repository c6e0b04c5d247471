// Package threecx reads recordings from a 3CX V20 by its configuration API, XAPI.
//
// What is peculiar about it, and lost calls to earlier clients:
//
//   - There may be more rows though no next link says so, and more than 100 rows
//     at once are refused. So pages follow each other by id within a window of
//     time, and a window ends where a page comes empty.
//   - The list of recordings is for the role System Owner. Where it is refused, the
//     call log, which lesser roles may read, is taken in its place.
//   - One token serves at a time: the next one ends the one before. How long it
//     lives stands in the token; what is written beside it meant minutes once.
//   - A recording that is not there, or not there yet, is a 400.
//   - One that was set up anew or restored gives ids a second time. Before what was
//     listed a while ago is downloaded, Same tells whether the id is still its own.
//   - Times are UTC. A call under way has no end.
//
// It only reads: a guard under the client lets nothing pass but the two sign-ins
// and the few GETs of this package, at the configured host. The interface could
// delete recordings too.
//
// A user's session is renewed by signing in again. Texts that 3CX made of a call
// are an extra: they are metered there, come minutes late or never, and nothing
// waits for them.
package threecx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"crk/app/phone"
)

// Time limits of one request each; those of a recording are phone.Downloader's.
const (
	loginTimeout = 30 * time.Second
	listTimeout  = 60 * time.Second
)

// What people can do about a refusal.
const (
	fixRole = "Role must be System Owner: in 3CX, under Admin > Integrations > API, give the client a real department " +
		"(such as DEFAULT, not System Wide) and the role System Owner, and tick 3CX Configuration API Access."
	fixBlocked = "3CX keeps this appliance out: look at its IP blocklist and Console Restrictions under Admin > Advanced > Security."
	fixName    = "3CX refused the sign-in. Of an API client (Admin > Integrations > API) give the client id and its key; " +
		"of a user the extension's number and the password of the web client."
	fixTaken = "3CX ended the sign-in at once, as it does when somebody else signs in as the same client. " +
		"Make an API client for this appliance alone, or wait until the other program is done."
	fixTwo = "This user signs in with a second factor. Make an API client in 3CX under Admin > Integrations > API and use its id and key."
)

// A Client is signed in at a 3CX. It may be used concurrently.
type Client struct {
	base     string // without a trailing slash
	username string
	password string
	auth     string // AuthAuto until it is known which way works; the sign-in's alone
	filter   filter

	wire    *phone.Wire
	session *phone.Session
	pace    *phone.Pace

	memory   phone.Memory // of the way that worked last; nil: none
	extracts *extracts
	signIns  atomic.Uint64 // so far, tried
	audio    *phone.Downloader
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
}

var (
	_ phone.Source      = (*Client)(nil)
	_ phone.Clocked     = (*Client)(nil)
	_ phone.Historian   = (*Client)(nil)
	_ phone.Transcriber = (*Client)(nil)
	_ phone.Identifier  = (*Client)(nil)
	_ phone.Warner      = (*Client)(nil)
	_ phone.Rememberer  = (*Client)(nil)
)

// An Option changes how a Client behaves.
type Option func(*Client)

// WithSleep replaces the pauses between pages and tries. sleep returns early with
// an error when its context ends.
func WithSleep(sleep func(context.Context, time.Duration) error) Option {
	return func(c *Client) { c.sleep = sleep }
}

// WithClock replaces the clock, by which tokens are renewed, a probe looks back
// and clocks are compared.
func WithClock(now func() time.Time) Option {
	return func(c *Client) { c.now = now }
}

// New returns a client for cfg, which need not be normalized. It sends nothing
// yet. Requests go through client's transport, which decides where they may go at
// all; its redirects, cookies and time limit are not used. The error is about cfg.
func New(cfg Config, client *http.Client, options ...Option) (*Client, error) {
	cfg, err := cfg.Normalized()
	if err != nil {
		return nil, fmt.Errorf("threecx: config: %w", err)
	}
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("threecx: config: %w", &phone.FieldError{Field: "baseUrl", Message: "is not an address"})
	}
	c := &Client{
		base: cfg.BaseURL, username: cfg.Username, password: cfg.Password, auth: cfg.Auth, filter: cfg.filter(),
		extracts: newExtracts(), now: time.Now, sleep: phone.Pause,
	}
	if c.auth == "" {
		c.auth = AuthAuto
	}
	for _, option := range options {
		option(c)
	}
	c.wire = phone.NewWire(phone.Guard(base, client.Transport, allows), c.now)
	c.session = phone.NewSession(opLogin, c.now, c.signIn)
	c.pace = phone.NewPace(c.now, func(ctx context.Context, d time.Duration) error { return c.sleep(ctx, d) })
	c.audio = &phone.Downloader{
		Op: opAudio, SignedIn: c.signedIn, Explain: explainAnswer, Sleep: c.sleep, Limit: phone.NewThrottle(cfg.MaxDownloadKiBps),
	}
	return c, nil
}

// signedIn calls try with a token, and once more with a fresh one where the first
// was refused. When the fresh one is refused as well, somebody else has signed in as
// the same client meanwhile: that passes, and says nothing of the role, which 3CX
// refuses with a 403.
func (c *Client) signedIn(ctx context.Context, op string, try func(token string) error) error {
	err := c.session.Do(ctx, op, try)
	if e, ok := errors.AsType[*phone.Error](err); ok && e.Kind == phone.Forbidden && e.Status == 0 {
		return &phone.Error{Kind: phone.Transient, Op: op, Status: http.StatusUnauthorized, Detail: "token taken by another sign-in", Fix: fixTaken}
	}
	return err
}

// get asks for a path below the base and returns the answer if its status is 200;
// any other comes back as an error, with the body closed.
func (c *Client) get(ctx context.Context, op, path, token string) (*http.Response, error) {
	return c.getWith(ctx, op, path, token, nil)
}

// getWith is get with headers of one's own.
func (c *Client) getWith(ctx context.Context, op, path, token string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return nil, &phone.Error{Kind: phone.Unexpected, Op: op, Detail: "the request cannot be made"}
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if op == opAudio {
		req.Header.Set("Accept", "*/*")
	}
	resp, err := c.wire.Send(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		return resp, nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxError)) // what came of it may say why
	phone.Drain(resp)
	return nil, c.refusal(op, resp, body)
}

// refusal makes an error of an answer that is no success.
func (c *Client) refusal(op string, resp *http.Response, body []byte) error {
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return phone.ErrTokenRefused
	case http.StatusForbidden:
		return &phone.Error{Kind: phone.Forbidden, Op: op, Status: resp.StatusCode, Fix: fixRole}
	}
	e := c.wire.StatusError(op, resp)
	if e.Detail == "" {
		e.Detail = message(body)
	}
	return e
}

// message is what an error's body says, shortened: {"error":{"message":"…"}}.
func message(body []byte) string {
	const most = 200
	var answer struct {
		Error struct {
			Message phone.Text `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	text := strings.Join(strings.Fields(string(answer.Error.Message)), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// explain leaves the errors of this package as they are and makes network errors
// of the rest.
func explain(ctx context.Context, op string, err error) error {
	if errors.Is(err, phone.ErrTokenRefused) || phone.KindOf(err) != "" {
		return err
	}
	return phone.NetworkError(ctx, op, err)
}
