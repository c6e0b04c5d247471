package views

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"crk/app"
)

// UsagePage is what a business used in a month.
type UsagePage struct {
	app.Usage
	Days  []app.UsageDay    // of the month, the first at index 0
	Fired map[int]time.Time // when thresholds of the budget were told of
	Now   time.Time         // in the business's time zone
	Form  *Form             // of the budget; nil: no drawer
	Cost  *CostPart         // nil: the reader is no owner
}

const monthLayout = "2006-01"

// start is when the month begins.
func (p UsagePage) start() time.Time {
	t, err := time.ParseInLocation(monthLayout, p.Month, p.Now.Location())
	if err != nil {
		return p.Now
	}
	return t
}

// current reports whether the month is not over.
func (p UsagePage) current() bool { return p.Month == p.Now.Format(monthLayout) }

// step is the address of a month before or after.
func (p UsagePage) step(months int) string {
	return "/usage?month=" + p.start().AddDate(0, months, 0).Format(monthLayout)
}

// monthName is a month with its year: "พ.ย. 2569", "Nov 2026".
func monthName(ctx context.Context, t time.Time) string {
	return fmt.Sprintf("%s %d", month(ctx, t), year(ctx, t))
}

// minutes are counted seconds in whole minutes, as people read them.
func minutes(seconds int64) int { return int(math.Round(app.Minutes(seconds))) }

// full is the percentage at the right end of the bar.
func (p UsagePage) full() float64 {
	percent, _ := p.Budget.Percent(p.AnalysedSeconds)
	return slices.Max(append([]float64{100, percent}, floats(p.Budget.Thresholds)...))
}

func floats(list []int) []float64 {
	out := make([]float64, len(list))
	for i, n := range list {
		out[i] = float64(n)
	}
	return out
}

// at is where a percentage of the budget stands on the bar.
func (p UsagePage) at(percent float64) string { return fmt.Sprintf("%.2f%%", percent*100/p.full()) }

// anchor keeps the words at the bar's end inside.
func (p UsagePage) anchor(percent int) string {
	if float64(percent)*100/p.full() > 92 {
		return "end"
	}
	return "middle"
}

// marks are the percentages that are marked on the bar: the thresholds and the
// limit itself.
func (p UsagePage) marks() []int {
	all := append([]int{100}, p.Budget.Thresholds...)
	slices.Sort(all)
	return slices.Compact(all)
}

// budgetState says how it stands with the budget; an empty text is nothing to say.
func (p UsagePage) budgetState(ctx context.Context) (tone, icon, text string) {
	percent, limited := p.Budget.Percent(p.AnalysedSeconds)
	crossed := p.Budget.Crossed(p.AnalysedSeconds)
	switch {
	case !limited:
		return "", "", ""
	case p.current() && p.Budget.Holds(p.AnalysedSeconds):
		return "bad", "pause", T(ctx, "usage.holds")
	case percent >= 100:
		return "bad", "triangle-alert", T(ctx, "usage.over")
	}
	end, soon := p.runsOut()
	switch {
	case soon:
		return "warn", "triangle-alert", T(ctx, "usage.soon", "Day", shortDate(ctx, end))
	case len(crossed) > 0:
		return "warn", "triangle-alert", T(ctx, "usage.crossed", "Percent", crossed[len(crossed)-1])
	}
	return "ok", "circle-check", T(ctx, "usage.fine")
}

// runsOut is when the budget is used up if the month goes on as it began; false
// where that is after its end, or cannot be told yet.
func (p UsagePage) runsOut() (time.Time, bool) {
	const least = 48 * time.Hour // a day or two say nothing
	gone := p.Now.Sub(p.start())
	if !p.current() || p.AnalysedSeconds == 0 || gone < least {
		return time.Time{}, false
	}
	whole := float64(gone) * float64(p.Budget.Limit*60) / float64(p.AnalysedSeconds)
	if whole > float64(40*24*time.Hour) {
		return time.Time{}, false
	}
	end := p.start().Add(time.Duration(whole))
	return end, end.Before(app.NextMonth(p.Now, p.Now.Location()))
}
