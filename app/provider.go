package app

import (
	"encoding/json"
	"time"
)

// A Provider is a phone integration: one login on one phone system. People
// know it as "Phone Integration".
type Provider struct {
	ID         string
	BusinessID BusinessID
	Kind       string // SourceDTAC or SourceThreeCX
	Name       string
	Host       string          // fixed when it is made: part of its calls' DataID
	Config     json.RawMessage // the kind's settings without the secret
	Secret     Secret          // the password or client secret
	Interval   time.Duration   // between two syncs
	Backfill   time.Time       // calls before are not asked for
	Agent      AgentChannel    // which side is the agent's; empty: as the business says
	Active     bool
	Default    bool
	State      ProviderState
	Cursor     time.Time // everything before was read; zero: nothing yet
	Refusals   int       // times in a row that the phone system refused the credentials
	Denied     string    // why the phone system, which lists calls, hands out no recordings: a code; empty: it does
	NextSyncAt time.Time // zero while inactive
	CreatedAt  time.Time
	LastSync   *SyncRun
}

// Trouble is the code of what is wrong with an integration, gravest first: one of
// those of a sync, or AudioFailing. Empty: nothing is, or it is not known.
func (p Provider) Trouble() string {
	switch {
	case p.State == ProviderOK:
		return ""
	case p.State == ProviderStopped:
		return "invalid_credentials"
	case p.LastSync != nil && p.LastSync.Error != "":
		return p.LastSync.Error
	case p.Refusals > 0:
		return "invalid_credentials" // by downloads
	}
	return p.Denied
}

// The codes of why a phone system that lists calls hands out no recordings.
const (
	AudioDenied  = "forbidden" // this user may not hear them
	AudioFailing = "no_audio"  // it answers with errors of its own
)

// A ProviderState is why an active integration does or does not run.
type ProviderState string

// The states of a phone integration.
const (
	ProviderOK      ProviderState = "ok"
	ProviderFailing ProviderState = "failing" // the last sync failed, or recordings may not be heard; it goes on
	ProviderStopped ProviderState = "stopped" // credentials refused three times: a person must act
)

// A SyncRun is one pass over a phone system's list of calls.
type SyncRun struct {
	ID         string
	ProviderID string
	BusinessID BusinessID
	Trigger    string // "schedule", "manual" or "default"
	Status     string // "running", "succeeded", "failed", "interrupted"
	StartedAt  time.Time
	FinishedAt time.Time // zero while it runs
	Found      int
	Imported   int
	Skipped    int
	Failed     int
	Error      string // a code such as "invalid_credentials", or empty

	// Told when the run ends, and not kept.
	Away bool          // it failed because the system was not there
	Rest time.Duration // the system asked to be left alone for so long
}
