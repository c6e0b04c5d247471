package app

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of a rule, and of a graph where it says as much.
const (
	MaxRuleName     = 120  // characters
	MaxRuleMessage  = 3500 // characters, before variables are filled in
	MaxConditions   = 50
	MaxDestinations = 50 // chats, webhooks and the feed together
)

// The ways in which conditions are taken together.
const (
	MatchAll = "all"
	MatchAny = "any"
)

// An Automation sends a message when a call's analysis is complete and the call
// is of a certain kind. What it does is its Graph; a person who made it in a
// form sees the graph as a [Rule].
type Automation struct {
	ID         string
	BusinessID BusinessID
	Enabled    bool
	Graph      Graph
	Sent       int64 // deliveries that arrived, one for each destination
	Failed     int64 // deliveries that were given up
	LastRunAt  time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Name returns what people call the automation.
func (a Automation) Name() string { return a.Graph.Name }

// A Rule is the flat form of an automation, the one that the API speaks:
// conditions, a message, destinations.
type Rule struct {
	Name              string      `json:"name"`
	Match             string      `json:"match"` // MatchAll or MatchAny
	Conditions        []Condition `json:"conditions"`
	Message           string      `json:"message"` // see ParseTemplate
	Severity          Severity    `json:"severity"`
	TelegramChatIDs   []string    `json:"telegramChatIds"`
	DiscordWebhookIDs []string    `json:"discordWebhookIds"`
	InApp             bool        `json:"inApp"`

	// OnReanalysis: also fires where a call that it has fired for is analysed again.
	OnReanalysis bool `json:"onReanalysis,omitempty"`
}

// Normalized returns the rule with its defaults filled in (match all, severity
// info), blanks cut off its name, destinations named once, and no values where
// the operator takes none. Lists are never nil. It is what is stored and shown.
func (r Rule) Normalized() Rule {
	r.Name = strings.TrimSpace(r.Name)
	if r.Match == "" {
		r.Match = MatchAll
	}
	if r.Severity == "" {
		r.Severity = Info
	}
	conditions := make([]Condition, len(r.Conditions))
	for i, c := range r.Conditions {
		conditions[i] = c.normalized()
	}
	r.Conditions = conditions
	r.TelegramChatIDs = distinct(r.TelegramChatIDs)
	r.DiscordWebhookIDs = distinct(r.DiscordWebhookIDs)
	return r
}

// Validate returns a validation error that names every problem of the rule, or
// nil. Whether its destinations exist is for the store to say.
func (r Rule) Validate() error {
	r = r.Normalized()
	var p Problems
	checkName(&p, "name", r.Name)
	checkMatch(&p, "match", r.Match)
	if n := len(r.Conditions); n > MaxConditions {
		p.Add("conditions", "A rule takes %d conditions at most, not %d.", MaxConditions, n)
	} else {
		for i, c := range r.Conditions {
			c.check(&p, at("conditions", i))
		}
	}
	checkMessage(&p, "message", r.Message)
	checkSeverity(&p, "severity", r.Severity)
	r.checkDestinations(&p)
	return p.Err()
}

// Destinations returns how many destinations the rule has.
func (r Rule) Destinations() int {
	n := len(r.TelegramChatIDs) + len(r.DiscordWebhookIDs)
	if r.InApp {
		n++
	}
	return n
}

func (r Rule) checkDestinations(p *Problems) {
	checkIDs(p, "telegramChatIds", r.TelegramChatIDs)
	checkIDs(p, "discordWebhookIds", r.DiscordWebhookIDs)
	// The field is the first of the three, so that a form has a place for it.
	switch n := r.Destinations(); {
	case n == 0:
		p.Add("telegramChatIds", "Name at least one destination: telegramChatIds, discordWebhookIds or inApp.")
	case n > MaxDestinations:
		p.Add("telegramChatIds", "A rule takes %d destinations at most, not %d.", MaxDestinations, n)
	}
}

func checkName(p *Problems, field, name string) {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		p.Add(field, "Give a name of 1 to %d characters.", MaxRuleName)
	case n > MaxRuleName:
		p.Add(field, "A name has %d characters at most, not %d.", MaxRuleName, n)
	case strings.ContainsFunc(name, unicode.IsControl):
		p.Add(field, "A name is one line.")
	}
}

func checkMatch(p *Problems, field, match string) {
	if match != MatchAll && match != MatchAny {
		p.Add(field, "This must be all or any, not %s.", quoted(match))
	}
}

func checkMessage(p *Problems, field, text string) {
	n := utf8.RuneCountInString(text)
	switch {
	case strings.TrimSpace(text) == "":
		p.Add(field, "Write a message of 1 to %d characters.", MaxRuleMessage)
		return
	case n > MaxRuleMessage:
		p.Add(field, "A message has %d characters at most, not %d.", MaxRuleMessage, n)
		return
	}
	if _, err := ParseTemplate(text); err != nil {
		p.Add(field, "This cannot be read: %s.", err)
	}
}

func checkSeverity(p *Problems, field string, s Severity) {
	if !s.Valid() {
		p.Add(field, "This must be one of %s, not %s.", list(Severities()), quoted(string(s)))
	}
}

func checkIDs(p *Problems, field string, ids []string) {
	for i, id := range ids {
		if id == "" || len(id) > 64 {
			p.Add(at(field, i), "This must be the id of a destination.")
		}
	}
}

// distinct returns the values in their order, each once, and never nil.
func distinct(values []string) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
