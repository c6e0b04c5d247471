package app

import "time"

// The periods of an overview.
const (
	PeriodToday = "today"
	PeriodWeek  = "week"  // since Monday
	PeriodMonth = "month" // since the first
)

// Periods lists the periods of an overview.
func Periods() []string { return []string{PeriodToday, PeriodWeek, PeriodMonth} }

// OverviewDays is how many days the trends of an overview show, today with them.
const OverviewDays = 14

// An Overview is a business's calls at a glance: the calls that its reader may
// see, in the business's time zone.
type Overview struct {
	Period string
	From   time.Time // of the period; it ends with today
	Now    Figures
	Before Figures // of the same stretch of the week or month before, up to the same time
	Days   []Figures
	Hours  []DayHours // the last seven days, oldest first
	Agents []AgentFigures
	Repeat []RepeatCaller // who called most often in the last seven days

	Unreviewed int // calls of the trend's days in which a customer was upset and which nobody reviewed
	Failed     int // calls of the trend's days that could not be processed
	UnderWay   int // calls that are being processed
	Working    []Recording
	Any        bool // there is any call at all, of any time
}

// Figures are the calls of a stretch of time, counted.
type Figures struct {
	From        time.Time
	Calls       int
	In          int
	Out         int
	Missed      int // tagged no_answer
	Positive    int
	Negative    int
	AvgScore    *float64
	AvgDuration *float64 // seconds
}

// DayHours are the calls of each hour of a day. An hour that a change of the
// clocks skips has none.
type DayHours struct {
	Day   time.Time
	Calls [24]int
}

// AgentFigures are one agent's calls of the period, and the average score of
// each day of the trend (nil: no call with a score).
type AgentFigures struct {
	Key, Number, Name string // the name that the business gave, else that of the newest call
	Calls             int
	Negative          int
	AvgScore          *float64
	AvgDuration       *float64 // seconds
	AvgTalk           *float64 // the agent's share of the time; nil where voices cannot be told apart
	Scores            []*float64
}

// A RepeatCaller is a customer who called again and again.
type RepeatCaller struct {
	Phone      string // normalised
	Calls      int
	LastCallAt time.Time
}

// PeriodStart is when a period began, and when the one to compare it with did
// and ends: the same stretch, a week or a month earlier.
func PeriodStart(period string, now time.Time) (from, before, until time.Time) {
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch period {
	case PeriodWeek:
		from = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case PeriodMonth:
		from = day.AddDate(0, 0, 1-day.Day())
		before = from.AddDate(0, -1, 0)
		return from, before, earliest(before.AddDate(0, 0, now.Day()-1).Add(now.Sub(day)), from)
	default:
		from = day
	}
	return from, from.AddDate(0, 0, -7), now.AddDate(0, 0, -7)
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// A Checklist is what a new business has done to get going.
type Checklist struct {
	Phone     bool // a phone integration that is switched on
	Chat      bool // a Telegram chat or Discord channel
	Rule      bool // an automation
	Colleague bool // a second member
	Hidden    bool // somebody has seen enough of it
}
