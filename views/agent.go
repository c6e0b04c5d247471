package views

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"crk/app"
)

// TrendSteps is in how many parts a period's scores are shown.
const TrendSteps = 12

// An AgentRow is one agent with the figures of a period.
type AgentRow struct {
	Key, Number string
	Name        string // what the agent is called here
	Given       string // what the phone system calls the agent
	Display     string // what the business does, or empty
	Calls       int
	AvgScore    *float64
	AvgDuration *float64 // seconds
	AvgTalk     *float64 // share
	LastCallAt  time.Time
	Trend       []TrendPoint
}

// A TrendPoint is the average score of a part of a period.
type TrendPoint struct {
	From  time.Time
	Calls int // that have a score; 0: there is no average
	Score float64
}

// AgentsPage is the list of agents.
type AgentsPage struct {
	Items   []AgentRow
	Days    int          // of the period; 0: all
	Members []app.Member // for who may see them; else nil
}

// AgentPage is one agent.
type AgentPage struct {
	Agent   AgentRow
	Days    int
	Calls   []app.Recording // the newest
	Reviews []app.Recording
	Tags    map[string]int
	Members []app.Member // for who may assign; else nil
	Naming  Form         // what was typed, after an error
}

func agentLink(key string, days int) string {
	q := url.Values{"key": {key}}
	if days != 90 {
		q.Set("days", dayKey(days))
	}
	return address("/agents/one", q)
}

// agentPeriods are the periods to choose from, in days; 0 is all.
func agentPeriods() []int { return []int{30, 90, 365, 0} }

func dayKey(days int) string {
	if days == 0 {
		return "all"
	}
	return strconv.Itoa(days)
}

// assignedTo lists the members who see an agent's calls as their own.
func assignedTo(members []app.Member, key string) string {
	var names []string
	for _, m := range members {
		if slices.Contains(m.Agents, key) {
			names = append(names, personName(m.User))
		}
	}
	return strings.Join(names, ", ")
}

func (p AgentPage) nameForm() Form {
	if p.Naming.Values != nil {
		return p.Naming
	}
	return Form{Values: url.Values{"name": {p.Agent.Display}}}
}

// scored are the points of a trend that have a score.
func scored(trend []TrendPoint) (n int) {
	for _, p := range trend {
		if p.Calls > 0 {
			n++
		}
	}
	return n
}

// trendPath is a trend as the lines of a drawing, broken where there is no score:
// x from left to right, y from 100 at the top to 0.
func trendPath(trend []TrendPoint, width, height float64) string {
	var b strings.Builder
	pen := "M"
	for i, p := range trend {
		if p.Calls == 0 {
			pen = "M"
			continue
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", pen, trendX(i, width), trendY(p.Score, height))
		pen = "L"
	}
	return b.String()
}

func trendX(i int, width float64) float64 { return (float64(i) + 0.5) * width / TrendSteps }

func trendY(score, height float64) float64 { return height - score/100*height }

// trendText tells a trend in words, for who cannot see it.
func trendText(ctx context.Context, trend []TrendPoint) string {
	var parts []string
	for _, p := range trend {
		if p.Calls > 0 {
			parts = append(parts, T(ctx, "agent.trend.point", "Day", shortDate(ctx, p.From), "Score", Figure(float64(int(p.Score*10))/10)))
		}
	}
	return strings.Join(parts, "; ")
}

// A tagBar is one bar of how an agent's calls were.
type tagBar struct {
	tag   string
	n     int
	width string // of 100
}

func (p AgentPage) tagBars() []tagBar {
	most := 1
	for _, n := range p.Tags {
		most = max(most, n)
	}
	var out []tagBar
	for _, tag := range append(app.Tags(), "none") {
		if n := p.Tags[tag]; n > 0 {
			out = append(out, tagBar{tag, n, strconv.Itoa(max(2, 100*n/most))})
		}
	}
	return out
}

func optionalPercent(v *float64) string {
	if v == nil {
		return "–"
	}
	return Percent(*v)
}

func optionalClock(v *float64) string {
	if v == nil {
		return "–"
	}
	return Clock(*v)
}

func optionalScore(v *float64) string {
	if v == nil {
		return "–"
	}
	return Figure(*v)
}
