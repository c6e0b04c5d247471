package views

import (
	"context"
	"fmt"
	"math"
	"time"

	"crk/app"
)

// below is what stands under a mark of the budget's bar: when it was reached, or
// how many minutes the limit is.
func (p UsagePage) below(ctx context.Context, percent int) string {
	if at, ok := p.Fired[percent]; ok {
		return shortDate(ctx, at)
	}
	if percent == 100 {
		return T(ctx, "usage.minutes", "Count", int(p.Budget.Limit))
	}
	return ""
}

// A daySeries is one figure of each day of a month.
type daySeries struct {
	title string
	unit  func(n float64) string // a figure with its unit
	of    func(app.UsageDay) float64
}

func (p UsagePage) calls(ctx context.Context) daySeries {
	return daySeries{T(ctx, "usage.calls.day"), counted(ctx, "usage.calls.count"), func(d app.UsageDay) float64 { return float64(d.Calls) }}
}

func (p UsagePage) notifications(ctx context.Context) daySeries {
	return daySeries{T(ctx, "usage.notifications.day"), counted(ctx, "usage.messages.count"), func(d app.UsageDay) float64 { return float64(d.Notifications) }}
}

func (p UsagePage) webhooks(ctx context.Context) daySeries {
	return daySeries{T(ctx, "usage.webhooks.day"), counted(ctx, "usage.webhooks.count"), func(d app.UsageDay) float64 { return float64(d.Webhooks) }}
}

func (p UsagePage) audio(ctx context.Context) daySeries {
	return daySeries{T(ctx, "usage.audio"), counted(ctx, "usage.minutes"), func(d app.UsageDay) float64 { return app.Minutes(d.AudioSeconds) }}
}

func (p UsagePage) analysed(ctx context.Context) daySeries {
	return daySeries{T(ctx, "usage.analysed"), counted(ctx, "usage.minutes"), func(d app.UsageDay) float64 { return app.Minutes(d.AnalysedSeconds) }}
}

// counted is a whole number with its unit in words.
func counted(ctx context.Context, key string) func(float64) string {
	return func(n float64) string { return T(ctx, key, "Count", int(math.Round(n))) }
}

// A dayPlot places the bars of a chart of the month's days.
type dayPlot struct {
	days       int
	top, floor float64 // y of the largest figure and of nothing
	most       float64 // the figure at the top
	gutter     float64 // percent at the left that is kept for the figures of the lines
}

// plot is where the bars of some series stand in a chart of a height, under which
// the days are written. gutter is as in dayPlot.
func (p UsagePage) plot(height, gutter float64, all ...daySeries) dayPlot {
	const above, below = 12, 34
	most := 0.0
	for _, s := range all {
		for _, d := range p.Days {
			most = max(most, s.of(d))
		}
	}
	return dayPlot{days: max(len(p.Days), 1), top: above, floor: height - below, most: most, gutter: gutter}
}

// across is where a place counted in days stands.
func (d dayPlot) across(days float64) string {
	return fmt.Sprintf("%.2f%%", d.gutter+days*(100-d.gutter)/float64(d.days))
}

// x is where the bar of a day begins, and width how wide it is.
func (d dayPlot) x(day int) string { return d.across(float64(day) + 0.15) }

func (d dayPlot) width() string {
	return fmt.Sprintf("%.2f%%", 0.7*(100-d.gutter)/float64(d.days))
}

// middle is the middle of a day.
func (d dayPlot) middle(day int) string { return d.across(float64(day) + 0.5) }

// height is how high a figure stands.
func (d dayPlot) height(n float64) string {
	if d.most == 0 {
		return "0"
	}
	return fmt.Sprintf("%.2f", n*(d.floor-d.top)/d.most)
}

// y is where a figure ends.
func (d dayPlot) y(n float64) string {
	if d.most == 0 {
		return fmt.Sprintf("%.2f", d.floor)
	}
	return fmt.Sprintf("%.2f", d.floor-n*(d.floor-d.top)/d.most)
}

func (d dayPlot) base() string { return fmt.Sprintf("%.0f", d.floor) }

// label is the height at which days are written.
func (d dayPlot) label() string { return fmt.Sprintf("%.0f", d.floor+20) }

// grid are the figures that a line is drawn at: up to four, round ones.
func (d dayPlot) grid() (at []float64) {
	step := roundStep(d.most / 3)
	for n := step; n < d.most; n += step {
		at = append(at, n)
	}
	return at
}

// above is the height at which the figure of a line is written.
func (d dayPlot) above(n float64) string {
	return fmt.Sprintf("%.2f", d.floor-n*(d.floor-d.top)/d.most-4)
}

// roundStep is the smallest of 1, 2 and 5, times a power of ten, that is no less.
func roundStep(n float64) float64 {
	if n <= 1 {
		return 1
	}
	tens := math.Pow(10, math.Floor(math.Log10(n)))
	for _, m := range []float64{1, 2, 5} {
		if m*tens >= n {
			return m * tens
		}
	}
	return 10 * tens
}

// written reports whether a day of the month is written under its bar.
func written(day int) bool { return day == 0 || (day+1)%5 == 0 }

// today is the index of this day, or -1 where the month is another.
func (p UsagePage) today() int {
	if !p.current() {
		return -1
	}
	return p.Now.Day() - 1
}

// future reports whether a day has not begun.
func (p UsagePage) future(day int) bool { return p.current() && day > p.today() }

// dayName is a day of the month: "20 พ.ย.".
func (p UsagePage) dayName(ctx context.Context, day int) string {
	return shortDate(ctx, p.start().AddDate(0, 0, day).Add(12*time.Hour))
}

// describe says a series in a sentence, for who does not see the chart: its sum
// and its largest day.
func (p UsagePage) describe(ctx context.Context, s daySeries) string {
	sum, most, when := 0.0, 0.0, 0
	for i, d := range p.Days {
		n := s.of(d)
		sum += n
		if n > most {
			most, when = n, i
		}
	}
	if sum == 0 {
		return s.title + ": " + s.unit(0)
	}
	return T(ctx, "usage.chart", "Title", s.title, "Sum", s.unit(sum), "Day", p.dayName(ctx, when), "Most", s.unit(most))
}

// total is a series summed up.
func (p UsagePage) total(s daySeries) string {
	sum := 0.0
	for _, d := range p.Days {
		sum += s.of(d)
	}
	return s.unit(sum)
}
