package store

import (
	"context"
	"time"

	"crk/app"
)

// ahead is how far in the future a time may lie that was "now" when it was
// written, before the clock must have been wrong.
const ahead = time.Minute

// MendClock makes due what was planned while the clock was ahead of the time that
// it shows now: jobs that were made in the future, and syncs that are planned
// later than their integration's interval allows. It is for the start, and for
// when the clock has been set back.
func (s *Store) MendClock(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		for _, kind := range []app.JobKind{app.JobFetch, app.JobTranscribe, app.JobAnalyse, app.JobAutomate, app.JobDeliver} {
			n, err := t.affect(`UPDATE jobs SET run_at = min(run_at, ?1), created_at = ?1 WHERE kind = ?2 AND created_at > ?3`,
				stamp(t.now), kind, stamp(t.now.Add(ahead)))
			if err != nil {
				return err
			}
			if n > 0 {
				t.queued = append(t.queued, kind)
			}
		}
		return t.exec(`UPDATE providers SET next_sync_at = ?1 WHERE next_sync_at > ?1 + max(interval_ms, ?2) + ?3`,
			stamp(t.now), wearyPause.Milliseconds(), ahead.Milliseconds())
	})
}
