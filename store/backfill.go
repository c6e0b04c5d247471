package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"crk/app"
)

const backfillColumns = `b.provider_id, p.business_id, b.state, b.since, b.until, b.reached, b.floor, b.nights, b.found, b.imported, b.skipped, b.failed,
	b.busy_ms, b.next_at, b.error, b.started_at, b.finished_at`

const backfillTables = `backfills b JOIN providers p ON p.id = b.provider_id`

func scanBackfill(row scanner) (b app.Backfill, err error) {
	var busy int64
	err = row.Scan(&b.ProviderID, &b.BusinessID, &b.State, instant{&b.Since}, instant{&b.Until}, instant{&b.Reached}, instant{&b.Floor}, &b.Nights,
		&b.Found, &b.Imported, &b.Skipped, &b.Failed, &busy, instant{&b.NextAt}, &b.Error, instant{&b.StartedAt}, instant{&b.FinishedAt})
	b.Busy = time.Duration(busy) * time.Millisecond
	return b, err
}

// Backfill returns the back-fill of an integration; ok is false where it never had
// any.
func (s *Store) Backfill(ctx context.Context, business app.BusinessID, provider string) (b app.Backfill, ok bool, err error) {
	b, err = scanBackfill(s.readHot(ctx, `SELECT `+backfillColumns+` FROM `+backfillTables+`
		WHERE b.provider_id = ? AND p.business_id = ?`, provider, business))
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, err
}

// RunningBackfills returns the back-fills of all businesses that go on: those of
// active integrations whose credentials serve.
func (s *Store) RunningBackfills(ctx context.Context) ([]app.Backfill, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+backfillColumns+` FROM `+backfillTables+`
		WHERE b.state = 'running' AND p.active = 1 AND p.state <> 'stopped' ORDER BY b.started_at, b.provider_id`)
	return collect(rows, err, scanBackfill)
}

// ExtendBackfill has everything of [since, until) read by the integration's
// back-fill, beside what is left of it. What both cover, and what lies between, is
// read again, which finds nothing new and writes nothing.
func (s *Store) ExtendBackfill(ctx context.Context, p app.Provider, since, until time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.providerChanged(p)
		return t.exec(`INSERT INTO backfills (provider_id, state, since, until, reached, next_at, started_at)
				SELECT id, 'running', ?3, ?4, ?4, ?2, ?2 FROM providers WHERE id = ?1
			ON CONFLICT (provider_id) DO UPDATE SET
				since = CASE state WHEN 'done' THEN excluded.since ELSE min(since, excluded.since) END,
				until = max(until, excluded.until), reached = max(until, excluded.until), `+beginsAnew,
			p.ID, stamp(t.now), stamp(since), stamp(until))
	})
}

// beginsAnew sets what else is different of a back-fill that has its way before it
// again; ?2 is now. One that people paused stays paused.
const beginsAnew = `floor = NULL, found = 0, imported = 0, skipped = 0, failed = 0, busy_ms = 0, next_at = ?2, error = '',
	started_at = ?2, finished_at = NULL, state = CASE state WHEN 'paused' THEN 'paused' ELSE 'running' END`

// runsRead is how far back a run reads by itself: what is later is no back-fill's.
const runsRead = 7 * 24 * time.Hour

// relist has everything that an integration is to have listed again: what its
// back-fill had read, and what its runs had. Calls that are known cost no write.
func (t *tx) relist(provider string) error {
	if err := t.exec(`UPDATE providers SET cursor = NULL WHERE id = ?`, provider); err != nil {
		return err
	}
	return t.exec(`UPDATE backfills SET since = min(since, (SELECT backfill_from FROM providers WHERE id = ?1)),
			until = min(until, ?3), reached = min(until, ?3), `+beginsAnew+` WHERE provider_id = ?1`,
		provider, stamp(t.now), stamp(t.now.Add(-runsRead)))
}

// A BackfillStep is a part of the way that was read.
type BackfillStep struct {
	Reached                          time.Time
	Floor                            time.Time // as in app.Backfill
	Found, Imported, Skipped, Failed int
	Busy                             time.Duration
}

// SaveBackfill notes a step of a back-fill and returns it as it is then. One that
// has reached its end is done: the floor, or what people want by now. Only so far it
// is said to have gone.
func (s *Store) SaveBackfill(ctx context.Context, b app.Backfill, step BackfillStep) (app.Backfill, error) {
	err := s.write(ctx, func(t *tx) error {
		t.providerChanged(app.Provider{ID: b.ProviderID, BusinessID: b.BusinessID})
		n, err := t.affect(`UPDATE backfills SET reached = ?2, floor = ?10, found = found + ?3, imported = imported + ?4,
				skipped = skipped + ?5, failed = failed + ?6, busy_ms = busy_ms + ?7, error = '', since = max(since, p.backfill_from),
				state = CASE WHEN ?2 <= max(since, p.backfill_from, coalesce(?10, since)) THEN 'done' ELSE backfills.state END,
				finished_at = CASE WHEN ?2 <= max(since, p.backfill_from, coalesce(?10, since)) THEN ?8 END
			FROM providers p
			WHERE provider_id = ?1 AND p.id = ?1 AND reached = ?9 AND started_at = ?11`, // one that begins anew meanwhile does
			b.ProviderID, stamp(step.Reached), step.Found, step.Imported, step.Skipped, step.Failed,
			step.Busy.Milliseconds(), stamp(t.now), stamp(b.Reached), stamp(step.Floor), stamp(b.StartedAt))
		if err == nil && n == 0 {
			err = ErrLease
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrLease) {
		return b, err
	}
	now, ok, err := s.Backfill(ctx, b.BusinessID, b.ProviderID)
	if err == nil && !ok {
		err = app.Missing("provider")
	}
	return now, err
}

// FailBackfill notes why a step of a back-fill failed, with a code of the sync's,
// and when it is tried again.
func (s *Store) FailBackfill(ctx context.Context, b app.Backfill, code string, next time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.providerChanged(app.Provider{ID: b.ProviderID, BusinessID: b.BusinessID})
		return t.exec(`UPDATE backfills SET error = ?, next_at = ? WHERE provider_id = ?`, code, stamp(next), b.ProviderID)
	})
}

// A BackfillPatch changes how a back-fill goes on. Nil leaves as it is.
type BackfillPatch struct {
	Paused *bool
	Nights *bool
}

// PatchBackfill pauses a back-fill or lets it go on, at once. One that is done
// stays so; where there is none it is a NotFound error.
func (s *Store) PatchBackfill(ctx context.Context, business app.BusinessID, provider string, c BackfillPatch) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, provider)
		if err != nil {
			return err
		}
		t.providerChanged(p)
		if err := t.auditBackfill(p, c); err != nil {
			return err
		}
		n, err := t.affect(`UPDATE backfills SET nights = coalesce(?2, nights), next_at = ?3,
				state = CASE WHEN state = 'done' OR ?4 IS NULL THEN state WHEN ?4 THEN 'paused' ELSE 'running' END
			WHERE provider_id = ?1`, provider, orNilBool(c.Nights), stamp(t.now), orNilBool(c.Paused))
		if err == nil && n == 0 {
			err = app.Missing("provider")
		}
		return err
	})
}

func (t *tx) auditBackfill(p app.Provider, c BackfillPatch) error {
	var touched changes
	if c.Paused != nil {
		touched.set("backfillPaused", !*c.Paused, *c.Paused)
	}
	if c.Nights != nil {
		touched.set("backfillNights", !*c.Nights, *c.Nights)
	}
	return t.audit(p.BusinessID, "provider.update", p.ID, p.Name, touched...)
}

func orNilBool(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}
