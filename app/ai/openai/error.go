package openai

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Codes of an [Error].
const (
	CodeUnauthorized  = "unauthorized"      // the key is not taken
	CodeQuota         = "quota"             // the account has nothing left
	CodeNoModel       = "model_not_found"   // the model, or the path, is not there
	CodeRateLimited   = "rate_limited"      // too many requests
	CodeUnavailable   = "unavailable"       // the server cannot answer now
	CodeUnreachable   = "unreachable"       // no connection, or it was cut
	CodeTimeout       = "timeout"           // no answer in time
	CodeBadAnswer     = "unexpected_answer" // an answer that cannot be read
	CodeTooLarge      = "too_large"         // the request is over the server's limit
	CodeContextLength = "context_length"    // the prompt is over the model's limit
	CodeRejected      = "rejected"          // the request is not taken as it is
	CodeCutOff        = "cut_off"           // the model ran out of tokens
	CodeRefused       = "refused"           // the model, or a filter, would not answer
)

const (
	maxSnippet    = 200 // runes
	maxRetryAfter = 24 * time.Hour
)

// An Error is why a request got no usable answer. It holds neither the key nor
// an address.
type Error struct {
	Op         string        // "transcribe", "chat" or "models"
	Status     int           // of the answer; 0 where there was none
	Code       string        // one of the Code constants
	RetryAfter time.Duration // as the server asks; 0: it does not say
	Snippet    string        // the start of what the server said, on one line: for logs alone
	Err        error         // of the connection, where that failed
}

// Retryable reports whether the same request may succeed later.
func (e *Error) Retryable() bool {
	return slices.Contains([]string{CodeRateLimited, CodeUnavailable, CodeUnreachable, CodeTimeout, CodeBadAnswer}, e.Code)
}

// Paused reports whether no request to that server and model will succeed until
// a person acts: the key is wrong, the money is gone, the model is not there.
func (e *Error) Paused() bool {
	return slices.Contains([]string{CodeUnauthorized, CodeQuota, CodeNoModel}, e.Code)
}

// Error implements error. It is for logs.
func (e *Error) Error() string {
	s := "openai: " + e.Op + ": " + e.Code
	if e.Status != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Snippet != "" {
		s += fmt.Sprintf(": %q", e.Snippet)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the connection's error, if that failed.
func (e *Error) Unwrap() error { return e.Err }

// badAnswer is the error for a 2xx answer that cannot be used. Such answers
// come from proxies and from servers that are starting: they pass.
func badAnswer(op string, body []byte) *Error {
	return &Error{Op: op, Status: http.StatusOK, Code: CodeBadAnswer, Snippet: snippet(string(body), "")}
}

// refusal reads an answer that is not 2xx.
func refusal(op string, status int, h http.Header, body []byte, key Key) *Error {
	kind, message := complaint(body)
	return &Error{
		Op: op, Status: status, Code: codeOf(status, strings.ToLower(kind+" "+message)),
		RetryAfter: retryAfter(h, time.Now()), Snippet: snippet(message, key),
	}
}

// codeOf judges by what the server says where that is telling, because dialects
// agree less on the status.
func codeOf(status int, said string) string {
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
	}
	switch {
	case status == 402 || says("insufficient_quota", "exceeded your current quota", "billing_hard_limit", "insufficient balance"):
		return CodeQuota
	case status == 401 || status == 403:
		return CodeUnauthorized
	case status == 429:
		return CodeRateLimited
	case status == 404 || says("model_not_found"):
		return CodeNoModel
	case status == 413:
		return CodeTooLarge
	case status >= 500 || status == 408 || status == 409 || status == 425:
		return CodeUnavailable
	case says("context_length", "context length", "context size", "context window"):
		return CodeContextLength
	case says("content_filter", "content_policy"):
		return CodeRefused
	}
	return CodeRejected
}

// hiddenError finds the error in an answer that says 2xx: some gateways put one
// there, with the status that they mean as its code.
func hiddenError(op string, h http.Header, body []byte, key Key) error {
	var in struct {
		Error json.RawMessage `json:"error"`
	}
	if loose(body, &in) != nil || slices.Contains([]string{"", "null", `""`, "false"}, string(in.Error)) {
		return nil
	}
	kind, _ := complaint(body)
	status, err := strconv.Atoi(kind)
	if err != nil || status < 400 || status > 599 {
		status = http.StatusBadGateway
	}
	return refusal(op, status, h, body, key)
}

// complaint returns the code, else the type, and the text of what a server says
// is wrong: {"error":{…}}, {"error":"text"}, {"detail":…}, {"message":…}, or
// anything else, such as HTML, as it is.
func complaint(body []byte) (kind, message string) {
	type said struct{ Code, Type, Message text }
	var in struct {
		said
		Error, Detail json.RawMessage
	}
	if loose(body, &in) != nil {
		return "", string(body)
	}
	outer := append(in.Error, in.Detail...)
	if len(outer) == 0 {
		return string(cmp.Or(in.Code, in.Type)), string(in.Message)
	}
	var inner said
	if loose(outer, &inner) != nil {
		var sentence text
		_ = sentence.UnmarshalJSON(outer)
		return "", string(cmp.Or(sentence, text(outer)))
	}
	return string(cmp.Or(inner.Code, inner.Type)), string(inner.Message)
}

// snippet makes one short line of foreign text, without the key.
func snippet(s string, key Key) string {
	if key != "" {
		s = strings.ReplaceAll(s, string(key), mask)
	}
	s = strings.ToValidUTF8(s[:min(len(s), 16*maxSnippet)], "")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if r := []rune(s); len(r) > maxSnippet {
		s = string(r[:maxSnippet]) + "…"
	}
	return s
}

// retryAfter reads how long the server asks to wait, from the most to the least
// exact of the headers in use; 0 where none can be read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	after := h.Get("Retry-After")
	at, _ := http.ParseTime(after)
	waits := []time.Duration{wait(h.Get("Retry-After-Ms") + "ms"), wait(after + "s"), at.Sub(now)}
	for _, what := range []string{"Requests", "Tokens"} {
		if h.Get("X-Ratelimit-Remaining-"+what) == "0" {
			waits = append(waits, wait(h.Get("X-Ratelimit-Reset-"+what)))
		}
	}
	for _, w := range waits {
		if w > 0 {
			return min(w, maxRetryAfter)
		}
	}
	return 0
}

func wait(s string) time.Duration {
	d, _ := time.ParseDuration(s)
	return d
}
