package app

import (
	"slices"
	"time"
)

// Bounds of a throttle.
const (
	MaxThrottle        = 1000
	MinThrottleSeconds = 60
	MaxThrottleSeconds = 30 * 24 * 3600
)

// What a throttle counts by.
const (
	ByRule  = "rule"  // all calls together
	ByAgent = "agent" // each agent's calls
	ByPhone = "phone" // the calls of each telephone number
)

// ThrottleSubjects lists what a throttle can count by.
func ThrottleSubjects() []string { return []string{ByRule, ByAgent, ByPhone} }

// A Throttle lets at most so many calls through in the time that ends now: calls
// of which something was sent beyond it. Calls of which the agent or the number
// is not known are counted together.
type Throttle struct {
	Most    int    `json:"most"`
	Seconds int    `json:"seconds"`
	By      string `json:"by"`
}

// Period returns the length of time in which the throttle counts.
func (t Throttle) Period() time.Duration { return time.Duration(t.Seconds) * time.Second }

// A Window holds for calls that begin on one of its days between two times of
// day, by the clocks on the business's wall. The first minute is in it and the
// last is not. A window whose end is before its beginning runs over midnight and
// belongs to the day on which it begins; one whose two times are the same lasts
// the whole day.
type Window struct {
	Days  []int  `json:"days"`  // 1 is Monday, 7 is Sunday
	From  string `json:"from"`  // as 08:00
	Until string `json:"until"` // as 18:00
}

// Holds reports whether a time, in the zone in which it is given, is in the
// window. It is false for a window that is not valid.
func (w Window) Holds(t time.Time) bool {
	from, ok1 := minuteOfDay(w.From)
	until, ok2 := minuteOfDay(w.Until)
	if !ok1 || !ok2 {
		return false
	}
	day, now := Weekday(t), t.Hour()*60+t.Minute()
	today, yesterday := slices.Contains(w.Days, day), slices.Contains(w.Days, (day+5)%7+1)
	switch {
	case from == until:
		return today
	case from < until:
		return today && from <= now && now < until
	}
	return today && now >= from || yesterday && now < until
}

// Weekday returns the day of the week of a time in its zone: 1 is Monday, 7 is
// Sunday.
func Weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// minuteOfDay reads a time of day such as 08:00.
func minuteOfDay(s string) (int, bool) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil && len(s) == len("15:04")
}
