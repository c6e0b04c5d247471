package telegram

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crk/app/notify/clip"
	"crk/app/notify/transport"
)

// A Kind says what an error means for what comes next.
type Kind int

// The kinds of errors.
const (
	Unreachable     Kind = iota + 1 // no answer: try again later
	Timeout                         // no answer in time: it may have been done all the same
	PeerError                       // 5xx, or an answer that is none: try again later
	RateLimited                     // try again after RetryAfter
	BadToken                        // 401 or 404: no call of this bot can succeed
	OtherPoller                     // 409: another program polls with this token
	WebhookSet                      // 409: the bot's updates go to a webhook
	Blocked                         // 403: the bot was blocked, removed or never let in
	ChatNotFound                    // there is no such chat
	Migrated                        // the group is now a supergroup, MigratedTo
	ThreadNotFound                  // the topic is no more
	EntitiesRefused                 // the text's markup was not understood
	ButtonRefused                   // the button's link was not accepted
	Rejected                        // any other 4xx: the same again will fail again
)

// Retryable reports whether the same call may succeed later.
func (k Kind) Retryable() bool {
	return k == Unreachable || k == Timeout || k == PeerError || k == RateLimited
}

// An Error is why a call failed. It never holds the token.
type Error struct {
	Kind        Kind
	Method      string
	Code        int           // Telegram's error_code or the HTTP status; 0: no answer
	Description string        // Telegram's words
	RetryAfter  time.Duration // with RateLimited
	MigratedTo  int64         // with Migrated
	Err         error         // the cause where there was no answer
}

// Error implements error.
func (e *Error) Error() string {
	s := "telegram: " + e.Method
	if e.Code != 0 {
		s += ": " + strconv.Itoa(e.Code)
	}
	if e.Description != "" {
		s += " " + e.Description
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause, so that a stop is known by context.Canceled.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error of this package, or 0.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

var errNotJSON = errors.New("the answer is no JSON")

// transportError turns a failure without an answer into an Error without the
// token.
func (c *Client) transportError(method string, err error) *Error {
	cause, timeout := transport.Cause(err, c.token)
	kind := Unreachable
	if timeout {
		kind = Timeout
	}
	return &Error{Kind: kind, Method: method, Err: cause}
}

const (
	retryAfterUnknown = 5 * time.Second
	retryAfterMost    = 24 * time.Hour
)

// refusal turns an answer that is not ok into an Error.
func (c *Client) refusal(method string, resp *http.Response, a answer) *Error {
	code := a.ErrorCode
	if code == 0 {
		code = resp.StatusCode
	}
	words := clip.To(clip.Line(a.Description), 200)
	if token := c.token.Reveal(); token != "" {
		words = strings.ReplaceAll(words, token, c.token.String())
	}
	e := &Error{Kind: kindOf(code, words), Method: method, Code: code, Description: words}
	switch {
	case a.Parameters.MigrateTo != 0:
		e.Kind, e.MigratedTo = Migrated, a.Parameters.MigrateTo
	case e.Kind == RateLimited:
		e.RetryAfter = retryAfter(a.Parameters.RetryAfter, resp.Header.Get("Retry-After"))
	}
	return e
}

// retryAfter reads how long to wait from the answer or else from its header.
func retryAfter(seconds int64, header string) time.Duration {
	if seconds <= 0 {
		seconds, _ = strconv.ParseInt(header, 10, 64) // a date or nothing gives 0
	}
	if seconds <= 0 {
		return retryAfterUnknown
	}
	return time.Duration(min(seconds, int64(retryAfterMost/time.Second))) * time.Second
}

// kindOf reads a kind from an error code and, for the codes that mean many
// things, from the words that the Bot API has used for years.
func kindOf(code int, words string) Kind {
	words = strings.ToLower(words)
	has := func(s string) bool { return strings.Contains(words, s) }
	switch {
	case code < 400, code >= 500:
		return PeerError
	case code == http.StatusTooManyRequests:
		return RateLimited
	case code == http.StatusUnauthorized, code == http.StatusNotFound:
		return BadToken
	case code == http.StatusConflict && has("webhook"):
		return WebhookSet
	case code == http.StatusConflict:
		return OtherPoller
	case code == http.StatusForbidden:
		return Blocked
	case has("chat not found"):
		return ChatNotFound
	case has("thread not found"), has("topic_deleted"):
		return ThreadNotFound
	case has("can't parse entities"):
		return EntitiesRefused
	case has("button_url_invalid"), has("inline keyboard button url"):
		return ButtonRefused
	}
	return Rejected
}
