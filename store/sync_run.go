package store

import (
	"context"
	"time"

	"crk/app"
)

const (
	keptRuns    = 1000 // of one integration
	weary       = 5    // failed runs in a row after which an integration is asked less often
	wearyPause  = time.Hour
	runColumns  = `id, provider_id, business_id, cause, status, started_at, finished_at, found, imported, skipped, failed, error`
	runFinished = `UPDATE sync_runs SET status = ?, finished_at = ?, found = ?, imported = ?, skipped = ?, failed = ?, error = ?
		WHERE id = ? AND status = 'running'`
)

// The statuses of a run.
const (
	RunRunning     = "running"
	RunSucceeded   = "succeeded"
	RunFailed      = "failed"
	RunInterrupted = "interrupted" // by a stop of the appliance
)

// What starts a run.
const (
	CauseSchedule = "schedule"
	CauseManual   = "manual"  // a person or a program asked for it
	CauseDefault  = "default" // the integration was made the default
)

func scanRun(row scanner) (r app.SyncRun, err error) {
	err = row.Scan(&r.ID, &r.ProviderID, &r.BusinessID, &r.Trigger, &r.Status, instant{&r.StartedAt}, instant{&r.FinishedAt},
		&r.Found, &r.Imported, &r.Skipped, &r.Failed, &r.Error)
	return r, err
}

// runLease is how long a run is held without a sign of life.
const runLease = 5 * time.Minute

// BeginRun starts a run of an integration. It is a Conflict while one runs: the
// row is the lease, which RenewRun makes longer, and one that ran out is
// interrupted. A run that a person asked for forgives refusals of the credentials
// and makes downloads that wait for a later try due at once.
func (s *Store) BeginRun(ctx context.Context, business app.BusinessID, provider, cause string) (r app.SyncRun, err error) {
	err = s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, provider)
		if err != nil {
			return err
		}
		r = app.SyncRun{ID: newID(), ProviderID: p.ID, BusinessID: business, Trigger: cause, Status: RunRunning, StartedAt: t.now}
		if err := t.endLostRun(p); err != nil {
			return err
		}
		err = t.exec(`INSERT INTO sync_runs (id, provider_id, business_id, cause, status, started_at, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			r.ID, r.ProviderID, r.BusinessID, r.Trigger, r.Status, stamp(r.StartedAt), stamp(t.now.Add(runLease)))
		if taken(err) {
			return errRunning
		}
		if err != nil {
			return err
		}
		t.providerChanged(p)
		if cause == CauseSchedule {
			return nil
		}
		if cause == CauseManual {
			if err := t.audit(business, "provider.sync", p.ID, p.Name); err != nil {
				return err
			}
		}
		return t.hurry(p)
	})
	return r, err
}

// hurry forgives refusals and makes waiting downloads due.
func (t *tx) hurry(p app.Provider) error {
	pardon(&p, t.now)
	if err := t.exec(`UPDATE providers SET state = ?, refusals = 0 WHERE id = ?`, p.State, p.ID); err != nil {
		return err
	}
	err := t.exec(`UPDATE sync_health SET open_until = NULL WHERE provider_id = ?`, p.ID)
	if err != nil {
		return err
	}
	return t.letHear(p)
}

// RenewRun holds a run for longer. It returns ErrLease where it is held no more.
func (s *Store) RenewRun(ctx context.Context, run string) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`UPDATE sync_runs SET lease_until = ? WHERE id = ? AND status = 'running'`, stamp(t.now.Add(runLease)), run)
		if err == nil && n == 0 {
			err = ErrLease
		}
		return err
	})
}

// SaveWindow notes that a run has read everything before cursor, and its counts
// so far. The cursor only moves forward. It stays where it is if the integration
// was told in the meantime to look further back, or has other settings: then the
// next run does.
func (s *Store) SaveWindow(ctx context.Context, r app.SyncRun, p app.Provider, cursor time.Time) error {
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`UPDATE sync_runs SET found = ?, imported = ?, skipped = ?, failed = ? WHERE id = ? AND status = 'running'`,
			r.Found, r.Imported, r.Skipped, r.Failed, r.ID)
		t.providerChanged(p)
		if err != nil || cursor.IsZero() {
			return err
		}
		return t.exec(`UPDATE providers SET cursor = max(coalesce(cursor, 0), ?) WHERE id = ? AND business_id = ? AND backfill_from >= ? AND config = ?`,
			stamp(cursor), p.ID, p.BusinessID, stamp(p.Backfill), string(p.Config))
	})
}

// FinishRun ends a run as r says and plans the next one, for when the phone system
// has had the rest that it asked for. Three refusals of the
// credentials in a row stop the integration until a person sees to it; five
// failed runs in a row slow it to one an hour.
func (s *Store) FinishRun(ctx context.Context, r app.SyncRun) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(runFinished, r.Status, stamp(t.now), r.Found, r.Imported, r.Skipped, r.Failed, r.Error, r.ID)
		if err != nil || n == 0 { // the integration was deleted
			return err
		}
		p, err := t.provider(r.BusinessID, r.ProviderID)
		if err != nil {
			return err
		}
		tired, err := t.weary(p.ID)
		if err != nil {
			return err
		}
		was := p.State
		settle(&p, r, tired, t.now)
		t.providerChanged(p)
		if err := t.auditStop(was, p); err != nil {
			return err
		}
		err = t.exec(`UPDATE providers SET state = ?, refusals = ?, next_sync_at = ? WHERE id = ?`,
			p.State, p.Refusals, stamp(p.NextSyncAt), p.ID)
		if err != nil {
			return err
		}
		if err := t.judge(p, r); err != nil {
			return err
		}
		return t.exec(`DELETE FROM sync_runs WHERE id IN (
			SELECT id FROM sync_runs WHERE provider_id = ? ORDER BY started_at DESC, id DESC LIMIT -1 OFFSET ?)`, p.ID, keptRuns)
	})
}

// judge says what a finished run tells of the phone system.
func (t *tx) judge(p app.Provider, r app.SyncRun) error {
	if err := t.emitRun(p, r); err != nil {
		return err
	}
	switch {
	case r.Status == RunSucceeded:
		if err := t.succeeded(p); err != nil {
			return err
		}
		return t.heal(p)
	case r.Status == RunFailed && r.Away:
		return t.strike(p, r.Error)
	case p.State == app.ProviderStopped && p.Refusals == maxRefusals:
		return t.sayOfPhone(p, app.Critical, stoppedPhone(p))
	}
	return nil
}

// settle says what a finished run means for its integration.
func settle(p *app.Provider, r app.SyncRun, tired bool, now time.Time) {
	pause := p.Interval
	switch {
	case r.Status == RunSucceeded:
		p.State, p.Refusals = well(*p), 0
	case r.Status == RunInterrupted:
		pause = 0
	default:
		p.State = app.ProviderFailing
		if tired {
			pause = max(pause, wearyPause)
		}
	}
	p.NextSyncAt = time.Time{}
	if p.Active {
		p.NextSyncAt = now.Add(max(pause, r.Rest))
	}
	if r.Error == "invalid_credentials" {
		refuse(p)
	}
}

// weary reports whether the latest runs of an integration all failed.
func (t *tx) weary(provider string) (bool, error) {
	var n int
	err := t.row(`SELECT count(*) FROM (
		SELECT status FROM sync_runs WHERE provider_id = ? ORDER BY started_at DESC, id DESC LIMIT ?) WHERE status = 'failed'`,
		provider, weary).Scan(&n)
	return n == weary, err
}

// SyncRuns returns up to limit runs of an integration, newest first, and the
// cursor of the page after it, empty at the end. An unknown cursor is a
// Malformed error.
func (s *Store) SyncRuns(ctx context.Context, business app.BusinessID, provider, cursor string, limit int) ([]app.SyncRun, string, error) {
	var known bool
	err := s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM providers WHERE id = ? AND business_id = ?)`, provider, business).Scan(&known)
	if err != nil {
		return nil, "", err
	}
	if !known {
		return nil, "", app.Missing("provider")
	}
	w := where{}
	w.add("provider_id = ?", provider)
	if cursor != "" {
		at, id, err := readCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		w.add("(started_at, id) < (?, ?)", at, id)
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+runColumns+` FROM sync_runs WHERE `+w.sql()+`
		ORDER BY started_at DESC, id DESC LIMIT ?`, append(w.args, limit+1)...)
	runs, err := collect(rows, err, scanRun)
	if err != nil || len(runs) <= limit {
		return runs, "", err
	}
	last := runs[limit-1]
	return runs[:limit], writeCursor(last.StartedAt, last.ID), nil
}
