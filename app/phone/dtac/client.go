// Package dtac reads recordings from DTAC OneCall, which is OrecX OrkTrack 4, and
// from an OrkTrack of one's own.
//
// OrkTrack has no published interface; this is the one that its own web pages use.
// What is peculiar about it, and lost calls to earlier clients:
//
//   - A page beyond the data is answered with HTTP 500. So no further page is asked
//     for when the answer says that there is none; where it does not say, or a short
//     page names a next, that failure is the end, if OrkTrack answers otherwise and
//     has not counted more rows than came. Short pages alone end nothing.
//   - Several requests at once make it answer 500, so pages are read one by one.
//   - A window without calls may be answered with 500 as well. Then a wider window
//     that can be read is taken in its place and filtered here.
//   - Times carry no zone and mean UTC.
//   - The token goes into the header bare, without "Bearer".
//   - Addresses in its answers may name hosts behind its proxy. They are never
//     followed: every request goes to the configured base URL.
//
// The package keeps one token for each [Client] and signs in again once when that
// is refused. It only reads: a guard under the client lets nothing pass but the
// sign-in and GETs of the configured paths, at the configured host.
package dtac

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	"crk/app/phone"
)

// Time limits of one request each; those of a recording are phone.Downloader's. A
// list of a busy day takes OrkTrack tens of seconds.
const (
	loginTimeout = 30 * time.Second
	listTimeout  = 120 * time.Second
)

// A Client is a signed-in user of an OrkTrack. It may be used concurrently.
type Client struct {
	set     settings
	wire    *phone.Wire
	session *phone.Session
	pace    *phone.Pace
	audio   *phone.Downloader
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
}

var (
	_ phone.Source  = (*Client)(nil)
	_ phone.Clocked = (*Client)(nil)
)

// An Option changes how a Client behaves.
type Option func(*Client)

// WithSleep replaces the pause between two tries. sleep returns early with an
// error when its context ends.
func WithSleep(sleep func(context.Context, time.Duration) error) Option {
	return func(c *Client) { c.sleep = sleep }
}

// WithClock replaces the clock, by which a probe looks back and clocks are compared.
func WithClock(now func() time.Time) Option {
	return func(c *Client) { c.now = now }
}

// New returns a client for cfg, which need not be normalized. It sends nothing yet.
// Requests go through client's transport, which decides where they may go at all;
// its redirects, cookies and time limit are not used. The error is about cfg.
func New(cfg Config, client *http.Client, options ...Option) (*Client, error) {
	cfg, err := cfg.Normalized()
	if err != nil {
		return nil, fmt.Errorf("dtac: config: %w", err)
	}
	set, err := cfg.resolve()
	if err != nil {
		return nil, fmt.Errorf("dtac: config: %w", err)
	}
	c := &Client{set: set, now: time.Now, sleep: phone.Pause}
	for _, option := range options {
		option(c)
	}
	c.wire = phone.NewWire(c.set.guard(client.Transport), c.now)
	c.session = phone.NewSession(opLogin, c.now, c.login)
	c.pace = phone.NewPace(c.now, func(ctx context.Context, d time.Duration) error { return c.sleep(ctx, d) })
	c.audio = &phone.Downloader{
		Op: opAudio, SignedIn: c.session.Do, Explain: explainAnswer, Sleep: c.sleep, Limit: phone.NewThrottle(cfg.MaxDownloadKiBps),
	}
	return c, nil
}

// Skew implements [phone.Clocked].
func (c *Client) Skew() time.Duration { return c.wire.Skew() }

// url joins a path with its query, as configured, to the base URL. id replaces
// {id}.
func (c *Client) url(local, id string, query url.Values) string {
	u, err := url.Parse(local) // was checked by Normalized
	if err != nil {
		u = &url.URL{}
	}
	full := *c.set.base
	full.Path += replaceID(u.Path, id)
	full.RawQuery = u.RawQuery
	if len(query) > 0 {
		full.RawQuery = query.Encode()
	}
	return full.String()
}

// get asks for address with token and returns the answer if its status is 200 or
// 206; any other comes back as an error, with the body closed.
func (c *Client) get(ctx context.Context, op, address, token string) (*http.Response, error) {
	return c.getWith(ctx, op, address, token, nil)
}

// getWith is get with headers of one's own.
func (c *Client) getWith(ctx context.Context, op, address, token string, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &phone.Error{Kind: phone.Unexpected, Op: op, Detail: "the request cannot be made"}
	}
	maps.Copy(req.Header, header)
	c.set.tokenHeader.sign(req, token)
	resp, err := c.wire.Send(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		return resp, nil
	}
	phone.Drain(resp)
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return nil, phone.ErrTokenRefused
	case http.StatusForbidden: // of a token that ended, or of what this user may not have
		return nil, &phone.Error{Kind: phone.Forbidden, Op: op, Status: resp.StatusCode, Err: phone.ErrTokenRefused}
	}
	return nil, c.wire.StatusError(op, resp)
}
