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

// NoteBadAudio adds to the history of the recording that a job is about what came in
// place of its audio. It returns ErrLease where the job is gone.
func (s *Store) NoteBadAudio(ctx context.Context, j app.Job, what string) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.hold(j); err != nil {
			return err
		}
		return t.note(j.Key, "bad_audio", clip(what, 300))
	})
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
