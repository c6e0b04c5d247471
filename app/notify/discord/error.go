package discord

import (
	"encoding/json"
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
	Unreachable    Kind = iota + 1 // no answer: try again later
	Timeout                        // no answer in time: it may have been done all the same
	PeerError                      // 5xx, or an answer that is none: try again later
	RateLimited                    // try again after RetryAfter
	Gone                           // deleted, or its token changed: never call it again
	ThreadNotFound                 // the thread is no more
	NotIncoming                    // a webhook of a kind that cannot be posted to
	Rejected                       // any other 4xx: the same again will fail again
)

// Retryable reports whether the same call may succeed later.
func (k Kind) Retryable() bool {
	return k == Unreachable || k == Timeout || k == PeerError || k == RateLimited
}

// An Error is why a call failed. It holds neither URL nor token.
type Error struct {
	Kind       Kind
	Op         string
	Status     int           // of HTTP; 0: no answer
	Code       int           // Discord's own, such as 10015
	Message    string        // Discord's words
	RetryAfter time.Duration // with RateLimited
	Global     bool          // with RateLimited: every webhook must wait
	Err        error         // the cause where there was no answer
}

// Error implements error.
func (e *Error) Error() string {
	s := "discord: " + e.Op
	if e.Status != 0 {
		s += ": " + strconv.Itoa(e.Status)
	}
	if e.Code != 0 {
		s += " (" + strconv.Itoa(e.Code) + ")"
	}
	if e.Message != "" {
		s += " " + e.Message
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
func transportError(op string, err error, h Hook) *Error {
	cause, timeout := transport.Cause(err, h.Token)
	kind := Unreachable
	if timeout {
		kind = Timeout
	}
	return &Error{Kind: kind, Op: op, Err: cause}
}

// Discord's codes that mean more than their status.
const (
	unknownChannel = 10003
	unknownWebhook = 10015
	invalidToken   = 50027
	invalidForm    = 50035
)

// refusal turns an answer other than 2xx into an Error.
func refusal(op string, resp *http.Response, raw []byte, h Hook) *Error {
	var body struct {
		Code       int     `json:"code"`
		Message    string  `json:"message"`
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}
	readable := json.Unmarshal(raw, &body) == nil
	e := &Error{Op: op, Status: resp.StatusCode, Code: body.Code, Message: clip.To(clip.Line(body.Message), 200)}
	if token := h.Token.Reveal(); token != "" {
		e.Message = strings.ReplaceAll(e.Message, token, h.Token.String())
	}
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests: // of the shield before Discord too, in HTML
		e.Kind = RateLimited
		e.RetryAfter = retryAfter(body.RetryAfter, resp.Header.Get("Retry-After"))
		e.Global = body.Global || resp.Header.Get("X-RateLimit-Global") == "true"
	case status >= 500, status < 400, isHTML(resp.Header):
		e.Kind = PeerError
	case body.Code == unknownChannel:
		e.Kind = ThreadNotFound
	case status == http.StatusNotFound, body.Code == unknownWebhook, body.Code == invalidToken:
		e.Kind = Gone
	case readable:
		e.Kind = Rejected
	default:
		e.Kind = PeerError
	}
	return e
}

const (
	retryAfterUnknown = 5 * time.Second
	retryAfterMost    = 24 * time.Hour
)

// retryAfter reads how long to wait, in seconds with a fraction, from the answer
// or else from its header.
func retryAfter(seconds float64, header string) time.Duration {
	if seconds <= 0 {
		seconds, _ = strconv.ParseFloat(header, 64) // a date or nothing gives 0
	}
	if !(seconds > 0) { // NaN too
		return retryAfterUnknown
	}
	return time.Duration(min(seconds, retryAfterMost.Seconds()) * float64(time.Second))
}

// A Quota is what an answer's headers say of the webhook's limit. Limit is 0
// where they say nothing.
type Quota struct {
	Limit      int
	Remaining  int
	ResetAfter time.Duration
}

func readQuota(h http.Header) Quota {
	limit, err1 := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	reset, err3 := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64)
	if err1 != nil || err2 != nil || err3 != nil || limit < 1 || remaining < 0 || !(reset >= 0) {
		return Quota{}
	}
	reset = min(reset, retryAfterMost.Seconds())
	return Quota{Limit: limit, Remaining: remaining, ResetAfter: time.Duration(reset * float64(time.Second))}
}
