package views

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"crk/app"
)

// A ProviderPage is one phone integration and everything that is known of how it
// fares.
type ProviderPage struct {
	ProviderCard
	Health    app.SyncHealth
	Backfill  *app.Backfill // nil: there is nothing to go back for
	Today     app.SyncToday
	Rate      float64 // recordings a minute, lately
	Failed    int     // calls of all days whose audio could not be had
	Days      []app.SyncDay
	Comparing bool
	Silent    []app.SilentLine
	Runs      []app.SyncRun
}

// providerURL is the address of an integration's page.
func providerURL(id string) string { return "/settings/providers/" + id + "/sync" }

func (p ProviderPage) post(what string) string { return "/settings/providers/" + p.ID + "/" + what }

// syncClass makes Sync now the button to press, where no new password is.
func (p ProviderPage) syncClass() string {
	if p.State == app.ProviderStopped {
		return ""
	}
	return "primary"
}

// away reports whether the system is left alone for now.
func (p ProviderPage) away(ctx context.Context) bool { return p.Health.Open(now(ctx)) }

// waits is how long the audio that is still to come takes at the pace of late;
// zero: not known.
func (p ProviderPage) waits() time.Duration {
	if p.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(p.Today.Waiting) / p.Rate * float64(time.Minute))
}

// resting reports whether the integration itself does not run, and its back-fill
// with it.
func (p ProviderPage) resting() bool { return !p.Active || p.State == app.ProviderStopped }

// left is how long the back-fill goes on, reading and fetching; nothing while it
// stands still.
func (p ProviderPage) left(ctx context.Context) string {
	reading := p.Backfill.Left()
	if p.Backfill.State != app.BackfillRunning || p.resting() || p.away(ctx) || reading == 0 && p.Backfill.Done() == 0 {
		return ""
	}
	return " · " + T(ctx, "backfill.left", "Span", Span(ctx, max(time.Minute, max(reading, p.waits()).Round(time.Minute))))
}

// reached says how far back the back-fill is, and how far it is to go.
func (p ProviderPage) reached(ctx context.Context) string {
	if p.Backfill.State == app.BackfillDone {
		return T(ctx, "backfill.reached.all", "Date", Date(ctx, p.Backfill.Goal()))
	}
	return T(ctx, "backfill.reached", "Date", Date(ctx, p.Backfill.Reached), "Goal", Date(ctx, p.Backfill.Goal()))
}

// again says when a back-fill that failed goes on: not before the system is asked
// again at all.
func (p ProviderPage) again(ctx context.Context) string {
	at := p.Backfill.NextAt
	if p.Health.OpenUntil.After(at) {
		at = p.Health.OpenUntil
	}
	if !at.After(now(ctx)) {
		return T(ctx, "backfill.again.soon")
	}
	return T(ctx, "backfill.again", "When", Hour(ctx, at))
}

// percent is how much of the way back was gone.
func (p ProviderPage) percent() int {
	if p.Backfill.State == app.BackfillDone {
		return 100
	}
	return min(99, int(p.Backfill.Done()*100)) // the whole is said once it is there
}

// everything is the earliest day that may be asked for: no phone system goes back so
// far, and to find that out costs a few requests.
const everything = "2000-01-01"

// backfillChoices are how far back people usually want to go.
func (p ProviderPage) backfillChoices(ctx context.Context) []Option {
	var out []Option
	for _, days := range []int{30, 90, 180, 365} {
		at := now(ctx).AddDate(0, 0, -days)
		if at.Before(p.Provider.Backfill) {
			out = append(out, Option{Value: at.Format(time.DateOnly), Label: T(ctx, "backfill.days", "Count", days)})
		}
	}
	if local(ctx, p.Provider.Backfill).Format(time.DateOnly) > everything {
		out = append(out, Option{Value: everything, Label: T(ctx, "backfill.all")})
	}
	return out
}

// backfillMark is the sign of the back-fill's state, and its word.
func (p ProviderPage) backfillMark(ctx context.Context) (tone, icon, word string) {
	b := p.Backfill
	word = label(ctx, "backfill", b.State)
	switch {
	case b.State == app.BackfillDone:
		return "ok", "circle-check", word
	case b.State == app.BackfillPaused:
		return "off", "pause", word
	case p.resting():
		return "off", "pause", T(ctx, "backfill.rests")
	case b.Error != "" || p.away(ctx):
		return "warn", "triangle-alert", T(ctx, "backfill.waits")
	}
	return "ok", "refresh-cw", word
}

// silentNames are the silent lines, the integration's own name for all of it.
func (p ProviderPage) silentNames() string {
	names := make([]string, len(p.Silent))
	for i, l := range p.Silent {
		if names[i] = l.Line; l.Line == "" {
			names[i] = p.Name
		}
	}
	return strings.Join(names, ", ")
}

// silentSince is the last call of the line that is silent for longest.
func (p ProviderPage) silentSince() time.Time {
	return slices.MinFunc(p.Silent, func(a, b app.SilentLine) int { return a.Since.Compare(b.Since) }).Since
}

// comparedDay writes a day of the table, such as "20 Nov 2026".
func comparedDay(ctx context.Context, day string) string {
	at, err := time.ParseInLocation(time.DateOnly, day, local(ctx, time.Now()).Location())
	if err != nil {
		return day
	}
	return weekday(ctx, at) + " " + Date(ctx, at)
}

// whole reports whether everything of a day that is wanted is here.
func whole(d app.SyncDay) bool { return d.Waiting == 0 && d.Failed == 0 }

// runMark is the sign of a run.
func runMark(r app.SyncRun) (tone, icon string) {
	switch r.Status {
	case "succeeded":
		return "ok", "circle-check"
	case "failed":
		return "bad", "triangle-alert"
	case "interrupted":
		return "off", "pause"
	}
	return "ok", "refresh-cw"
}

// runResult says how a run ended.
func runResult(ctx context.Context, r app.SyncRun) string {
	if r.Error != "" {
		return label(ctx, "provider.error", r.Error)
	}
	return label(ctx, "sync", r.Status)
}

// dashed is a text, or a dash where there is none.
func dashed(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// plus is a number with its sign, or a dash for none.
func plus(n int) string {
	if n == 0 {
		return "–"
	}
	return "+" + strconv.Itoa(n)
}
