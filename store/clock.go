package store

import (
	"context"
	"time"

	"crk/app"
)

// ahead is how far in the future a time may lie that was "now" when it was
// written, before the clock must have been wrong.
const ahead = time.Minute

// MendClock mends what was written while the clock was ahead of the time that it
// shows now. What was planned is made due: jobs that were made in the future, and
// syncs that are planned later than their integration's interval allows. What was
// taken for read by that clock is listed again. Nothing
// lives longer for it: sessions end no later than if they were used now, and codes
// that had run out, or were made in the future, are void. It is for the start, and
// for when the clock has been set back; was is what it showed before, the zero
// time where that is not known. Doing it twice changes nothing.
func (s *Store) MendClock(ctx context.Context, was time.Time) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.mendLives(was); err != nil {
			return err
		}
		return t.mendPlans()
	})
}

// mendPlans makes due what was planned.
func (t *tx) mendPlans() error {
	for _, kind := range []app.JobKind{
		app.JobFetch, app.JobTranscribe, app.JobAnalyse, app.JobAutomate, app.JobDeliver, app.JobBulk, app.JobRetain, app.JobErase,
	} {
		n, err := t.affect(`UPDATE jobs SET run_at = min(run_at, ?1), created_at = ?1 WHERE kind = ?2 AND created_at > ?3`,
			stamp(t.now), kind, stamp(t.now.Add(ahead)))
		if err != nil {
			return err
		}
		if n > 0 {
			t.queued = append(t.queued, kind)
		}
	}
	err := t.exec(`UPDATE sync_runs SET started_at = ?1, finished_at = min(finished_at, ?1) WHERE started_at > ?2`,
		stamp(t.now), stamp(t.now.Add(ahead))) // else the last of them stays the last
	if err != nil {
		return err
	}
	err = t.exec(`UPDATE providers SET next_sync_at = ?1 WHERE next_sync_at > ?1 + max(interval_ms, ?2) + ?3`,
		stamp(t.now), wearyPause.Milliseconds(), ahead.Milliseconds())
	if err != nil {
		return err
	}
	return t.mendSyncs()
}

// farthestAhead is how far a phone system's clock, by which its cursor goes, is
// believed to be ahead of ours.
const farthestAhead = 24 * time.Hour

// mendSyncs mends what phone integrations were thought to have behind them, or were to
// wait for. Where the clock was ahead by more than a sync looks back, the calls of that
// time were never asked for.
func (t *tx) mendSyncs() error {
	for query, limit := range map[string]time.Duration{
		`UPDATE sync_runs SET lease_until = ?1 WHERE status = 'running' AND lease_until > ?2`: runLease,
		`UPDATE sync_health SET open_until = ?1 WHERE open_until > ?2`:                        openFor[len(openFor)-1],
		`UPDATE sync_health SET denied_until = ?1 WHERE denied_until > ?2`:                    deniedFor[len(deniedFor)-1],
		`UPDATE sync_health SET checked_at = ?1 WHERE checked_at > ?2`:                        0,
		`UPDATE sync_health SET deep_at = ?1 WHERE deep_at > ?2`:                              0,
		`UPDATE backfills SET next_at = ?1 WHERE next_at > ?2`:                                farthestAhead,
	} {
		if err := t.exec(query, stamp(t.now), stamp(t.now.Add(limit+ahead))); err != nil {
			return err
		}
	}
	rows, err := t.query(`SELECT id FROM providers WHERE cursor > ?1 OR id IN (SELECT provider_id FROM backfills WHERE until > ?1)`,
		stamp(t.now.Add(farthestAhead+ahead)))
	ids, err := collect(rows, err, func(row scanner) (id string, err error) { return id, row.Scan(&id) })
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := t.relist(id); err != nil {
			return err
		}
	}
	return nil
}

// mendLives bounds what runs out by itself, and what waits for a later time.
func (t *tx) mendLives(was time.Time) error {
	if was.Before(t.now) {
		was = t.now
	}
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`DELETE FROM link_codes WHERE expires_at <= ? OR expires_at > ?`, []any{stamp(was), stamp(t.now.Add(LinkCodeLife + ahead))}},
		{`DELETE FROM login_steps WHERE expires_at <= ? OR expires_at > ?`, []any{stamp(was), stamp(t.now.Add(LoginStepLife + ahead))}},
		{`UPDATE sessions SET seen_at = min(seen_at, ?1), expires_at = ?2 WHERE expires_at > ?2`, []any{stamp(t.now), stamp(t.now.Add(SessionLife))}},
		{`UPDATE users SET totp_step = ?1 WHERE totp_step > ?1`, []any{t.now.Unix()/totpStep + totpSlack}},
		{`UPDATE telegram_updates SET updated_at = ?1 WHERE updated_at > ?1`, []any{stamp(t.now)}},
	} {
		if err := t.exec(q.query, q.args...); err != nil {
			return err
		}
	}
	return nil
}
