package app

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Kind says what sort of thing went wrong. Each has one HTTP status.
type Kind int

const (
	Internal     Kind = iota // our fault; the person is told nothing of the inside
	Malformed                // the request cannot be read at all
	Unauthorized             // nobody known is asking
	Forbidden                // somebody known, who may not
	NotFound                 // not there, or not theirs
	BadMethod                // the path exists, the method does not
	Conflict                 // at odds with the state of the thing
	TooLarge                 // over a stated limit
	Unsupported              // a media type that cannot be taken
	Invalid                  // read, and wrong
	RateLimited              // too often
	Unavailable              // cannot be done now, through no fault of the caller
)

// An Error has two audiences: Code and Message are for whoever asked, Err is
// for the log and is never sent.
type Error struct {
	Kind    Kind
	Code    string // what a program switches on, such as "not_found"
	Message string // one sentence for a person, saying how to mend it
	Fields  []Field
	Err     error

	RetryAfter time.Duration // for RateLimited and Unavailable; 0 where unknown
}

// A Field is one thing that is wrong with the input.
type Field struct {
	Name    string `json:"field"` // as a path, such as "conditions[1].op"
	Message string `json:"message"`
}

// Error implements error. It is for logs: it includes Err.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s: %s]", f.Name, f.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Missing is the answer for a thing that is not there or is another's: the two
// are never told apart. The noun is the first part of the code, such as
// "recording" for recording_not_found.
func Missing(noun string) *Error {
	return &Error{
		Kind:    NotFound,
		Code:    strings.ReplaceAll(noun, " ", "_") + "_not_found",
		Message: "There is no such " + noun + " in this business.",
	}
}

// Problems collects what is wrong with an input, so that all of it is said at
// once. The zero value is ready.
type Problems []Field

// Add notes that the named field is wrong.
func (p *Problems) Add(field, format string, args ...any) {
	*p = append(*p, Field{Name: field, Message: fmt.Sprintf(format, args...)})
}

// Err returns nil if nothing was added, else a validation error.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return &Error{
		Kind:    Invalid,
		Code:    "validation_failed",
		Message: p[0].Name + ": " + p[0].Message,
		Fields:  p,
	}
}

// IsKind reports whether err is, or wraps, an Error of the given kind.
func IsKind(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}
