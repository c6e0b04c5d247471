package store

import (
	"context"
	"time"

	"crk/app"
)

const priceColumns = `id, business_id, task, server, model, currency, minute_micros, input_micros, output_micros, valid_from, created_by, created_at`

func scanPrice(row scanner) (p app.Price, err error) {
	err = row.Scan(&p.ID, &p.BusinessID, &p.Task, &p.Server, &p.Model, &p.Currency, &p.Minute, &p.Input, &p.Output,
		instant{&p.ValidFrom}, &p.CreatedBy, instant{&p.CreatedAt})
	return p, err
}

// Prices returns a business's prices, those of one model together, newest first.
// It is for owners only.
func (s *Store) Prices(ctx context.Context, business app.BusinessID) ([]app.Price, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+priceColumns+` FROM ai_prices
		WHERE business_id = ? ORDER BY task DESC, server, model, valid_from DESC LIMIT 1000`, business)
	return collect(rows, err, scanPrice)
}

// AIModels returns the models that a business has used or set a price for. It is
// for owners only.
func (s *Store) AIModels(ctx context.Context, business app.BusinessID) ([]app.AIModel, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT DISTINCT task, server, model FROM (
			SELECT task, server, model FROM ai_totals WHERE business_id = ?1
			UNION SELECT task, server, model FROM ai_prices WHERE business_id = ?1)
		ORDER BY task DESC, server, model LIMIT 200`, business)
	return collect(rows, err, func(row scanner) (m app.AIModel, err error) {
		err = row.Scan(&m.Task, &m.Server, &m.Model)
		return m, err
	})
}

// AddPrice adds a price, which must be valid, and returns it. What was used
// before it never changes its cost: a price may begin in the past only where
// there is none yet, and after the newest one in any case. One that is to begin
// earlier begins now.
func (s *Store) AddPrice(ctx context.Context, p app.Price) (app.Price, error) {
	p.ID = newID()
	err := s.write(ctx, func(t *tx) error {
		var newest time.Time
		err := t.row(`SELECT max(valid_from) FROM ai_prices WHERE business_id = ? AND task = ? AND server = ? AND model = ?`,
			p.BusinessID, p.Task, p.Server, p.Model).Scan(instant{&newest})
		if err != nil {
			return err
		}
		if !newest.IsZero() && p.ValidFrom.Before(t.now) || p.ValidFrom.IsZero() {
			p.ValidFrom = t.now
		}
		if !p.ValidFrom.After(newest) {
			var bad app.Problems
			bad.Add("validFrom", "A price begins after %s already.", newest.Format(time.DateOnly))
			return bad.Err()
		}
		p.CreatedAt = t.now
		err = t.exec(`INSERT INTO ai_prices (`+priceColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.ID, p.BusinessID, p.Task, p.Server, p.Model, p.Currency, p.Minute, p.Input, p.Output,
			stamp(p.ValidFrom), p.CreatedBy, stamp(p.CreatedAt))
		if err != nil {
			return err
		}
		// Admins read the log, and money is for owners alone.
		var touched changes
		touched.hide("price", true)
		touched.set("validFrom", time.Time{}, p.ValidFrom)
		return t.audit(p.BusinessID, "price.create", p.ID, string(p.Task), touched...)
	})
	return p, err
}
