package app

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The variables of messages.
const (
	VarScore         = "score"
	VarScoreReason   = "score_reason"
	VarTag           = "tag"
	VarSentiment     = "sentiment"
	VarDirection     = "direction"
	VarDuration      = "duration"
	VarCustomerPhone = "customer_phone"
	VarAgent         = "agent"
	VarAgentNumber   = "agent_number"
	VarSummary       = "summary"
	VarTopics        = "topics"
	VarActionItems   = "action_items"
	VarCallAt        = "call_at"
	VarSource        = "source"
	VarBusiness      = "business"
	VarRule          = "rule"
	VarLink          = "link"
)

// MessageVariables lists the variables that a message may hold.
func MessageVariables() []string {
	return []string{
		VarScore, VarScoreReason, VarTag, VarSentiment, VarDirection, VarDuration, VarCustomerPhone, VarAgent,
		VarAgentNumber, VarSummary, VarTopics, VarActionItems, VarCallAt, VarSource, VarBusiness, VarRule, VarLink,
	}
}

// A Template is the text of a message with {{variables}} in it. There is
// nothing else to the language: no conditions, no loops, so filling one in takes
// time in proportion to its length.
type Template struct {
	parts []templatePart
}

type templatePart struct {
	text     string // literal text, or a variable's name
	variable bool
}

// ParseTemplate reads a message. "{{" begins a variable, "}}" ends it, blanks
// beside the name are allowed; everything else is text. The error names every
// unknown variable and lists those there are.
func ParseTemplate(text string) (Template, error) {
	var t Template
	var unknown []string
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			t.parts = append(t.parts, templatePart{text: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return Template{}, fmt.Errorf("the {{ before %s has no }} after it", quoted(rest))
		}
		name = strings.TrimSpace(name)
		if !slices.Contains(MessageVariables(), name) {
			unknown = append(unknown, quoted(name))
		}
		t.parts = append(t.parts, templatePart{text: name, variable: true})
		text = after
	}
	if unknown != nil {
		unknown = slices.Compact(unknown)
		return Template{}, fmt.Errorf("%s is no variable; the variables are %s",
			list(unknown[:min(len(unknown), 10)]), list(MessageVariables()))
	}
	return t, nil
}

// Fill returns the message with each variable replaced by its value, or by "-"
// where the value is blank. Values are text: what looks like a variable in one
// stays as it is. A result over limit bytes is cut between characters and ends
// in "…".
func (t Template) Fill(limit int, value func(name string) string) string {
	var b strings.Builder
	for _, p := range t.parts {
		text := p.text
		if p.variable {
			if text = strings.TrimSpace(value(p.text)); text == "" {
				text = "-"
			}
		}
		if b.Len()+len(text) > limit {
			return cut(b.String()+text, limit)
		}
		b.WriteString(text)
	}
	return b.String()
}

// cut returns as much of s as fits limit bytes with an ellipsis.
func cut(s string, limit int) string {
	const ellipsis = "…"
	end := max(limit-len(ellipsis), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}
