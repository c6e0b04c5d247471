package store

import (
	"cmp"
	"context"
	"time"

	"crk/app"
)

// Bounds of what an overview lists.
const (
	overviewAgents  = 8
	overviewWorking = 3
	overviewRepeats = 2
	repeatCalls     = 4 // calls in a week from which on somebody calls again and again
)

// Overview returns the calls of a business at a glance, as somebody limited to
// the given agents sees them (nil: everything). period is one of app.Periods.
func (s *Store) Overview(ctx context.Context, b app.Business, only []string, period string) (app.Overview, error) {
	now := s.Now().In(b.Location())
	from, before, until := app.PeriodStart(period, now)
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	end := day.AddDate(0, 0, 1)
	v := glance{s: s, business: b.ID, only: only}
	o := app.Overview{Period: period, From: from}

	days := make([]stretch, app.OverviewDays)
	for i := range days {
		start := day.AddDate(0, 0, i+1-app.OverviewDays)
		days[i] = stretch{start, start.AddDate(0, 0, 1)}
	}
	counted, err := v.figures(ctx, append([]stretch{{from, end}, {before, until}}, days...))
	if err != nil {
		return o, err
	}
	o.Now, o.Before, o.Days = counted[0], counted[1], counted[2:]
	if o.Hours, err = v.hours(ctx, day); err != nil {
		return o, err
	}
	if o.Agents, err = v.agents(ctx, stretch{from, end}, days); err != nil {
		return o, err
	}
	if o.Repeat, err = v.repeat(ctx, now.AddDate(0, 0, -7)); err != nil {
		return o, err
	}
	return o, v.state(ctx, days[0].from, &o)
}

// A stretch of time, [from, to).
type stretch struct{ from, to time.Time }

// stretches are stretches as JSON, for json_each. Their ends are worked out
// here: the database knows no time zones.
func stretches(list []stretch) string {
	pairs := make([][2]any, len(list))
	for i, d := range list {
		pairs[i] = [2]any{stamp(d.from), stamp(d.to)}
	}
	return toJSON(pairs)
}

// A glance reads the calls of one business that one reader may see.
type glance struct {
	s        *Store
	business app.BusinessID
	only     []string
}

// where begins a query's conditions.
func (v glance) where(f app.RecordingFilter) *where {
	f.OnlyAgents = v.only
	return recordingWhere(v.business, f)
}

// figures counts the calls of each stretch. The join is a CROSS JOIN because
// that keeps the order: for each stretch, its part of the index over time.
func (v glance) figures(ctx context.Context, list []stretch) ([]app.Figures, error) {
	out := make([]app.Figures, len(list))
	for i, d := range list {
		out[i].From = d.from
	}
	w := v.where(app.RecordingFilter{})
	rows, err := v.s.reads.QueryContext(ctx, `SELECT d.key, count(*), sum(r.direction = 'in'), sum(r.direction = 'out'),
			coalesce(sum(r.tag = 'no_answer'), 0), coalesce(sum(r.sentiment = 'positive'), 0), coalesce(sum(r.sentiment = 'negative'), 0),
			avg(r.score), avg(r.duration)
		FROM json_each(?) d CROSS JOIN recordings r
		WHERE r.call_at >= d.value ->> 0 AND r.call_at < d.value ->> 1 AND `+w.sql()+` GROUP BY d.key`,
		append([]any{stretches(list)}, w.args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var f app.Figures
		err := rows.Scan(&i, &f.Calls, &f.In, &f.Out, &f.Missed, &f.Positive, &f.Negative, &f.AvgScore, &f.AvgDuration)
		if err != nil {
			return nil, err
		}
		f.From = out[i].From
		out[i] = f
	}
	return out, rows.Err()
}

// hours counts the calls of each hour of the week that ends with day.
func (v glance) hours(ctx context.Context, day time.Time) ([]app.DayHours, error) {
	out := make([]app.DayHours, 7)
	first := day.AddDate(0, 0, -6)
	var list []stretch
	for t := first; t.Before(day.AddDate(0, 0, 1)); t = t.Add(time.Hour) {
		list = append(list, stretch{t, t.Add(time.Hour)})
	}
	for i := range out {
		out[i].Day = first.AddDate(0, 0, i)
	}
	w := v.where(app.RecordingFilter{})
	rows, err := v.s.reads.QueryContext(ctx, `SELECT d.key, count(*) FROM json_each(?) d CROSS JOIN recordings r
		WHERE r.call_at >= d.value ->> 0 AND r.call_at < d.value ->> 1 AND `+w.sql()+` GROUP BY d.key`,
		append([]any{stretches(list)}, w.args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i, n int
		if err := rows.Scan(&i, &n); err != nil {
			return nil, err
		}
		t := list[i].from
		for d := range out {
			if y, m, dd := out[d].Day.Date(); t.Day() == dd && t.Month() == m && t.Year() == y {
				out[d].Calls[t.Hour()] += n
			}
		}
	}
	return out, rows.Err()
}

// agents ranks who took most calls of the period, with their scores by day.
func (v glance) agents(ctx context.Context, period stretch, days []stretch) ([]app.AgentFigures, error) {
	w := v.where(app.RecordingFilter{From: period.from, To: period.to})
	w.add("r.agent_key <> ''")
	// SQLite takes the bare columns from the row that holds the maximum.
	rows, err := v.s.reads.QueryContext(ctx, `SELECT r.agent_key, r.agent_number, r.agent_name, count(*), coalesce(sum(r.sentiment = 'negative'), 0),
			avg(r.score), avg(r.duration), avg(r.agent_talk), max(r.call_at)
		FROM recordings r WHERE `+w.sql()+` GROUP BY r.agent_key ORDER BY count(*) DESC, r.agent_key LIMIT ?`,
		append(w.args, overviewAgents)...)
	list, err := collect(rows, err, func(row scanner) (a app.AgentFigures, err error) {
		var last int64
		err = row.Scan(&a.Key, &a.Number, &a.Name, &a.Calls, &a.Negative, &a.AvgScore, &a.AvgDuration, &a.AvgTalk, &last)
		a.Scores = make([]*float64, len(days))
		return a, err
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	names, err := v.s.AgentNames(ctx, v.business)
	if err != nil {
		return nil, err
	}
	for i, a := range list {
		list[i].Name = cmp.Or(names[a.Key], a.Name)
	}
	return list, v.scores(ctx, list, days)
}

// scores adds the average score of each day to agents.
func (v glance) scores(ctx context.Context, list []app.AgentFigures, days []stretch) error {
	place := map[string]int{}
	keys := make([]string, len(list))
	for i, a := range list {
		place[a.Key], keys[i] = i, a.Key
	}
	w := v.where(app.RecordingFilter{AgentKeys: keys})
	rows, err := v.s.reads.QueryContext(ctx, `SELECT d.key, r.agent_key, avg(r.score) FROM json_each(?) d CROSS JOIN recordings r
		WHERE r.call_at >= d.value ->> 0 AND r.call_at < d.value ->> 1 AND r.score IS NOT NULL AND `+w.sql()+` GROUP BY d.key, r.agent_key`,
		append([]any{stretches(days)}, w.args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var day int
		var agent string
		var score float64
		if err := rows.Scan(&day, &agent, &score); err != nil {
			return err
		}
		list[place[agent]].Scores[day] = &score
	}
	return rows.Err()
}

// repeat finds the customers who called most often since a time.
func (v glance) repeat(ctx context.Context, since time.Time) ([]app.RepeatCaller, error) {
	w := v.where(app.RecordingFilter{From: since, Direction: app.In})
	w.add("r.customer_normalized <> ''")
	rows, err := v.s.reads.QueryContext(ctx, `SELECT r.customer_normalized, count(*), max(r.call_at) FROM recordings r WHERE `+w.sql()+`
		GROUP BY r.customer_normalized HAVING count(*) >= ? ORDER BY count(*) DESC, max(r.call_at) DESC LIMIT ?`,
		append(w.args, repeatCalls, overviewRepeats)...)
	return collect(rows, err, func(row scanner) (c app.RepeatCaller, err error) {
		err = row.Scan(&c.Phone, &c.Calls, instant{&c.LastCallAt})
		return c, err
	})
}

// state adds what wants a person, or is under way.
func (v glance) state(ctx context.Context, since time.Time, o *app.Overview) error {
	all, recent := v.where(app.RecordingFilter{}), v.where(app.RecordingFilter{From: since})
	err := v.s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM recordings r WHERE `+all.sql()+`)`, all.args...).Scan(&o.Any)
	if err != nil {
		return err
	}
	err = v.s.reads.QueryRowContext(ctx, `SELECT coalesce(sum(r.sentiment = 'negative' AND r.review_at IS NULL), 0), coalesce(sum(r.status = 'failed'), 0)
		FROM recordings r WHERE `+recent.sql(), recent.args...).Scan(&o.Unreviewed, &o.Failed)
	if err != nil {
		return err
	}
	w := v.where(app.RecordingFilter{})
	w.add("r.status IN ('awaiting_audio', 'queued', 'transcribing', 'analyzing')")
	if err := v.s.reads.QueryRowContext(ctx, `SELECT count(*) FROM recordings r WHERE `+w.sql(), w.args...).Scan(&o.UnderWay); err != nil {
		return err
	}
	rows, err := v.s.reads.QueryContext(ctx, `SELECT `+recordingColumns+` FROM recordings r WHERE `+w.sql()+` ORDER BY r.call_at DESC LIMIT ?`,
		append(w.args, overviewWorking)...)
	o.Working, err = collect(rows, err, scanRecording)
	return err
}

// Checklist tells what a business has done to get going.
func (s *Store) Checklist(ctx context.Context, business app.BusinessID) (c app.Checklist, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT
			EXISTS (SELECT 1 FROM providers WHERE business_id = b.id AND active = 1),
			EXISTS (SELECT 1 FROM chats WHERE business_id = b.id) OR EXISTS (SELECT 1 FROM discord_webhooks WHERE business_id = b.id),
			EXISTS (SELECT 1 FROM automations WHERE business_id = b.id),
			(SELECT count(*) FROM members WHERE business_id = b.id) > 1, b.checklist_hidden_at IS NOT NULL
		FROM businesses b WHERE b.id = ?`, business).Scan(&c.Phone, &c.Chat, &c.Rule, &c.Colleague, &c.Hidden)
	return c, found(err, "business")
}

// HideChecklist takes the checklist off a business's first page.
func (s *Store) HideChecklist(ctx context.Context, business app.BusinessID) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE businesses SET checklist_hidden_at = ? WHERE id = ?`, stamp(t.now), business)
	})
}
