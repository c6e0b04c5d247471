// Package discord posts to Discord's incoming webhooks.
//
// It promises that a webhook's token, which is all it takes to post, never shows
// in an error, that requests go only to URLs built here from id and token, that
// no post can mention anybody, that every failure is an [Error] whose [Kind]
// says what to do, that every read is bounded and that no redirect is followed.
//
// It does not pace or remember: the caller must honour [Error.RetryAfter] and
// must never again call a webhook that is [Gone], which Discord punishes.
package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is Discord's own server.
const DefaultBaseURL = "https://discord.com"

const (
	callTimeout = 15 * time.Second
	answerLimit = 1 << 20

	// Discord asks for this form and its shield may refuse others. An appliance
	// has no home page: the host is one that is reserved to be nobody's.
	userAgent = "DiscordBot (https://crk.invalid, 1.0)"
)

// A Client calls Discord. Its methods may be called concurrently.
type Client struct {
	base string
	http *http.Client
}

// New returns a client for the server at baseURL; empty means DefaultBaseURL.
// The client's transport is used; nil means one with sane timeouts that knows no
// proxy.
func New(baseURL string, client *http.Client) *Client {
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
	return &Client{base: strings.TrimRight(baseURL, "/"), http: &own}
}

// Info is what Discord says of a webhook.
type Info struct {
	ID        string `json:"id"`
	Type      int    `json:"type"`
	Name      string `json:"name"`
	ChannelID string `json:"channel_id"`
	GuildID   string `json:"guild_id"`
}

// Check asks Discord about a webhook. Besides the usual errors it answers
// NotIncoming for a webhook that cannot be posted to. Errors are *Error.
func (c *Client) Check(ctx context.Context, h Hook) (Info, error) {
	var info Info
	if _, err := c.call(ctx, http.MethodGet, "check", h, "", nil, &info); err != nil {
		return Info{}, err
	}
	const untold, incoming = 0, 1
	if info.Type != untold && info.Type != incoming {
		return Info{}, &Error{Kind: NotIncoming, Op: "check", Status: http.StatusOK}
	}
	return info, nil
}

// call sends a request for a webhook and decodes the answer into result. The
// quota is what the answer told, also beside an error. Errors are *Error.
func (c *Client) call(ctx context.Context, method, op string, h Hook, query string, body []byte, result any) (Quota, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// The version is always named: without it Discord takes one that is long
	// deprecated.
	target := c.base + "/api/v10/webhooks/" + url.PathEscape(h.ID) + "/" + url.PathEscape(h.Token.Reveal()) + query
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return Quota{}, &Error{Kind: Unreachable, Op: op, Err: errors.New("the server's address is no URL")}
	}
	req.Header.Set("User-Agent", userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Quota{}, transportError(op, err, h)
	}
	defer resp.Body.Close()
	quota := readQuota(resp.Header)
	raw, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return quota, transportError(op, err, h)
	}
	if resp.StatusCode/100 != 2 {
		return quota, refusal(op, resp, raw, h)
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return quota, &Error{Kind: PeerError, Op: op, Status: resp.StatusCode, Err: errNotJSON}
	}
	return quota, nil
}

// isHTML reports whether an answer is a page, as proxies and shields send.
func isHTML(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "text/html"
}
