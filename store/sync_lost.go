package store

import (
	"context"

	"crk/app"
)

// lostRun is a run that has not said for a whole lease that it lives: its end could
// not be saved, or it is stuck.
const lostRun = `status = 'running' AND lease_until < ?`

// endLostRun interrupts the run of an integration that was lost, if there is one.
func (t *tx) endLostRun(p app.Provider) error {
	return t.exec(`UPDATE sync_runs SET status = 'interrupted', finished_at = ?, lease_until = NULL
		WHERE provider_id = ? AND `+lostRun, stamp(t.now), p.ID, stamp(t.now))
}

// EndLostRuns interrupts runs whose lease ran out, and makes their integrations due.
// Where there is none, as a rule, it only reads.
func (s *Store) EndLostRuns(ctx context.Context) error {
	var any bool
	err := s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_runs WHERE `+lostRun+`)`, stamp(s.now())).Scan(&any)
	if err != nil || !any {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		rows, err := t.query(`SELECT `+providerColumns+` FROM `+providerTables+`
			WHERE p.id IN (SELECT provider_id FROM sync_runs WHERE `+lostRun+`)`, stamp(t.now))
		lost, err := collect(rows, err, scanProvider)
		if err != nil {
			return err
		}
		for _, p := range lost {
			t.providerChanged(p)
			if err := t.endLostRun(p); err != nil {
				return err
			}
			err := t.exec(`UPDATE providers SET next_sync_at = ? WHERE id = ? AND active = 1 AND state <> 'stopped'`, stamp(t.now), p.ID)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// InterruptRuns ends the runs that a process which is no more had begun, and
// makes their integrations due. It is for the start, when nothing runs yet.
func (s *Store) InterruptRuns(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`UPDATE providers SET next_sync_at = ? WHERE active = 1 AND state <> 'stopped'
			AND id IN (SELECT provider_id FROM sync_runs WHERE status = 'running')`, stamp(t.now))
		if err != nil {
			return err
		}
		return t.exec(`UPDATE sync_runs SET status = 'interrupted', finished_at = ? WHERE status = 'running'`, stamp(t.now))
	})
}
