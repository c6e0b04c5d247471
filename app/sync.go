package app

import "time"

// A SyncHealth is how a phone system fares, as the appliance sees it.
type SyncHealth struct {
	Strikes     int           // times in a row that the system was away
	OpenUntil   time.Time     // until then it is left alone; zero: the circuit is closed
	Denied      int           // times in a row that it was seen to list calls and to hand out no recording
	DeniedUntil time.Time     // until then no recording is asked for
	LastOK      time.Time     // of the last sync that succeeded
	Skew        time.Duration // the system's clock minus ours
	Oldest      time.Time     // the oldest call that it lists, as far as is known: for people, and no bound of anything
	Keeps       time.Duration // it deletes recordings that are older; zero: not known
	CheckedAt   time.Time     // of the last reconcile of a week
	DeepAt      time.Time     // of the last reconcile of a month
}

// Open reports whether the system is left alone at a moment.
func (h SyncHealth) Open(now time.Time) bool { return h.OpenUntil.After(now) }

// A BackfillState says whether a back-fill goes on.
type BackfillState string

// The states of a back-fill.
const (
	BackfillRunning BackfillState = "running"
	BackfillPaused  BackfillState = "paused" // by a person
	BackfillDone    BackfillState = "done"
)

// A Backfill is the way back through a phone system's calls: those of [Since,
// Until), of which [Reached, Until) was read.
type Backfill struct {
	ProviderID string
	BusinessID BusinessID
	State      BackfillState
	Since      time.Time
	Until      time.Time
	Reached    time.Time
	Floor      time.Time // the system was seen to list nothing between Since and then; zero: not known
	Nights     bool      // only out of business hours
	Found      int
	Imported   int
	Skipped    int
	Failed     int
	Busy       time.Duration // spent on reading
	NextAt     time.Time     // after a failure it waits until then
	Error      string        // a code, of the last failure; empty after a success
	StartedAt  time.Time
	FinishedAt time.Time
}

// Goal is where the way ends: as far back as is wanted, and as there is anything.
func (b Backfill) Goal() time.Time {
	if b.Floor.After(b.Since) {
		return b.Floor
	}
	return b.Since
}

// Done is the part of the way that was gone, from 0 to 1.
func (b Backfill) Done() float64 {
	whole := b.Until.Sub(b.Goal())
	if b.State == BackfillDone || whole <= 0 {
		return 1
	}
	return min(1, max(0, float64(b.Until.Sub(b.Reached))/float64(whole)))
}

// Left is how long the reading goes on at the pace so far; zero: not known yet.
func (b Backfill) Left() time.Duration {
	gone := b.Done()
	if gone == 0 || gone == 1 {
		return 0
	}
	return time.Duration(float64(b.Busy) / gone * (1 - gone))
}

// A SyncDay compares a day's calls at a phone system with what is here of them.
type SyncDay struct {
	Day      string // 2026-11-30, of the business's time zone
	Listed   int
	Imported int // with their audio
	Waiting  int // whose audio is still to come
	Skipped  int
	Failed   int
	Missing  int // a sync had passed them by; found when the day was checked, and fetched then
	Checked  time.Time
}

// A SyncToday is the calls of a phone integration since midnight of its business.
type SyncToday struct {
	Found   int
	Stored  int       // of those: their audio is here
	Failed  int       // of those: it cannot be had
	Waiting int       // calls of all days whose audio is still to come
	Oldest  time.Time // of those; zero: there is none
}

// A SilentLine is a line that is quiet though it never is at this time.
type SilentLine struct {
	Line  string    // a number of the business's side; empty: the whole integration
	Since time.Time // its last call
	Told  time.Time
}

// A LineHour is the calls of a line in one hour.
type LineHour struct {
	Line  string
	Hour  time.Time // its beginning
	Calls int
	Last  time.Time // the last call in it
}
