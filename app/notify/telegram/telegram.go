// Package telegram speaks the few methods of Telegram's Bot API that CRK needs.
//
// It promises that the bot's token never shows in an error, that every failure
// is an [Error] whose [Kind] says what to do, that every read is bounded and
// that no redirect is followed. It decides by the fields ok, error_code and
// parameters of an answer; words of descriptions are looked at only where the
// Bot API gives nothing else.
//
// It does not pace, retry or remember anything; at most it sends a message a
// second time when the first was refused for a reason that it can mend (see
// [Client.Post]).
package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"crk/app"
)

// DefaultBaseURL is Telegram's own server.
const DefaultBaseURL = "https://api.telegram.org"

const (
	callTimeout = 15 * time.Second
	pollSlack   = 10 * time.Second // what a long poll may take beyond its wait
	answerLimit = 16 << 20         // a hundred updates of the largest kind stay below
)

// A Client calls the Bot API as one bot. Its methods may be called concurrently.
type Client struct {
	base  string
	token app.Secret
	http  *http.Client
	skew  atomic.Pointer[time.Duration] // nil: not known
}

// New returns a client for the server at baseURL; empty means DefaultBaseURL.
// The client's transport is used; nil means one with sane timeouts that knows no
// proxy. Nothing is sent yet.
func New(token app.Secret, baseURL string, client *http.Client) *Client {
	if baseURL == "" {
		baseURL = DefaultBaseURL
	}
	if client == nil {
		client = &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
		}}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: strings.TrimRight(baseURL, "/"), token: token, http: &own}
}

// String implements fmt.Stringer. It keeps the token out of what prints a
// client: fmt does not ask the fields of a struct for their own form.
func (c *Client) String() string { return "telegram.Client(" + c.base + ")" }

// GoString implements fmt.GoStringer likewise.
func (c *Client) GoString() string { return c.String() }

// Skew returns how far the server's clock was ahead of ours at the last answer,
// to the second, and whether there has been an answer that told.
func (c *Client) Skew() (time.Duration, bool) {
	d := c.skew.Load()
	if d == nil {
		return 0, false
	}
	return d.Round(time.Second), true
}

// answer is the form of every answer.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	ErrorCode   int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int64 `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// call posts params to a method and decodes the result. It waits at most for
// timeout. Errors are *Error.
func (c *Client) call(ctx context.Context, method string, params, result any, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, err := json.Marshal(params)
	if err != nil {
		return &Error{Kind: Rejected, Method: method, Err: err}
	}
	target := c.base + "/bot" + url.PathEscape(c.token.Reveal()) + "/" + method
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return &Error{Kind: Unreachable, Method: method, Err: errors.New("the server's address is no URL")}
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return c.transportError(method, err)
	}
	defer resp.Body.Close()
	c.noteClock(resp)
	raw, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return c.transportError(method, err)
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return &Error{Kind: PeerError, Method: method, Code: resp.StatusCode, Err: errNotJSON}
	}
	if !a.OK {
		return c.refusal(method, resp, a)
	}
	if err := json.Unmarshal(a.Result, result); err != nil {
		return &Error{Kind: PeerError, Method: method, Code: resp.StatusCode, Err: errNotJSON}
	}
	return nil
}

// noteClock compares the server's clock, as its answers' Date tells it.
func (c *Client) noteClock(resp *http.Response) {
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		ahead := time.Until(at)
		c.skew.Store(&ahead)
	}
}

// A User is a bot, as Telegram knows it.
type User struct {
	ID       int64  `json:"id"`
	Username string `json:"username"` // without @
}

// Me returns the bot itself: the cheapest way to learn whether the token serves.
func (c *Client) Me(ctx context.Context) (User, error) {
	var u User
	return u, c.call(ctx, "getMe", struct{}{}, &u, callTimeout)
}

// A WebhookInfo is where a bot's updates go when they are not polled for.
type WebhookInfo struct {
	URL     string `json:"url"` // empty: updates can be polled for
	Pending int    `json:"pending_update_count"`
}

// WebhookInfo returns whether somebody set a webhook for the bot. CRK never
// takes one away: it may be another system's.
func (c *Client) WebhookInfo(ctx context.Context) (WebhookInfo, error) {
	var w WebhookInfo
	return w, c.call(ctx, "getWebhookInfo", struct{}{}, &w, callTimeout)
}

// Leave takes the bot out of a group.
func (c *Client) Leave(ctx context.Context, chatID int64) error {
	var done bool
	return c.call(ctx, "leaveChat", map[string]any{"chat_id": chatID}, &done, callTimeout)
}

// A Command is an entry of the menu that people see when they type "/".
type Command struct {
	Command     string `json:"command"` // without the slash
	Description string `json:"description"`
}

// SetCommands sets the bot's menu for people whose app speaks a language, such
// as "th"; the empty language is for all others.
func (c *Client) SetCommands(ctx context.Context, language string, commands []Command) error {
	params := map[string]any{"commands": commands}
	if language != "" {
		params["language_code"] = language
	}
	var done bool
	return c.call(ctx, "setMyCommands", params, &done, callTimeout)
}
