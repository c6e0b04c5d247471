package phone

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Kind says what a failure means for the one who asked. The first five are the
// words of the public API.
type Kind string

const (
	// Credentials: the user name or password was refused. Trying again without a
	// change may lock the account.
	Credentials Kind = "invalid_credentials"
	// Forbidden: signed in, but not allowed to do this.
	Forbidden Kind = "forbidden"
	// Unreachable: no answer. A wrong name, a closed port, a network that is down,
	// or a time limit that passed. A recording that breaks off is BadContent.
	Unreachable Kind = "unreachable"
	// TLS: there is an answer, but no trusted encrypted connection.
	TLS Kind = "tls"
	// Unexpected: an answer that this kind of phone system does not give. Most
	// often the address is that of something else.
	Unexpected Kind = "unexpected_response"

	// NotYet: the system has no such recording, which just after a call means
	// that it is still being written.
	NotYet Kind = "not_yet"
	// Transient: the system said that it has a problem or is asked too often.
	Transient Kind = "transient"
	// BadContent: bytes came that are no sound file, or not all of one. It is about
	// the one recording: the system is there and answers.
	BadContent Kind = "bad_content"
	// TooMany: the system cut the list short; a shorter window may be whole.
	TooMany Kind = "too_many"
)

// An Error is what a phone system's failure comes as. Its text is for the log and
// holds no secret and no URL.
type Error struct {
	Kind       Kind
	Op         string        // what was tried, as "dtac: list recordings"
	Status     int           // the HTTP status where there was one
	Archived   bool          // of NotYet: the system still lists the recording, and has moved it to an archive of its own
	RetryAfter time.Duration // how long the system asks to be left alone; zero: it did not say
	Detail     string
	Fix        string // what a person can do about it, in whole sentences, where more is known than Kind says
	Err        error  // the cause, where there is one
}

// Error implements error.
func (e *Error) Error() string {
	parts := make([]string, 0, 4)
	if e.Op != "" {
		parts = append(parts, e.Op)
	}
	what := string(e.Kind)
	if e.Status != 0 {
		what += " (HTTP " + strconv.Itoa(e.Status) + ")"
	}
	parts = append(parts, what)
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first [*Error] in err's tree, or "" where there
// is none, as for a context that ended.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// A RowError says that one row of a listing could not be read. The other rows are
// whole.
type RowError struct {
	ID  string // the call's id where at least that could be read
	Err error
}

// Error implements error.
func (e *RowError) Error() string { return fmt.Sprintf("row %q: %v", e.ID, e.Err) }

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// A FieldError says what is wrong with one field of a connector's settings, named
// as in JSON. Its message, which completes "This …", is for the person who filled
// it in.
type FieldError struct {
	Field   string
	Message string
}

// Error implements error.
func (e *FieldError) Error() string { return e.Field + " " + e.Message }
