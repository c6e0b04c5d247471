package app

import (
	"encoding/json"
	"time"
)

// A JobKind names the stage that a job is for.
type JobKind string

// The kinds of jobs, in the order of the flow, and those that people order.
const (
	JobFetch      JobKind = "fetch"      // Key is a recording's id
	JobTranscribe JobKind = "transcribe" // Key is a recording's id
	JobAnalyse    JobKind = "analyse"    // Key is a recording's id
	JobAutomate   JobKind = "automate"   // Key is a recording's id
	JobDeliver    JobKind = "deliver"    // Key is a delivery's id, Lane its destination

	JobBulk   JobKind = "bulk"   // Key is a bulk run's id
	JobRetain JobKind = "retain" // Key is a business's id: removes what is older than it is kept
	JobErase  JobKind = "erase"  // Key is an erasure's id
)

// TakesRoom reports whether jobs of a kind fill the disk with what could as well
// come later.
func (k JobKind) TakesRoom() bool { return k == JobFetch || k == JobTranscribe || k == JobAnalyse }

// Priorities of jobs: a smaller number goes first, so new calls go before a
// backlog.
const (
	PriorityLive    = 0
	PriorityBacklog = 10
)

// A Job is work that must happen, kept in the database until it has. There is
// at most one for each kind and key.
type Job struct {
	ID         int64
	Kind       JobKind
	BusinessID BusinessID
	Key        string          // what it is about
	Lane       string          // jobs of one lane run one at a time; empty: no such limit
	Payload    json.RawMessage // what the stage wants to remember between attempts; may be nil
	Priority   int
	RunAt      time.Time // not before
	Attempts   int       // failed ones; a stop in the middle is none
	Claims     int64     // grows with every claim: the token that proves a lease
	CreatedAt  time.Time
}
