package automation

import (
	"strings"
	"time"
	"unicode"

	"crk/app"
)

// Facts are what conditions can ask about a call and messages can say of it. A
// nil number and a blank text are missing.
type Facts struct {
	Score              *float64 // 0–100
	Duration           *float64 // seconds
	TalkRatio          *float64 // share of the call in which anybody speaks, 0–1
	SilenceRatio       *float64 // share of the call in which nobody speaks, 0–1
	Tag                string
	Sentiment          string
	Direction          string
	Source             string
	Language           string
	CustomerPhone      string // as the source gave it
	CustomerNormalized string // E.164 where it could be told
	Agent              string // the agent's name
	AgentNumber        string
	Summary            string
	Transcript         string
	Topics             []string
	CallAt             time.Time
	Zone               *time.Location // the business's; nil: UTC

	// For messages alone.
	ScoreReason string
	ActionItems []string
	Business    string // its name
	Link        string // to the call's page
}

// callAt returns when the call began, in the business's time zone.
func (f Facts) callAt() time.Time {
	if f.Zone == nil {
		return f.CallAt.UTC()
	}
	return f.CallAt.In(f.Zone)
}

// number returns what the call has in a field that holds a number, or nil.
func (f Facts) number(field string) *float64 {
	var clock float64
	switch field {
	case app.FieldScore:
		return f.Score
	case app.FieldDuration:
		return f.Duration
	case app.FieldTalkRatio:
		return f.TalkRatio
	case app.FieldSilenceRatio:
		return f.SilenceRatio
	case app.FieldCallHour:
		clock = float64(f.callAt().Hour())
	case app.FieldCallWeekday:
		clock = float64(app.Weekday(f.callAt()))
	}
	if f.CallAt.IsZero() {
		return nil
	}
	return &clock
}

// texts returns what the call has in a field that holds text; blank ones are
// missing.
func (f Facts) texts(field string) []string {
	switch field {
	case app.FieldTag:
		return []string{f.Tag}
	case app.FieldSentiment:
		return []string{f.Sentiment}
	case app.FieldDirection:
		return []string{f.Direction}
	case app.FieldSource:
		return []string{f.Source}
	case app.FieldLanguage:
		return []string{f.Language}
	case app.FieldCustomerPhone:
		return []string{f.CustomerPhone, f.CustomerNormalized}
	case app.FieldAgent:
		return []string{f.Agent}
	case app.FieldAgentNumber:
		return []string{f.AgentNumber}
	case app.FieldSummary:
		return []string{f.Summary}
	case app.FieldTranscript:
		return []string{f.Transcript}
	case app.FieldTopic:
		return f.Topics
	}
	return nil
}

// A Call is the facts made ready to be compared with many programs. It may be
// used concurrently.
type Call struct {
	facts   Facts
	numbers map[string]float64  // by field; a missing one is not there
	texts   map[string][]string // by field, folded; likewise
}

// NewCall makes the facts ready. They must not be changed afterwards.
func NewCall(f Facts) *Call {
	c := &Call{facts: f, numbers: map[string]float64{}, texts: map[string][]string{}}
	for _, field := range app.ConditionFields() {
		if isNumeric(field.Kind) {
			if n := f.number(field.Name); n != nil {
				c.numbers[field.Name] = *n
			}
			continue
		}
		for _, text := range f.texts(field.Name) {
			if text = comparison(field.Name, text); text != "" {
				c.texts[field.Name] = append(c.texts[field.Name], text)
			}
		}
	}
	return c
}

// subject returns what a throttle counts the call by.
func (c *Call) subject(t app.Throttle) string {
	var texts []string
	switch t.By {
	case app.ByAgent:
		texts = append(c.texts[app.FieldAgentNumber], c.texts[app.FieldAgent]...)
	case app.ByPhone:
		texts = c.texts[app.FieldCustomerPhone]
	}
	if len(texts) == 0 {
		return ""
	}
	if t.By == app.ByPhone {
		return texts[len(texts)-1] // the international form, where there is one
	}
	return texts[0] // the number, else the name
}

// comparison returns a text of the field in the form in which texts are
// compared, empty if it is blank.
func comparison(field, text string) string {
	if field == app.FieldCustomerPhone {
		text = app.FoldPhone(text)
	}
	return fold(strings.TrimSpace(text))
}

// fold returns s with every letter replaced by one that stands for all its cases,
// so that texts that differ in case alone become equal.
func fold(s string) string { return strings.Map(foldRune, s) }

func foldRune(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < 0x80 && r != 'k' && r != 's', 0x0e00 <= r && r <= 0x0e7f:
		return r // ASCII, and Thai, which has no case
	}
	// The cases of a letter are a ring (k → the Kelvin sign → K). Lower case
	// ASCII stands for its ring, else the smallest member does.
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		return least + 'a' - 'A'
	}
	return least
}
