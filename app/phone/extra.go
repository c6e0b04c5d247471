package phone

import (
	"context"
	"iter"
	"time"
)

// What follows are things that some phone systems tell beside their calls. A
// connector implements what its system has; a caller asks whether it does.

// A Clocked source compares the system's clock with ours.
type Clocked interface {
	// Skew is the system's clock minus ours, as its last answer showed it; zero
	// before the first, and where it sends no date.
	Skew() time.Duration
}

// A Historian knows how far back its system goes.
type Historian interface {
	// History asks the system. The error is an [*Error], as where the role may
	// not ask.
	History(ctx context.Context) (History, error)
}

// A History is how far back a phone system goes.
type History struct {
	Oldest time.Time     // when the oldest call began that is still listed; zero: there is none
	Keeps  time.Duration // recordings are deleted when they are older; zero: not by themselves
}

// A Transcriber is a source whose system writes down some calls by itself.
type Transcriber interface {
	// Transcribed yields the calls that started in [since, until) and were written
	// down, as Calls does, but perhaps without their parties.
	Transcribed(ctx context.Context, since, until time.Time) iter.Seq2[Call, error]

	// Transcript returns what the system wrote down of a call that Transcribed
	// yielded.
	Transcript(ctx context.Context, callID string) (Transcript, error)
}

// A Transcript is what a phone system wrote down of a call. Either may be empty.
type Transcript struct {
	Text    string
	Summary string
}
