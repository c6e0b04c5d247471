package aitest

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Fault is a way to misbehave. The zero Fault is to behave.
type Fault struct {
	http  func(w http.ResponseWriter, r *http.Request) (done bool)
	reply func(*reply)
}

// A reply is a chat's answer before it is sent.
type reply struct {
	content string
	refusal string
	finish  string
}

func (f Fault) respond(w http.ResponseWriter, r *http.Request) bool {
	return f.http != nil && f.http(w, r)
}

// Fail makes the next requests of an endpoint misbehave, one fault each.
func (s *Server) Fail(op Op, next ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[op] = append(s.faults[op], next...)
}

// FailAlways makes an endpoint misbehave until told otherwise with the zero Fault.
func (s *Server) FailAlways(op Op, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always[op] = f
}

// RateLimited answers 429 and asks to wait.
func RateLimited(wait time.Duration) Fault {
	return always(func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
		refuse(w, http.StatusTooManyRequests, "requests", "rate_limit_exceeded", "Rate limit reached for requests")
	})
}

// NoQuota answers 429 for an account that has nothing left.
func NoQuota() Fault {
	return Refused(http.StatusTooManyRequests, "insufficient_quota", "You exceeded your current quota, please check your plan and billing details.")
}

// Unauthorized answers 401.
func Unauthorized() Fault {
	return Refused(http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided.")
}

// Refused answers with a status and an error of OpenAI's shape.
func Refused(status int, code, message string) Fault {
	return always(func(w http.ResponseWriter) { refuse(w, status, "invalid_request_error", code, message) })
}

// HTML answers as a gateway does whose server is away.
func HTML() Fault {
	return always(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html><body><h1>502 Bad Gateway</h1></body></html>")
	})
}

// Empty answers 200 with nothing.
func Empty() Fault { return always(func(http.ResponseWriter) {}) }

// HiddenError answers 200 with an error in it.
func HiddenError() Fault {
	return always(func(w http.ResponseWriter) {
		answer(w, map[string]any{"error": map[string]any{"message": "Provider returned error", "code": 502}})
	})
}

// Drop closes the connection instead of answering.
func Drop() Fault { return always(func(http.ResponseWriter) { panic(http.ErrAbortHandler) }) }

// Slow answers properly, but late, or not at all if the client goes.
func Slow(d time.Duration) Fault {
	return Fault{http: func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-time.After(d):
			return false
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}}
}

func always(respond func(http.ResponseWriter)) Fault {
	return Fault{http: func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 2*maxUpload))
		respond(w)
		return true
	}}
}

// Prose answers a chat as if no schema had been asked for.
func Prose() Fault { return Says("The customer called about an appointment. It went well.") }

// Says answers a chat with the given content.
func Says(content string) Fault { return Fault{reply: func(r *reply) { r.content = content }} }

// Fenced puts the answer of a chat into a code block.
func Fenced() Fault {
	return Fault{reply: func(r *reply) { r.content = "Here you are:\n```json\n" + r.content + "\n```" }}
}

// Thinking puts thoughts before the answer of a chat.
func Thinking() Fault {
	return Fault{reply: func(r *reply) { r.content = "<think>A {\"score\": 1} would be harsh.</think>\n" + r.content }}
}

// CutOff ends the answer of a chat in the middle, for want of tokens.
func CutOff() Fault {
	return Fault{reply: func(r *reply) {
		r.content, r.finish = strings.ToValidUTF8(r.content[:len(r.content)/2], ""), "length"
	}}
}

// Refusal has the model of a chat refuse to answer.
func Refusal() Fault {
	return Fault{reply: func(r *reply) { r.content, r.refusal = "", "I cannot help with that." }}
}
