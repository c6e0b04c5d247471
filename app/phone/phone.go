// Package phone says what the product needs of a phone system: which calls it
// recorded, and the sound of each.
//
// A connector (one package a system, below this one) implements [Source]. What a
// connector promises:
//
//   - A window that Calls walked to its end without an error was read completely.
//     A listing that may have been cut short is an error, never a shorter list.
//   - A call is yielded once in a walk, even where the system lists it twice.
//   - Times are UTC, whatever zone the system writes.
//   - It only reads: nothing is changed on the phone system but for signing in.
//   - Credentials and tokens go to the configured host and no other, and never
//     into an error, a log line or a URL.
//   - Failures are [*Error]s, so that the caller can tell "wrong password" from
//     "not there yet" without reading text.
//
// It knows no database, no schedule and no retry longer than a moment: when to ask
// again is the business of the caller, which knows what was asked before.
package phone

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"time"
)

// A Source is a phone system that recordings are pulled from. Its methods may be
// called concurrently. They block for as long as the system takes, within the
// connector's own time limits, and return early when ctx ends.
type Source interface {
	// Probe signs in and lists a little, to tell a person whether this
	// configuration works. The report holds what was found up to the failure that
	// the error, an [*Error], describes. No recording is opened: that is for [Try],
	// which a person asks for; each is downloaded once otherwise, when it is imported.
	Probe(ctx context.Context) (Report, error)

	// Calls yields the recorded calls that started in [since, until), each once
	// and in no particular order. An error that is a [*RowError] concerns one row
	// and the walk goes on; any other error is the last thing yielded, and means
	// that the window was not read completely. Asking again asks the system again.
	Calls(ctx context.Context, since, until time.Time) iter.Seq2[Call, error]

	// Audio opens the recording of the call that Calls gave the id of. The first
	// bytes were checked to be a sound file. The caller closes Body. ctx must
	// live until then. A Body that does not come whole ends with an error, an
	// [*Error], and never with io.EOF where the system said how long it is.
	Audio(ctx context.Context, callID string) (Audio, error)
}

// A Direction says who called whom, seen from the business.
type Direction string

// The directions of a call. A system's word that is none of these is Unknown.
const (
	In       Direction = "in"
	Out      Direction = "out"
	Internal Direction = "internal"
	Unknown  Direction = "unknown"
)

// A Call is a recorded call as a phone system lists it.
type Call struct {
	ID            string        // the system's own id, unique within its host
	StartedAt     time.Time     // UTC
	Duration      time.Duration // zero where the system does not say (yet)
	Direction     Direction
	CustomerPhone string // as the system writes it
	AgentNumber   string // extension or full number of the business's side
	AgentName     string

	// Skip is the reason why the integration's own filters leave this call out,
	// or empty. The call is yielded all the same, so that it can be counted, and
	// taken in when the filters change.
	Skip string

	// Raw is the row as the system sent it, for support.
	Raw json.RawMessage
}

// Reasons for Call.Skip.
const (
	SkipShort    = "too_short"         // shorter than the configured minimum
	SkipLine     = "line_not_selected" // not one of the configured lines
	SkipInternal = "internal_call"     // between two extensions
)

// Audio is an opened recording.
type Audio struct {
	Body        io.ReadCloser
	ContentType string // told by the first bytes, not by the system's header
	Size        int64  // in bytes; -1 where the system does not say
}
