package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"crk/app"
)

// use counts n of a meter, in the transaction of what is counted, and looks
// whether that reaches a threshold of the budget. subject is the id of what is
// counted. What was counted too much is counted back with a negative n.
func (t *tx) use(business app.BusinessID, m app.Meter, n int64, subject string) error {
	if n == 0 {
		return nil
	}
	zone, err := t.location(business)
	if err != nil {
		return err
	}
	day := t.now.In(zone).Format(time.DateOnly)
	err = t.exec(`INSERT INTO usage_ledger (business_id, meter, quantity, subject, day, at) VALUES (?, ?, ?, ?, ?, ?)`,
		business, m, n, subject, day, stamp(t.now))
	if err != nil {
		return err
	}
	err = t.exec(`INSERT INTO usage_totals (business_id, day, meter, quantity) VALUES (?, ?, ?, ?)
		ON CONFLICT (business_id, day, meter) DO UPDATE SET quantity = quantity + excluded.quantity`, business, day, m, n)
	if err != nil || m != app.MeterAnalysed {
		return err
	}
	return t.checkBudget(business, zone)
}

// A counted is one of a meter that is counted when the commit ends.
type counted struct {
	business app.BusinessID
	meter    app.Meter
	subject  string
}

// count counts one of a meter together with what else the same commit counts of
// it. It is for what happens so often that a row of the ledger for each would
// cost more than the thing itself, and for meters without a budget.
func (t *tx) count(business app.BusinessID, m app.Meter, subject string) {
	t.counts = append(t.counts, counted{business, m, subject})
}

// useCounted writes what the operations of a commit counted: of each meter of
// each business one row, under the first of its subjects.
func (t *tx) useCounted(counts []counted) error {
	type meter struct {
		business app.BusinessID
		meter    app.Meter
	}
	totals := map[meter]int64{}
	for _, c := range counts {
		totals[meter{c.business, c.meter}]++
	}
	for _, c := range counts {
		k := meter{c.business, c.meter}
		n := totals[k]
		delete(totals, k)
		if err := t.use(c.business, c.meter, n, c.subject); err != nil && !app.IsKind(err, app.NotFound) {
			return err // a business deleted in the same commit has no usage any more
		}
	}
	return nil
}

// location is a business's time zone.
func (t *tx) location(business app.BusinessID) (*time.Location, error) {
	var name string
	if err := t.row(`SELECT time_zone FROM businesses WHERE id = ?`, business).Scan(&name); err != nil {
		return nil, found(err, "business")
	}
	loc, known := t.w.zones[name]
	if !known { // read from disk once
		loc = app.Business{TimeZone: name}.Location()
		t.w.zones[name] = loc
	}
	return loc, nil
}

// monthOf names a month of a time zone.
func monthOf(at time.Time, zone *time.Location) string { return at.In(zone).Format("2006-01") }

// Sums of a business's totals over a month, as 2026-11.
const (
	usedQuery = `SELECT coalesce(sum(quantity), 0) FROM usage_totals
		WHERE business_id = ?1 AND day BETWEEN ?2 || '-01' AND ?2 || '-31' AND meter = ?3`
	usageQuery = `SELECT meter, sum(quantity) FROM usage_totals
		WHERE business_id = ?1 AND day BETWEEN ?2 || '-01' AND ?2 || '-31' GROUP BY meter`
	budgetQuery = `SELECT limit_minutes, thresholds, on_limit FROM budgets WHERE business_id = ?`
)

func scanBudget(row scanner) (b app.Budget, err error) {
	err = row.Scan(&b.Limit, asJSON{&b.Thresholds}, &b.OnLimit)
	if errors.Is(err, sql.ErrNoRows) {
		return app.DefaultBudget(), nil
	}
	return b, err
}

// checkBudget tells of the thresholds that are reached this month and were not
// told of: each once a month, whatever happens to the budget meanwhile.
func (t *tx) checkBudget(business app.BusinessID, zone *time.Location) error {
	b, err := scanBudget(t.row(budgetQuery, business))
	if err != nil || b.Limit == 0 {
		return err
	}
	month := monthOf(t.now, zone)
	var seconds int64
	if err := t.row(usedQuery, business, month, app.MeterAnalysed).Scan(&seconds); err != nil {
		return err
	}
	for _, threshold := range b.Crossed(seconds) {
		n, err := t.affect(`INSERT INTO budget_alerts (business_id, month, threshold, fired_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			business, month, threshold, stamp(t.now))
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := t.tellThreshold(business, b, month, threshold, seconds); err != nil {
			return err
		}
	}
	return nil
}

// tellThreshold tells people and programs that a threshold is reached.
func (t *tx) tellThreshold(business app.BusinessID, b app.Budget, month string, threshold int, seconds int64) error {
	percent, _ := b.Percent(seconds)
	severity := app.Warning
	if threshold >= 100 {
		severity = app.Critical
	}
	data := app.BillingData{
		BusinessID: business, Month: month, Metric: app.MetricAnalysed, Threshold: threshold, Percent: percent,
		Used: app.Minutes(seconds), Limit: b.Limit,
	}
	item := app.FeedItem{BusinessID: business, Severity: severity, Data: []byte(toJSON(map[string]any{"month": month, "threshold": threshold}))}
	if err := t.say(item, budgetWords(b, data), ""); err != nil {
		return err
	}
	return t.emit(app.EventBillingThreshold, business, data)
}

func budgetWords(b app.Budget, d app.BillingData) map[string]words {
	used, minutes := fmt.Sprintf("%d%%", d.Threshold), fmt.Sprintf("%.1f / %d", d.Used, d.Limit)
	en := words{used + " of the month's analysis budget is used", "Minutes analysed in " + d.Month + ": " + minutes + "."}
	th := words{"ใช้งบการวิเคราะห์ของเดือนไปแล้ว " + used, "นาทีที่วิเคราะห์ในเดือน " + d.Month + ": " + minutes}
	if d.Threshold >= 100 && b.OnLimit == app.OnLimitPause {
		en.body += " Further calls wait for the next month or a higher limit."
		th.body += " สายถัดไปจะรอจนถึงเดือนหน้าหรือจนกว่าจะเพิ่มวงเงิน"
	}
	return map[string]words{"en": en, "th": th}
}

// Usage returns what a business used in a month, as 2026-11; the present month
// of its time zone where none is named.
func (s *Store) Usage(ctx context.Context, b app.Business, month string) (app.Usage, error) {
	if month == "" {
		month = monthOf(s.now(), b.Location())
	}
	u := app.Usage{Month: month, Notifications: map[string]int64{}}
	rows, err := s.reads.QueryContext(ctx, usageQuery, b.ID, month)
	if err != nil {
		return u, err
	}
	defer rows.Close()
	used := map[app.Meter]int64{}
	for rows.Next() {
		var m app.Meter
		var n int64
		if err := rows.Scan(&m, &n); err != nil {
			return u, err
		}
		used[m] = n
	}
	if err := rows.Err(); err != nil {
		return u, err
	}
	u.Calls, u.AudioSeconds, u.AnalysedSeconds, u.Webhooks = used[app.MeterCalls], used[app.MeterAudio], used[app.MeterAnalysed], used[app.MeterWebhooks]
	for _, channel := range app.Channels() {
		u.Notifications[channel] = used[app.ChannelMeter(channel)]
	}
	err = s.reads.QueryRowContext(ctx, `SELECT coalesce(sum(size), 0) FROM recordings WHERE business_id = ?`, b.ID).Scan(&u.StorageBytes)
	if err != nil {
		return u, err
	}
	u.Budget, err = s.Budget(ctx, b.ID)
	return u, err
}

// Budget returns a business's budget, the default where it has set none.
func (s *Store) Budget(ctx context.Context, business app.BusinessID) (app.Budget, error) {
	return scanBudget(s.reads.QueryRowContext(ctx, budgetQuery, business))
}

// SetBudget sets a business's budget, which must be valid. Thresholds that this
// month has reached already are told of at once, and calls that waited for the
// limit go on if there is room now.
func (s *Store) SetBudget(ctx context.Context, business app.BusinessID, b app.Budget) error {
	return s.write(ctx, func(t *tx) error {
		zone, err := t.location(business)
		if err != nil {
			return err
		}
		was, err := scanBudget(t.row(budgetQuery, business))
		if err != nil {
			return err
		}
		err = t.exec(`INSERT INTO budgets (business_id, limit_minutes, thresholds, on_limit, updated_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (business_id) DO UPDATE SET limit_minutes = excluded.limit_minutes, thresholds = excluded.thresholds,
				on_limit = excluded.on_limit, updated_at = excluded.updated_at`,
			business, b.Limit, toJSON(b.Thresholds), b.OnLimit, stamp(t.now))
		if err != nil {
			return err
		}
		var touched changes
		touched.set("limit", was.Limit, b.Limit)
		touched.set("thresholds", was.Thresholds, b.Thresholds)
		touched.set("onLimit", was.OnLimit, b.OnLimit)
		if err := t.audit(business, "budget.update", "", "", touched...); err != nil {
			return err
		}
		t.queued = append(t.queued, app.JobTranscribe, app.JobAnalyse)
		err = t.exec(`UPDATE jobs SET run_at = ?1 WHERE business_id = ?2 AND kind IN (?3, ?4) AND lease_until IS NULL AND run_at > ?1`,
			stamp(t.now), business, app.JobTranscribe, app.JobAnalyse)
		if err != nil {
			return err
		}
		return t.checkBudget(business, zone)
	})
}

// HeldUntil returns when AI may work for a business again whose budget is used
// up, the zero time where it may now.
func (s *Store) HeldUntil(ctx context.Context, business app.BusinessID) (time.Time, error) {
	budget, err := s.Budget(ctx, business)
	if err != nil || budget.OnLimit != app.OnLimitPause || budget.Limit == 0 {
		return time.Time{}, err
	}
	b, err := s.Business(ctx, business)
	if err != nil {
		return time.Time{}, err
	}
	now, zone := s.now(), b.Location()
	var seconds int64
	err = s.reads.QueryRowContext(ctx, usedQuery, business, monthOf(now, zone), app.MeterAnalysed).Scan(&seconds)
	if err != nil || !budget.Holds(seconds) {
		return time.Time{}, err
	}
	return app.NextMonth(now, zone), nil
}
