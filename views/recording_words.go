package views

import (
	"context"
	"time"

	"crk/app"
)

// found says how many calls there are, or that there are none.
func found(ctx context.Context, p CallsPage) string {
	switch {
	case p.None:
		return T(ctx, "calls.found.none")
	case p.Total == 0:
		return T(ctx, "calls.found.nothing")
	case p.filtered():
		return T(ctx, "calls.found.some", "Count", p.Total)
	}
	return T(ctx, "calls.found.all", "Count", p.Total)
}

// customer is what a call's other side is called.
func customer(ctx context.Context, r app.Recording) string {
	if r.CustomerPhone == "" && r.CustomerNormalized == "" {
		return T(ctx, "call.unknown")
	}
	if r.CustomerNormalized != "" {
		return Phone(r.CustomerNormalized)
	}
	return Phone(r.CustomerPhone)
}

// agentName is what a call's agent is called.
func agentName(ctx context.Context, r app.Recording) string {
	switch {
	case r.AgentName != "":
		return r.AgentName
	case isExtension(r.AgentNumber):
		return T(ctx, "call.extension", "Number", r.AgentNumber)
	case r.AgentNumber != "":
		return Phone(r.AgentNumber)
	}
	return T(ctx, "speaker.agent")
}

// isExtension tells a short number within a company from a telephone number.
func isExtension(number string) bool { return number != "" && len(number) <= 6 }

// AgentLabel is what an agent is called in a list to choose from.
func AgentLabel(number, name string) string {
	switch {
	case name == "":
		return Phone(number)
	case isExtension(number):
		return number + " " + name
	}
	return name
}

// builtInLine stands where a summary would, when no AI wrote one.
func builtInLine(ctx context.Context, r app.Recording) string {
	if r.Tag == "no_answer" || r.Tag == "short" {
		return label(ctx, "calls.line", r.Tag)
	}
	return T(ctx, "calls.line.none")
}

func sameDay(ctx context.Context, a, b time.Time) bool {
	a, b = local(ctx, a), local(ctx, b)
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}

// A preset is a range of days that is one press away.
type preset struct{ label, from, to string }

func datePresets(ctx context.Context) []preset {
	today := now(ctx)
	day := func(back int) string { return today.AddDate(0, 0, -back).Format(time.DateOnly) }
	return []preset{
		{T(ctx, "time.today"), day(0), day(0)},
		{T(ctx, "time.yesterday"), day(1), day(1)},
		{T(ctx, "dates.week"), day(6), day(0)},
		{T(ctx, "dates.month"), day(29), day(0)},
		{T(ctx, "dates.all"), "", ""},
	}
}

// dateRange says which days are shown.
func dateRange(ctx context.Context, from, to string) string {
	for _, p := range datePresets(ctx) {
		if p.from == from && p.to == to {
			return p.label
		}
	}
	a, b := dayText(ctx, from), dayText(ctx, to)
	switch {
	case a == b:
		return a
	case b == "":
		return T(ctx, "dates.since", "Day", a)
	case a == "":
		return T(ctx, "dates.until", "Day", b)
	}
	return a + " – " + b
}

// dayText writes out a day of the address, or returns it as it is.
func dayText(ctx context.Context, s string) string {
	t, err := time.ParseInLocation(time.DateOnly, s, settingOf(ctx).zone)
	if err != nil {
		return s
	}
	return Date(ctx, t)
}

// scoredBy says whose score is shown.
func scoredBy(ctx context.Context, p CallPage) string {
	switch r := p.Recording.Review; {
	case r != nil && r.Score != nil:
		return T(ctx, "score.by", "Name", r.Name)
	case p.Analysis != nil && p.Analysis.Score != nil:
		return T(ctx, "score.ai")
	}
	return T(ctx, "score.given")
}

// scoreReason is the analysis's reason, which explains only its own score.
func scoreReason(p CallPage) string {
	if p.Analysis == nil || p.Analysis.Score == nil || *p.Analysis.Score != *p.Recording.Score {
		return ""
	}
	return p.Analysis.ScoreReason
}

// aiScore is the analysis's score, as a placeholder.
func aiScore(p CallPage) string {
	if p.Analysis == nil || p.Analysis.Score == nil {
		return ""
	}
	return Figure(*p.Analysis.Score)
}

// historyTime is brief on the day of the call.
func historyTime(ctx context.Context, p CallPage, at time.Time) string {
	if sameDay(ctx, at, p.Recording.CallAt) {
		return HourSecond(ctx, at)
	}
	return shortDate(ctx, at) + " " + HourSecond(ctx, at)
}
