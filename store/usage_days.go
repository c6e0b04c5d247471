package store

import (
	"context"
	"time"

	"crk/app"
)

// UsageByDay returns what a business used on each day of a month, as 2026-11, of
// its time zone: one for each day that the month has, the first at index 0.
func (s *Store) UsageByDay(ctx context.Context, b app.Business, month string) ([]app.UsageDay, error) {
	start, err := time.ParseInLocation("2006-01", month, b.Location())
	if err != nil {
		return nil, err
	}
	days := make([]app.UsageDay, time.Date(start.Year(), start.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
	rows, err := s.reads.QueryContext(ctx, `SELECT CAST(substr(day, 9) AS INTEGER), meter, quantity FROM usage_totals
		WHERE business_id = ?1 AND day BETWEEN ?2 || '-01' AND ?2 || '-31'`, b.ID, month)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var day int
		var m app.Meter
		var n int64
		if err := rows.Scan(&day, &m, &n); err != nil {
			return nil, err
		}
		days[day-1].Add(m, n)
	}
	return days, rows.Err()
}

// BudgetAlerts returns when each threshold of the budget was told of in a month.
func (s *Store) BudgetAlerts(ctx context.Context, business app.BusinessID, month string) (map[int]time.Time, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT threshold, fired_at FROM budget_alerts WHERE business_id = ? AND month = ?`, business, month)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	fired := map[int]time.Time{}
	for rows.Next() {
		var threshold int
		var at time.Time
		if err := rows.Scan(&threshold, instant{&at}); err != nil {
			return nil, err
		}
		fired[threshold] = at
	}
	return fired, rows.Err()
}
