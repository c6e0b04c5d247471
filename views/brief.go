package views

import (
	"context"
	"fmt"
	"strings"
	"time"

	"crk/app"
)

// BriefPage is Settings → Analysis: what analyses are told of the business.
type BriefPage struct {
	Brief      app.Brief // as it stands in the form
	Current    int       // the version in use
	Old        bool      // Brief is an earlier version, which nobody has saved again
	Changed    bool      // Brief is typed and not saved
	Previewing bool      // the prompt was asked for
	Errors     map[string]string
	Problem    string
	Preview    string // the prompt that Brief gives
	HasServer  bool
	Calls      []app.Recording // to try the settings on
	Trial      *BriefTrial
	History    []BriefVersion // newest first
}

// A BriefVersion is a line of the history.
type BriefVersion struct {
	Version int
	At      time.Time
	By      string // empty: nobody who is known
}

// A BriefTrial is what came of trying settings on a call.
type BriefTrial struct {
	Call     app.Recording
	Code     string // why there is no analysis; empty: there is one
	Analysis app.Analysis
}

// form is the part of the settings that single fields hold.
func (p BriefPage) form() Form {
	return Form{Name: "brief-", Errors: p.Errors, Problem: p.Problem, Values: map[string][]string{
		"company": {p.Brief.Company}, "extra": {p.Brief.Extra}, "language": {p.Brief.Language},
		"topics": {strings.Join(p.Brief.Topics, "\n")},
	}}
}

// points is a number of points as a field shows it; none is empty.
func points(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// listWords are the words of a keyword list as a field shows them.
func listWords(l app.KeywordList) string { return strings.Join(l.Words, ", ") }

// speakers are who may say a keyword.
func speakers(ctx context.Context) []Option {
	return append([]Option{{"", T(ctx, "brief.by.anybody")}}, optionsOf(ctx, "brief.by", []string{app.SpeakerCustomer, app.SpeakerAgent})...)
}

// keywordTags are the tags that a keyword list may give.
func keywordTags(ctx context.Context) []Option {
	return append([]Option{{"", T(ctx, "brief.tag.none")}}, optionsOf(ctx, "tag", app.Tags())...)
}

// callName is a call as a list to choose from names it.
func callName(ctx context.Context, r app.Recording) string {
	parts := []string{DateTime(ctx, r.CallAt), customer(ctx, r)}
	if r.Duration != nil {
		parts = append(parts, Clock(float64(*r.Duration)))
	}
	return strings.Join(parts, " · ")
}

// callOptions are the calls to try the settings on.
func (p BriefPage) callOptions(ctx context.Context) (out []Option) {
	for _, r := range p.Calls {
		out = append(out, Option{r.ID, callName(ctx, r)})
	}
	return out
}

// chosenCall is the call that was tried last.
func (p BriefPage) chosenCall() string {
	if p.Trial == nil {
		return ""
	}
	return p.Trial.Call.ID
}

// row names a button of a row, such as "criterion.up.2".
func row(what, verb string, i int) string { return fmt.Sprintf("%s.%s.%d", what, verb, i) }
