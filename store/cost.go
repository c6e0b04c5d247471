package store

import (
	"context"
	"time"

	"crk/app"
)

// AddAIUse records what an AI server did that belongs to no result, such as a
// trial. What was done for a result is recorded with it.
func (s *Store) AddAIUse(ctx context.Context, u app.AIUse) error {
	return s.write(ctx, func(t *tx) error { return t.useAI(u) })
}

// useAI records what an AI server did.
func (t *tx) useAI(u app.AIUse) error {
	if u.AudioMs == 0 && u.Input == 0 && u.Output == 0 {
		return nil
	}
	zone, err := t.location(u.BusinessID)
	if err != nil {
		return err
	}
	day := t.now.In(zone).Format(time.DateOnly)
	err = t.exec(`INSERT INTO ai_usage (business_id, recording_id, task, cause, server, model, audio_ms, input_tokens, output_tokens, estimated, day, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		u.BusinessID, u.RecordingID, u.Task, u.Cause, u.Server, u.Model, u.AudioMs, u.Input, u.Output, u.Estimated, day, stamp(t.now))
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO ai_totals (business_id, day, task, server, model, price_id, requests, audio_ms, input_tokens, output_tokens, estimated, since)
		VALUES (?1, ?2, ?3, ?4, ?5, coalesce((SELECT id FROM ai_prices WHERE business_id = ?1 AND task = ?3 AND server = ?4 AND model = ?5
			AND valid_from <= ?10 ORDER BY valid_from DESC LIMIT 1), ''), 1, ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT DO UPDATE SET requests = requests + 1, audio_ms = audio_ms + excluded.audio_ms,
			input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
			estimated = max(estimated, excluded.estimated)`,
		u.BusinessID, day, u.Task, u.Server, u.Model, u.AudioMs, u.Input, u.Output, u.Estimated, stamp(t.now))
}

// Uses, each or summed up, with when they were made. What a total sums up has one
// price: a price begins at midnight or the moment it is set, so that what had none
// gets the first one for a whole day or not at all.
const (
	eachUse  = `(SELECT *, 1 AS requests FROM ai_usage)`
	useByDay = `(SELECT *, since AS at FROM ai_totals)`
)

// priced joins uses with the price that was valid then. Half a micro-unit is
// added, so that the whole division rounds.
func priced(uses string) string {
	return `
	SELECT u.task, u.server, u.model, u.day, u.requests, u.audio_ms, u.input_tokens, u.output_tokens, u.estimated, coalesce(p.currency, '') AS currency,
		coalesce((u.audio_ms * p.minute_micros + 30000) / 60000
			+ (u.input_tokens * p.input_micros + u.output_tokens * p.output_micros + 500000) / 1000000, 0) AS cost
	FROM ` + uses + ` u LEFT JOIN ai_prices p ON p.business_id = u.business_id AND p.task = u.task AND p.server = u.server AND p.model = u.model
		AND p.valid_from = (SELECT max(valid_from) FROM ai_prices q WHERE q.business_id = u.business_id AND q.task = u.task
			AND q.server = u.server AND q.model = u.model AND q.valid_from <= u.at)`
}

func costLines(uses, which string) string {
	return `SELECT task, server, model, currency, sum(audio_ms), sum(input_tokens), sum(output_tokens), sum(requests), max(estimated), sum(cost)
		FROM (` + priced(uses) + ` WHERE u.business_id = ?1 AND ` + which + `)
		GROUP BY task, server, model, currency ORDER BY task DESC, sum(cost) DESC, server, model, currency`
}

func scanCostLine(row scanner) (l app.CostLine, err error) {
	err = row.Scan(&l.Task, &l.Server, &l.Model, &l.Currency, &l.AudioMs, &l.Input, &l.Output, &l.Requests, &l.Estimated, &l.Cost)
	return l, err
}

// CallCost returns what AI used for a call, trials included, and what that cost.
// It is for owners only.
func (s *Store) CallCost(ctx context.Context, business app.BusinessID, recording string) ([]app.CostLine, error) {
	rows, err := s.reads.QueryContext(ctx, costLines(eachUse, `u.recording_id = ?2`), business, recording)
	return collect(rows, err, scanCostLine)
}

// Cost returns what AI used in a month, as 2026-11, and what that cost. It is for
// owners only.
func (s *Store) Cost(ctx context.Context, business app.BusinessID, month string) ([]app.CostLine, error) {
	rows, err := s.reads.QueryContext(ctx, costLines(useByDay, `u.day BETWEEN ?2 || '-01' AND ?2 || '-31'`), business, month)
	return collect(rows, err, scanCostLine)
}

// MonthlyCost returns what AI cost in each month from the first to the last,
// newest first, in each currency. It is for owners only.
func (s *Store) MonthlyCost(ctx context.Context, business app.BusinessID, first, last string) ([]app.MonthCost, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT substr(day, 1, 7) AS month, currency,
			sum(CASE task WHEN 'transcription' THEN cost ELSE 0 END), sum(CASE task WHEN 'analysis' THEN cost ELSE 0 END)
		FROM (`+priced(useByDay)+` WHERE u.business_id = ? AND u.day BETWEEN ? || '-01' AND ? || '-31')
		GROUP BY month, currency ORDER BY month DESC, currency DESC`, business, first, last)
	return collect(rows, err, func(row scanner) (m app.MonthCost, err error) {
		err = row.Scan(&m.Month, &m.Currency, &m.Transcription, &m.Analysis)
		return m, err
	})
}
