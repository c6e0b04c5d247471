package app

import "time"

// A BulkAction is what is done to many calls at once.
type BulkAction string

// The bulk actions.
const (
	BulkCollect    BulkAction = "collect"    // into the collection Target
	BulkTranscribe BulkAction = "transcribe" // and analyse, from the sound on
	BulkAnalyse    BulkAction = "analyse"
	BulkDelete     BulkAction = "delete"
)

// MaxBulk is how many calls one bulk run takes on.
const MaxBulk = 20_000

// A BulkRun is one thing that is being done to many calls, a few at a time.
type BulkRun struct {
	ID         string
	BusinessID BusinessID
	UserID     UserID
	Action     BulkAction
	Target     string
	Total      int
	Done       int // calls to which it was done
	Skipped    int // calls that are gone, or cannot have it done to them now
	CreatedAt  time.Time
	FinishedAt time.Time // zero: under way
}
