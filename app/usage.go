package app

import (
	"math"
	"slices"
	"time"
)

// A Meter is something that is counted, in whole units.
type Meter string

// The meters.
const (
	MeterCalls     Meter = "calls"            // taken in, by sync or by the API
	MeterAudio     Meter = "audio_seconds"    // of audio taken in
	MeterAnalysed  Meter = "analysed_seconds" // of calls that AI listened to and analysed; anew each time
	MeterWebhooks  Meter = "webhooks"         // attempts
	MeterTelegram  Meter = "telegram"         // messages sent
	MeterDiscord   Meter = "discord"
	MeterInAppFeed Meter = "in_app"
)

// ChannelMeter is what counts the notifications of a channel.
func ChannelMeter(channel string) Meter {
	switch channel {
	case ChannelTelegram:
		return MeterTelegram
	case ChannelDiscord:
		return MeterDiscord
	}
	return MeterInAppFeed
}

// MetricAnalysed is the metric that budgets limit: minutes that were analysed.
const MetricAnalysed = "analysed_minutes"

// A Usage is what a business used in a month of its time zone.
type Usage struct {
	Month           string // as 2026-11
	Calls           int64
	AudioSeconds    int64
	AnalysedSeconds int64
	Notifications   map[string]int64 // by channel
	Webhooks        int64
	StorageBytes    int64 // of audio, now
	Budget          Budget
}

// A UsageDay is what a business used on one day.
type UsageDay struct {
	Calls, AudioSeconds, AnalysedSeconds, Notifications, Webhooks int64
}

// Add counts n of a meter; one that days do not show is passed over.
func (d *UsageDay) Add(m Meter, n int64) {
	switch m {
	case MeterCalls:
		d.Calls += n
	case MeterAudio:
		d.AudioSeconds += n
	case MeterAnalysed:
		d.AnalysedSeconds += n
	case MeterTelegram, MeterDiscord, MeterInAppFeed:
		d.Notifications += n
	case MeterWebhooks:
		d.Webhooks += n
	}
}

// What happens when a budget is used up.
const (
	OnLimitNotify = "notify" // people are told
	OnLimitPause  = "pause"  // and AI waits for the next month or a higher limit
)

// A Budget limits the minutes that are analysed in a month.
type Budget struct {
	Limit      int64 // minutes; 0: there is no limit
	Thresholds []int // percent of the limit at which people are told
	OnLimit    string
}

// DefaultBudget is that of a business which has set none.
func DefaultBudget() Budget {
	return Budget{Thresholds: []int{50, 80, 100}, OnLimit: OnLimitNotify}
}

const (
	maxLimit      = 10_000_000 // minutes: 19 years in a month
	maxThresholds = 10
	maxThreshold  = 1000 // percent
)

// Validate returns what is wrong with the budget.
func (b Budget) Validate() error {
	var p Problems
	if b.Limit < 0 || b.Limit > maxLimit {
		p.Add("limit", "Use a whole number of minutes up to %d; 0 for no limit.", maxLimit)
	}
	if len(b.Thresholds) > maxThresholds || !slices.IsSorted(b.Thresholds) || len(slices.Compact(slices.Clone(b.Thresholds))) < len(b.Thresholds) {
		p.Add("thresholds", "Give at most %d percentages, each once, in ascending order.", maxThresholds)
	}
	if slices.ContainsFunc(b.Thresholds, func(t int) bool { return t < 1 || t > maxThreshold }) {
		p.Add("thresholds", "A threshold is a whole number from 1 to %d percent.", maxThreshold)
	}
	if b.OnLimit != OnLimitNotify && b.OnLimit != OnLimitPause {
		p.Add("onLimit", "This must be one of: notify, pause.")
	}
	return p.Err()
}

// Crossed returns the thresholds that so many analysed seconds have reached.
func (b Budget) Crossed(seconds int64) []int {
	var crossed []int
	for _, t := range b.Thresholds {
		if b.reached(seconds, t) {
			crossed = append(crossed, t)
		}
	}
	return crossed
}

// Holds reports whether AI waits after so many analysed seconds.
func (b Budget) Holds(seconds int64) bool {
	return b.OnLimit == OnLimitPause && b.reached(seconds, 100)
}

// reached compares in whole numbers: a sum of rounded minutes would be off.
func (b Budget) reached(seconds int64, percent int) bool {
	return b.Limit > 0 && seconds*100 >= b.Limit*60*int64(percent)
}

// Percent is how much of the limit so many seconds are, in whole tenths, so that
// it never reads as a threshold that is not reached; false where there is no
// limit.
func (b Budget) Percent(seconds int64) (percent float64, ok bool) {
	if b.Limit <= 0 {
		return 0, false
	}
	return float64(seconds*1000/(b.Limit*60)) / 10, true
}

// Minutes turns counted seconds into minutes, to a hundredth.
func Minutes(seconds int64) float64 { return math.Round(float64(seconds)*100/60) / 100 }

// NextMonth is when the month of t ends in a time zone.
func NextMonth(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, loc)
}
