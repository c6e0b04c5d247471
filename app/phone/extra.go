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
	Transcribed(ctx context.Context, since, until time.Time) iter.Seq2[Transcribed, error]

	// Transcripts returns what the system wrote down of calls that Transcribed
	// yielded, by their ids; what it has no more is left out. The error is an
	// [*Error].
	Transcripts(ctx context.Context, callIDs []string) (map[string]Transcript, error)
}

// Transcribed is a call that the system wrote down.
type Transcribed struct {
	Call
	Text *Transcript // nil: Transcripts tells
}

// A Transcript is what a phone system wrote down of a call. Any of it may be
// missing, and come later.
type Transcript struct {
	Text      string
	Summary   string
	Sentiment int // its own, from 1, the worst, to 5; 0: none
}
