package views

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"crk/app"
)

// HomePage is what a person sees first: how it stands, and what wants doing.
type HomePage struct {
	app.Overview
	Now       time.Time // in the business's time zone
	Attention []Attention
	Steps     []Step // the first steps; empty: none to show
	Saying    bool   // the reader may put the first steps away
}

// An Attention is something that wants a person.
type Attention struct {
	Kind  string // see attention
	Count int
	Name  string    // of what it is about, in the words of the business
	Since time.Time // zero: not known
	Link  string
}

// The kinds of what wants a person, gravest first.
const (
	AttendPhone   = "phone"   // a phone integration fails
	AttendWebhook = "webhook" // a webhook fails or was switched off
	AttendChat    = "chat"    // a chat or channel takes no more messages
	AttendBudget  = "budget"  // the month's minutes are used up, or nearly
	AttendUpset   = "upset"   // upset customers whose calls nobody reviewed
	AttendFailed  = "failed"  // calls that could not be processed
	AttendRepeat  = "repeat"  // somebody calls again and again
)

// A Step is one of the first steps.
type Step struct {
	Name string // phone, ai, chat, rule, colleague
	Done bool
	Link string
}

// StepsLeft reports whether any step is not done.
func StepsLeft(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return !s.Done })
}

// doneSteps is how many steps are done.
func doneSteps(steps []Step) (n int) {
	for _, s := range steps {
		if s.Done {
			n++
		}
	}
	return n
}

// words are what an attention says: the sign, how grave it is, the fact, what
// stands behind it, and what its button does.
func (a Attention) words(ctx context.Context) (icon, tone, fact, behind, button string) {
	since := ""
	if !a.Since.IsZero() {
		since = T(ctx, "home.since", "Time", When(ctx, a.Since))
	}
	switch a.Kind {
	case AttendPhone:
		return "triangle-alert", "neg", T(ctx, "home.phone", "Name", a.Name), T(ctx, "home.phone.behind") + since, T(ctx, "home.fix")
	case AttendWebhook:
		return "webhook", "neg", T(ctx, "home.webhook", "Name", a.Name), T(ctx, "home.webhook.behind") + since, T(ctx, "home.see")
	case AttendChat:
		return "send", "warn", T(ctx, "home.chat", "Name", a.Name), T(ctx, "home.chat.behind"), T(ctx, "home.see")
	case AttendBudget:
		return "chart-column", "warn", T(ctx, "home.budget", "Percent", a.Count), T(ctx, "home.budget.behind"), T(ctx, "home.see")
	case AttendUpset:
		return "frown", "neg", T(ctx, "home.upset", "Count", a.Count), T(ctx, "home.upset.behind"), T(ctx, "home.review")
	case AttendFailed:
		return "circle-x", "warn", T(ctx, "home.failed", "Count", a.Count), T(ctx, "home.failed.behind"), T(ctx, "home.see")
	}
	return "phone-incoming", "warn", T(ctx, "home.repeat", "Phone", Phone(a.Name), "Count", a.Count), T(ctx, "home.repeat.behind", "Time", When(ctx, a.Since)), T(ctx, "home.see")
}

// callsFrom is the list of calls since a day, with further filters.
func callsFrom(day time.Time, pairs ...string) string {
	q := url.Values{"from": {day.Format(time.DateOnly)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return address("/calls", q)
}

// CallsOfTrend is the list of calls of the days that the trends show.
func (p HomePage) CallsOfTrend(pairs ...string) string { return callsFrom(p.Days[0].From, pairs...) }

// change says how a count differs from the one before, and how that is to be
// taken: "up", "down" or nothing. more says that more is better.
func change(ctx context.Context, now, before float64, more bool) (text, tone string) {
	d := now - before
	if math.Abs(d) < 0.05 {
		return T(ctx, "home.same"), ""
	}
	text, tone = Figure(d), "down"
	if d > 0 {
		text = "+" + text
	}
	if (d > 0) == more {
		tone = "up"
	}
	return text, tone
}

// compared names what the period is compared with.
func (p HomePage) compared(ctx context.Context) string {
	switch p.Period {
	case app.PeriodWeek:
		return T(ctx, "home.than.week")
	case app.PeriodMonth:
		return T(ctx, "home.than.month")
	}
	return T(ctx, "home.than.day", "Day", weekday(ctx, p.Now))
}

// A bar is one bar of a small chart of days, 36 high.
type bar struct {
	x, y, height string
	last         bool
}

// sparks makes the bars of a trend; a day without a value has none. The lowest
// value keeps a little height, so that few calls still differ from none.
func sparks(values []*float64) []bar {
	top := 0.0
	for _, v := range values {
		if v != nil {
			top = max(top, *v)
		}
	}
	var out []bar
	for i, v := range values {
		if v == nil || *v <= 0 || top == 0 {
			continue
		}
		h := 2 + *v/top*32
		out = append(out, bar{x: strconv.Itoa(i * 8), y: fmt.Sprintf("%.2f", 36-h), height: fmt.Sprintf("%.2f", h), last: i == len(values)-1})
	}
	return out
}

// trend picks a figure of each day.
func (p HomePage) trend(pick func(app.Figures) *float64) []*float64 {
	out := make([]*float64, len(p.Days))
	for i, d := range p.Days {
		out[i] = pick(d)
	}
	return out
}

func callsOf(f app.Figures) *float64    { return count(f.Calls) }
func negativeOf(f app.Figures) *float64 { return count(f.Negative) }
func scoreOf(f app.Figures) *float64    { return f.AvgScore }
func durationOf(f app.Figures) *float64 { return f.AvgDuration }

func count(n int) *float64 {
	v := float64(n)
	return &v
}

// hourRange is which hours the heat map shows: an office's day, and whatever
// else there were calls in.
func (p HomePage) hourRange() (from, to int) {
	from, to = 8, 19
	for _, d := range p.Hours {
		for h, n := range d.Calls {
			if n > 0 {
				from, to = min(from, h), max(to, h)
			}
		}
	}
	return from, to
}

// heat is the class of a cell of the heat map, from none to most.
func (p HomePage) heat(day, hour int) string {
	most := 1
	for _, d := range p.Hours {
		most = max(most, slices.Max(d.Calls[:]))
	}
	n := p.Hours[day].Calls[hour]
	class := "h0"
	if n > 0 {
		class = "h" + strconv.Itoa(1+min(4, (n-1)*5/most))
	}
	if p.isNow(day, hour) {
		class += " here"
	}
	return class
}

func (p HomePage) isNow(day, hour int) bool { return day == len(p.Hours)-1 && hour == p.Now.Hour() }

// toCome reports whether an hour has not begun.
func (p HomePage) toCome(day, hour int) bool { return day == len(p.Hours)-1 && hour > p.Now.Hour() }

// hourLink is the list of the calls of a day of the heat map.
func (p HomePage) dayLink(day int) string {
	d := p.Hours[day].Day
	return callsFrom(d, "to", d.Format(time.DateOnly))
}

// shortDay is a weekday in a narrow column.
func shortDay(ctx context.Context, t time.Time) string {
	if !thai(ctx) {
		return t.Format("Mon")
	}
	return [...]string{"อา.", "จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส."}[t.Weekday()]
}

// A mood is a day of the chart of the customers' mood.
type mood struct {
	day             int // of the month
	x, width, mid   string
	upY, upHeight   string
	downHeight      string
	pleased, upset  int
	upText, lowText string // where the numbers stand
	last, worst     bool
	even            bool // every other label has no room on a phone
}

// The chart of moods: its middle line, and how far it goes up and down, in px.
const (
	moodMiddle = 138.0
	moodUp     = 106.0
	moodDown   = 52.0
)

// moods makes the bars of the chart. Both halves have one scale.
func (p HomePage) moods() []mood {
	most, worst := 1, 0
	for i, d := range p.Days {
		most = max(most, d.Positive, d.Negative*2)
		if d.Negative > p.Days[worst].Negative {
			worst = i
		}
	}
	step := 100 / float64(len(p.Days))
	out := make([]mood, len(p.Days))
	for i, d := range p.Days {
		up, down := float64(d.Positive)/float64(most)*moodUp, min(float64(d.Negative)/float64(most)*moodUp, moodDown)
		x := float64(i)*step + step*.24
		out[i] = mood{
			day: d.From.Day(), x: percent(x), width: percent(step * .52), mid: percent(float64(i)*step + step/2),
			upY: px(moodMiddle - 2 - up), upHeight: px(up), downHeight: px(down),
			pleased: d.Positive, upset: d.Negative,
			upText: px(moodMiddle - 8 - up), lowText: px(moodMiddle + 16 + down),
			last: i == len(p.Days)-1, worst: i == worst && d.Negative > 0, even: (len(p.Days)-1-i)%2 == 1,
		}
	}
	return out
}

// moodText says in words what the chart shows.
func (p HomePage) moodText(ctx context.Context) string {
	pleased, upset := 0, 0
	for _, d := range p.Days {
		pleased, upset = pleased+d.Positive, upset+d.Negative
	}
	return T(ctx, "home.mood.text", "Days", len(p.Days), "Pleased", pleased, "Upset", upset)
}

func percent(x float64) string { return fmt.Sprintf("%.2f%%", x) }
func px(y float64) string      { return fmt.Sprintf("%.2f", y) }

// agentTitle is an agent's name beside the extension, or whatever is known.
func agentTitle(number, name string) string {
	if name == "" {
		return Phone(number)
	}
	return name
}

// rounded is a score as a ring shows it.
func rounded(v *float64) *float64 {
	if v == nil {
		return nil
	}
	r := math.Round(*v)
	return &r
}

func twoDigits(n int) string { return fmt.Sprintf("%02d", n) }

// longer compares how long people talk with the period before.
func (p HomePage) longer(ctx context.Context) string {
	now, before := p.Overview.Now.AvgDuration, p.Before.AvgDuration
	if now == nil || before == nil {
		return T(ctx, "home.than.none")
	}
	d := time.Duration(math.Round(*now-*before)) * time.Second
	switch {
	case d > 0:
		return T(ctx, "home.longer", "Time", Span(ctx, d)) + " " + p.compared(ctx)
	case d < 0:
		return T(ctx, "home.shorter", "Time", Span(ctx, -d)) + " " + p.compared(ctx)
	}
	return T(ctx, "home.same") + " " + p.compared(ctx)
}
