package store

import (
	"context"
	"time"

	"crk/app"
)

// FetchDue returns when a recording's audio is asked for again that waits for a
// later try; the zero time where none waits.
func (s *Store) FetchDue(ctx context.Context, business app.BusinessID, recording string) (at time.Time, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT max(run_at) FROM jobs WHERE kind = ? AND key = ? AND business_id = ? AND lease_until IS NULL AND run_at > ?`,
		app.JobFetch, recording, business, stamp(s.now())).Scan(instant{&at})
	return at, err
}

// hurryFetch makes the download of a recording due that waits for a later try.
func (t *tx) hurryFetch(r app.Recording) error {
	t.queued = append(t.queued, app.JobFetch)
	n, err := t.affect(`UPDATE jobs SET run_at = min(run_at, ?) WHERE kind = ? AND key = ?`, stamp(t.now), app.JobFetch, r.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return conflict("No download of this recording waits.")
	}
	t.recordingChanged(r, r.Status)
	var touched changes
	touched.set("stage", nil, string(app.JobFetch))
	return t.audit(r.BusinessID, "recording.reextract", r.ID, "", touched...)
}
