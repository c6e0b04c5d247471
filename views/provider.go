package views

import (
	"cmp"
	"context"
	"time"

	"crk/app"
)

// ProvidersPage lists the phone integrations; with a form it also shows the
// drawer in which one is added or changed.
type ProvidersPage struct {
	Items []ProviderCard
	Form  *ProviderForm // nil: no drawer
}

// A ProviderCard is one phone integration and how it fares.
type ProviderCard struct {
	app.Provider
	Preview  string        // "user @ host"
	Warnings []string      // codes of phone.Warnings, of a phone system that does not record
	Waiting  int           // calls whose audio is still to come
	Total    int           // calls that came by it
	Test     *ProviderTest // of a test just made, or nil
}

// A ProviderForm is the drawer of a phone integration.
type ProviderForm struct {
	Form
	ID   string // of the one that is changed; empty: a new one
	Kind string
	Test *ProviderTest
}

// A ProviderTest is what came of Test connection.
type ProviderTest struct {
	OK       bool
	Code     string // of the error: invalid_credentials, unreachable, transient, …
	Latency  time.Duration
	Seen     int // recordings seen
	Skew     time.Duration
	Warnings []string // as of a card
	Steps    []TestStep
	Sample   *TestCall // nil: none was seen
}

// outcome says in one sentence what came of the test, to whoever hears the page.
func (t ProviderTest) outcome(ctx context.Context) string {
	if t.OK {
		return T(ctx, "test.seen", "Count", t.Seen)
	}
	return label(ctx, "provider.error", t.Code)
}

// A TestStep is one step of a test: connect, sign_in, list or audio.
type TestStep struct {
	Name string
	OK   bool
}

// A TestCall is a call that a test saw.
type TestCall struct {
	At        time.Time
	Direction app.Direction
	Customer  string
	Agent     string
	Seconds   float64
}

// action is where the drawer's form goes.
func (p ProviderForm) action() string {
	if p.ID != "" {
		return "/settings/providers/" + p.ID
	}
	return "/settings/providers"
}

// chosen reports whether the drawer shows the fields of a kind.
func (p ProviderForm) chosen(kind string) bool {
	return p.Kind == kind || (p.Kind == "" && kind == app.SourceDTAC)
}

// asks reports whether the drawer holds the fields of a kind: that of a new
// integration holds those of all.
func (p ProviderForm) asks(kind string) bool { return p.ID == "" || p.Kind == kind }

// kindClass shows a part of the drawer of a new integration where a kind is chosen.
func (p ProviderForm) kindClass(kind string) string {
	switch {
	case p.ID != "":
		return ""
	case kind == app.SourceThreeCX:
		return "for3cx"
	}
	return "fordtac"
}

// example is an address of the kind of phone system that the drawer is for; of a
// new one the hint says it.
func (p ProviderForm) example() string {
	switch {
	case p.ID == "":
		return ""
	case p.Kind == app.SourceThreeCX:
		return "https://company.3cx.co"
	}
	return "https://onecallvoicerecord.dtac.co.th"
}

// advanced reports whether something is said, or is wrong, of what few need.
func (p ProviderForm) advanced() bool {
	for _, name := range []string{"auth", "extensions", "importInternal", "localPartyAllow", "timeZone", "pageSize", "minDurationSec", "maxDownloadKiBps", "caCertificate"} {
		if v := p.Value(name); p.Errors[name] != "" || v != "" && v != "false" && v != "auto" {
			return true
		}
	}
	return false
}

// bad reports whether a person must act.
func (c ProviderCard) bad() bool {
	return c.State == app.ProviderStopped || (c.Active && c.State == app.ProviderFailing)
}

func (c ProviderCard) running() bool { return c.LastSync != nil && c.LastSync.Status == "running" }

// kindMark is the short sign of a kind of phone system.
func kindMark(kind string) string {
	if kind == app.SourceThreeCX {
		return "3CX"
	}
	return "DT"
}

// errorCode is what is wrong.
func (c ProviderCard) errorCode() string { return cmp.Or(c.Trouble(), "unknown") }

// phoneFix says what to do about a phone system's failure. Of 3CX more is known.
func phoneFix(ctx context.Context, kind, code string) string {
	if kind == app.SourceThreeCX {
		if s := label(ctx, "provider.fix.threecx", code); s != code {
			return s
		}
	}
	return label(ctx, "provider.fix", code)
}

// interval is how often an integration asks, in words.
func interval(ctx context.Context, d time.Duration) string {
	return T(ctx, "providers.every", "Span", Span(ctx, d))
}

// providerTitle heads the drawer.
func providerTitle(ctx context.Context, p ProviderForm) string {
	if p.ID == "" {
		return T(ctx, "providers.add")
	}
	return T(ctx, "providers.change")
}

// passwordHint says that an empty field keeps what is set.
func passwordHint(ctx context.Context, p ProviderForm) string {
	if p.ID == "" {
		return ""
	}
	return T(ctx, "form.keep")
}

// backfillHint says what an empty day means where there is none yet.
func backfillHint(ctx context.Context, p ProviderForm) string {
	if p.ID != "" {
		return T(ctx, "form.keep.day")
	}
	return T(ctx, "providers.backfill.hint")
}

// agentOptions say on which side of an integration's recordings the agent is.
func agentOptions(ctx context.Context) []Option {
	return append([]Option{{"", T(ctx, "channel.asbusiness")}}, optionsOf(ctx, "channel.agent", app.AgentChannels())...)
}

// testAction tests what is in the drawer, saved or not.
func testAction(p ProviderForm) string {
	if p.ID != "" {
		return "/settings/providers/" + p.ID + "/try"
	}
	return "/settings/providers/try"
}
