package store

import (
	"context"
	"time"

	"crk/app"
)

const (
	dayColumns = `d.day, d.listed, d.imported, d.waiting, d.skipped, d.failed, d.missing, d.checked_at`
	keptDays   = 400 // of one integration
)

func scanDay(row scanner) (d app.SyncDay, err error) {
	err = row.Scan(&d.Day, &d.Listed, &d.Imported, &d.Waiting, &d.Skipped, &d.Failed, &d.Missing, instant{&d.Checked})
	return d, err
}

// SyncDays returns what the last reconciles found of up to limit days of an
// integration, newest first.
func (s *Store) SyncDays(ctx context.Context, business app.BusinessID, provider string, limit int) ([]app.SyncDay, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+dayColumns+` FROM sync_days d JOIN providers p ON p.id = d.provider_id
		WHERE d.provider_id = ? AND p.business_id = ? ORDER BY d.day DESC LIMIT ?`, provider, business, limit)
	return collect(rows, err, scanDay)
}

// AskComparison notes that somebody asked for the days of an integration to be
// compared.
func (s *Store) AskComparison(ctx context.Context, p app.Provider) error {
	return s.write(ctx, func(t *tx) error { return t.audit(p.BusinessID, "provider.sync", p.ID, p.Name) })
}

// SaveSyncDay keeps what a reconcile found of a day, in place of what it found
// before.
func (s *Store) SaveSyncDay(ctx context.Context, p app.Provider, d app.SyncDay) error {
	return s.write(ctx, func(t *tx) error {
		t.providerChanged(p)
		err := t.exec(`INSERT INTO sync_days (provider_id, day, listed, imported, waiting, skipped, failed, missing, checked_at)
				SELECT id, ?, ?, ?, ?, ?, ?, ?, ? FROM providers WHERE id = ? AND business_id = ?
			ON CONFLICT (provider_id, day) DO UPDATE SET listed = excluded.listed, imported = excluded.imported, waiting = excluded.waiting,
				skipped = excluded.skipped, failed = excluded.failed, missing = excluded.missing, checked_at = excluded.checked_at`,
			d.Day, d.Listed, d.Imported, d.Waiting, d.Skipped, d.Failed, d.Missing, stamp(t.now), p.ID, p.BusinessID)
		if err != nil {
			return err
		}
		return t.exec(`DELETE FROM sync_days WHERE provider_id = ?1 AND day IN (
			SELECT day FROM sync_days WHERE provider_id = ?1 ORDER BY day DESC LIMIT -1 OFFSET ?2)`, p.ID, keptDays)
	})
}

// CountCalls says what has become of calls that a phone system lists, given by
// their data ids: the fields of a day that are about what is here. Those that are
// not known are counted nowhere.
func (s *Store) CountCalls(ctx context.Context, business app.BusinessID, calls []FoundCall) (d app.SyncDay, err error) {
	ids, err := s.ledgerIDs(ctx, business, calls)
	if err != nil {
		return d, err
	}
	err = s.reads.QueryRowContext(ctx, `SELECT count(*),
			coalesce(sum(coalesce(r.size, 0) > 0), 0),
			coalesce(sum(r.status = 'awaiting_audio'), 0),
			coalesce(sum(c.recording_id IS NULL OR r.id IS NULL), 0),
			coalesce(sum(r.status = 'failed' AND coalesce(r.size, 0) = 0), 0)
		FROM seen_calls c LEFT JOIN recordings r ON r.id = c.recording_id
		WHERE c.business_id = ? AND c.data_id IN (SELECT value FROM json_each(?))`, business, toJSON(ids)).
		Scan(&d.Listed, &d.Imported, &d.Waiting, &d.Skipped, &d.Failed)
	return d, err
}

// ledgerIDs are the ids under which found calls are or will be in the ledger.
func (s *Store) ledgerIDs(ctx context.Context, business app.BusinessID, calls []FoundCall) ([]string, error) {
	known, err := s.known(ctx, business, calls)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(calls))
	for _, f := range calls {
		if k, ok := known[f.DataID]; ok && k.isAnother(f) {
			f.DataID = f.Reused
		}
		ids = append(ids, f.DataID)
	}
	return ids, nil
}

// SyncToday counts an integration's calls since a moment, the midnight of its
// business, however late they came, and what of all its calls waits.
func (s *Store) SyncToday(ctx context.Context, business app.BusinessID, provider string, midnight time.Time) (d app.SyncToday, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(size > 0), 0), coalesce(sum(status = 'failed' AND size = 0), 0)
		FROM recordings WHERE business_id = ? AND provider_id = ? AND call_at >= ?`,
		business, provider, stamp(midnight)).Scan(&d.Found, &d.Stored, &d.Failed)
	if err != nil {
		return d, err
	}
	err = s.reads.QueryRowContext(ctx, `SELECT count(*), min(call_at) FROM recordings
		WHERE business_id = ? AND provider_id = ? AND status = 'awaiting_audio'`, business, provider).Scan(&d.Waiting, instant{&d.Oldest})
	return d, err
}

// WithoutAudio counts the calls of an integration whose audio could not be had.
func (s *Store) WithoutAudio(ctx context.Context, business app.BusinessID, provider string) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM recordings
		WHERE business_id = ? AND provider_id = ? AND status = 'failed' AND size = 0`, business, provider).Scan(&n)
	return n, err
}

// RetryFailed has downloads of an integration that were given up, the newest 1000,
// tried anew, and those that wait for a later try at once. It returns how many
// were given up.
func (s *Store) RetryFailed(ctx context.Context, business app.BusinessID, provider string) (n int, err error) {
	const most = 1000
	err = s.write(ctx, func(t *tx) error {
		n = 0
		p, err := t.provider(business, provider)
		if err != nil {
			return err
		}
		rows, err := t.query(`SELECT id FROM recordings WHERE business_id = ? AND provider_id = ? AND status = 'failed' AND size = 0
			AND remote IS NOT NULL ORDER BY call_at DESC LIMIT ?`, business, provider, most)
		ids, err := collect(rows, err, func(row scanner) (id string, err error) { return id, row.Scan(&id) })
		if err != nil {
			return err
		}
		for _, id := range ids {
			r, err := t.recording(business, id)
			if err != nil {
				return err
			}
			if err := t.setStatus(r, app.AwaitingAudio, ""); err != nil {
				return err
			}
			if err := t.queueFetch(p, r.CallAt, id); err != nil {
				return err
			}
		}
		n = len(ids)
		t.providerChanged(p)
		if err := t.audit(p.BusinessID, "provider.sync", p.ID, p.Name); err != nil {
			return err
		}
		return t.dueFetches(p)
	})
	return n, err
}
