package automation

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"crk/app"
)

// MaxBody bounds a rendered message, in bytes.
const MaxBody = 16 << 10

// Render returns the message with its variables filled in, as plain text of at
// most MaxBody bytes: nothing is escaped, control characters are left out, and a
// missing value reads "-". The rule is the automation's name.
func Render(t app.Template, f Facts, rule string) string {
	return strings.Map(printable, t.Fill(MaxBody, func(name string) string {
		return strings.Map(printable, strings.ToValidUTF8(f.variable(name, rule), "\ufffd"))
	}))
}

func (f Facts) variable(name, rule string) string {
	switch name {
	case app.VarScore:
		return number(f.Score)
	case app.VarScoreReason:
		return f.ScoreReason
	case app.VarTag:
		return f.Tag
	case app.VarSentiment:
		return f.Sentiment
	case app.VarDirection:
		return f.Direction
	case app.VarDuration:
		return clock(f.Duration)
	case app.VarCustomerPhone:
		if f.CustomerPhone == "" {
			return f.CustomerNormalized
		}
		return f.CustomerPhone
	case app.VarAgent:
		return f.Agent
	case app.VarAgentNumber:
		return f.AgentNumber
	case app.VarSummary:
		return f.Summary
	case app.VarTopics:
		return strings.Join(f.Topics, ", ")
	case app.VarActionItems:
		return strings.Join(f.ActionItems, "; ")
	case app.VarCallAt:
		if f.CallAt.IsZero() {
			return ""
		}
		return f.callAt().Format("2006-01-02 15:04")
	case app.VarSource:
		return f.Source
	case app.VarBusiness:
		return f.Business
	case app.VarRule:
		return rule
	case app.VarLink:
		return f.Link
	}
	return ""
}

func number(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// clock returns seconds as people read them: 7:46, 1:02:03.
func clock(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	s := int(*seconds)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

func printable(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}
