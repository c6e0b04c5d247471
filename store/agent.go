package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"crk/app"
)

// An AgentSummary is one agent's calls in a period.
type AgentSummary struct {
	Key, Number, Name string // the number and name of the newest call
	Display           string // what the business calls the agent; empty: as the calls do
	Calls             int
	AvgScore          *float64
	AvgDuration       *float64 // seconds
	AvgTalk           *float64 // the agent's share of the time; nil where voices cannot be told apart
	LastCallAt        time.Time
	Scored            []ScoredCall // newest first
}

// A ScoredCall is a call's place in a trend.
type ScoredCall struct {
	At    time.Time
	Score float64
}

// A mean is an average under way.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) {
	if !math.IsNaN(v) {
		m.sum, m.n = m.sum+v, m.n+1
	}
}

// value is the average, nil of nothing.
func (m mean) value() *float64 {
	if m.n == 0 {
		return nil
	}
	v := m.sum / float64(m.n)
	return &v
}

// Agents returns who took the calls that f asks for, most calls first.
func (s *Store) Agents(ctx context.Context, f app.RecordingFilter, business app.BusinessID) ([]AgentSummary, error) {
	found, err := s.matching(ctx, business, f)
	if err != nil {
		return nil, err
	}
	names, err := s.AgentNames(ctx, business)
	if err != nil {
		return nil, err
	}
	type sums struct {
		AgentSummary
		score, duration, talk mean
	}
	byKey := map[name]*sums{}
	var keys []*sums
	for _, c := range found {
		if c.agent.Value() == "" {
			continue
		}
		a := byKey[c.agent]
		if a == nil { // its newest call
			key := c.agent.Value()
			a = &sums{AgentSummary: AgentSummary{Key: key, Number: c.number.Value(), Name: c.person.Value(), Display: names[key]}}
			a.LastCallAt = time.UnixMilli(c.at).UTC()
			byKey[c.agent] = a
			keys = append(keys, a)
		}
		a.Calls++
		a.score.add(c.score)
		a.talk.add(float64(c.talk))
		if c.duration >= 0 {
			a.duration.add(float64(c.duration))
		}
		if !math.IsNaN(c.score) {
			a.Scored = append(a.Scored, ScoredCall{time.UnixMilli(c.at).UTC(), c.score})
		}
	}
	out := make([]AgentSummary, len(keys))
	for i, a := range keys {
		a.AvgScore, a.AvgDuration, a.AvgTalk = a.score.value(), a.duration.value(), a.talk.value()
		out[i] = a.AgentSummary
	}
	slices.SortFunc(out, func(a, b AgentSummary) int { return cmp.Or(b.Calls-a.Calls, cmp.Compare(a.Key, b.Key)) })
	return out, nil
}

// AgentNames returns what a business calls its agents, by key; those that it has
// given no name are not in it.
func (s *Store) AgentNames(ctx context.Context, business app.BusinessID) (map[string]string, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT agent_key, name FROM agents WHERE business_id = ?`, business)
	pairs, err := collect(rows, err, func(row scanner) (p [2]string, err error) { return p, row.Scan(&p[0], &p[1]) })
	names := make(map[string]string, len(pairs))
	for _, p := range pairs {
		names[p[0]] = p[1]
	}
	return names, err
}

// NameAgent changes what a business calls an agent; empty takes the name back.
// The calls keep the names that their phone system gave.
func (s *Store) NameAgent(ctx context.Context, business app.BusinessID, key, name string) error {
	return s.write(ctx, func(t *tx) error {
		t.changed(app.Change{BusinessID: business, Topic: "agent", ID: key})
		var touched changes
		touched.set("name", nil, name)
		if err := t.audit(business, "agent.update", key, key, touched...); err != nil {
			return err
		}
		if name == "" {
			return t.exec(`DELETE FROM agents WHERE business_id = ? AND agent_key = ?`, business, key)
		}
		return t.exec(`INSERT INTO agents (business_id, agent_key, name) VALUES (?, ?, ?)
			ON CONFLICT (business_id, agent_key) DO UPDATE SET name = excluded.name`, business, key, name)
	})
}

// TagCounts returns how many of the calls that f asks for have which tag; those
// without one are under "none".
func (s *Store) TagCounts(ctx context.Context, business app.BusinessID, f app.RecordingFilter) (map[string]int, error) {
	found, err := s.matching(ctx, business, f)
	counts := map[string]int{}
	for _, c := range found {
		counts[cmp.Or(c.tag.Value(), "none")]++
	}
	return counts, err
}

// AssignAgent makes the given members, and no others, see the calls of an agent
// by view_recording_self. Somebody who is no member is passed over.
func (s *Store) AssignAgent(ctx context.Context, business app.BusinessID, key string, users []app.UserID) error {
	return s.write(ctx, func(t *tx) error {
		rows, err := t.query(`SELECT `+memberColumns+memberFrom+` WHERE m.business_id = ? ORDER BY u.id`, business)
		members, err := collect(rows, err, scanMember)
		if err != nil {
			return err
		}
		for _, m := range members {
			had, has := slices.Contains(m.Agents, key), slices.Contains(users, m.User.ID)
			if had == has {
				continue
			}
			agents := slices.DeleteFunc(slices.Clone(m.Agents), func(a string) bool { return a == key })
			if has {
				agents = append(agents, key)
			}
			err := t.exec(`UPDATE members SET agents = ? WHERE business_id = ? AND user_id = ?`, list(agents), business, m.User.ID)
			if err != nil {
				return err
			}
			var touched changes
			touched.set("agents", m.Agents, agents)
			if err := t.audit(business, "member.update", string(m.User.ID), m.User.Email, touched...); err != nil {
				return err
			}
		}
		return nil
	})
}
