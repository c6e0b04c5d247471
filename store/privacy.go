package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"crk/app"
)

// Privacy returns how long a business keeps what, the default where it has never
// said.
func (s *Store) Privacy(ctx context.Context, business app.BusinessID) (app.Privacy, error) {
	var p app.Privacy
	err := s.reads.QueryRowContext(ctx, `SELECT audio_days, text_days, log_days FROM privacy WHERE business_id = ?`, business).
		Scan(&p.AudioDays, &p.TextDays, &p.LogDays)
	if errors.Is(err, sql.ErrNoRows) {
		return app.DefaultPrivacy(), nil
	}
	return p, err
}

// SetPrivacy changes how long a business keeps what, and has what is older
// removed at once.
func (s *Store) SetPrivacy(ctx context.Context, business app.BusinessID, p app.Privacy) error {
	if err := p.Validate(); err != nil {
		return err
	}
	was, err := s.Privacy(ctx, business)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO privacy (business_id, audio_days, text_days, log_days, updated_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (business_id) DO UPDATE SET audio_days = excluded.audio_days, text_days = excluded.text_days,
				log_days = excluded.log_days, updated_at = excluded.updated_at`,
			business, p.AudioDays, p.TextDays, p.LogDays, stamp(t.now))
		if err != nil {
			return err
		}
		var touched changes
		touched.set("audioDays", was.AudioDays, p.AudioDays)
		touched.set("textDays", was.TextDays, p.TextDays)
		touched.set("logDays", was.LogDays, p.LogDays)
		if err := t.audit(business, "privacy.update", string(business), "", touched...); err != nil {
			return err
		}
		return t.queue(app.Job{Kind: app.JobRetain, BusinessID: business, Key: string(business), Priority: app.PriorityBacklog})
	})
}

// QueueRetention queues, for every business that has none waiting, the job that
// removes what is older than it is kept, for the next night of its time zone.
func (s *Store) QueueRetention(ctx context.Context) error {
	all, err := s.Businesses(ctx)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		for _, b := range all {
			err := t.exec(`INSERT INTO jobs (kind, business_id, key, priority, run_at, created_at) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (kind, key) DO NOTHING`,
				app.JobRetain, b.ID, b.ID, app.PriorityBacklog, stamp(nextNight(t.now, b.Location())), stamp(t.now))
			if err != nil {
				return err
			}
		}
		t.queued = append(t.queued, app.JobRetain)
		return nil
	})
}

// nextNight is the next time at which nobody works.
func nextNight(now time.Time, loc *time.Location) time.Time {
	local := now.In(loc)
	at := time.Date(local.Year(), local.Month(), local.Day(), 3, 10, 0, 0, loc)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// What is kept too long: of a call that no stage works on, its sound or its words.
const (
	idleCall = `r.status IN ('completed', 'failed')`
	oldAudio = `r.business_id = ?1 AND r.call_at < ?2 AND r.size > 0 AND ` + idleCall
	oldWords = `r.business_id = ?1 AND r.call_at < ?2 AND ` + idleCall + ` AND (` + hasWords + `)`
	hasWords = `r.analysis_id IS NOT NULL OR r.summary <> '' OR r.note <> '' OR r.review_note IS NOT NULL OR
		EXISTS (SELECT 1 FROM transcripts WHERE recording_id = r.id) OR EXISTS (SELECT 1 FROM call_text WHERE recording_id = r.id) OR
		EXISTS (SELECT 1 FROM source_texts WHERE recording_id = r.id AND (transcript <> '' OR summary <> '' OR sentiment > 0))`
)

// before is the moment before which what is kept for so many days is too old;
// nothing is, for 0.
func before(now time.Time, days int) any {
	if days == 0 {
		return int64(-1 << 62)
	}
	return stamp(now.AddDate(0, 0, -days))
}

// Due returns what a business would lose by keeping things so long.
func (s *Store) Due(ctx context.Context, business app.BusinessID, p app.Privacy) (d app.Due, err error) {
	now := s.now()
	err = s.reads.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(r.size), 0) FROM recordings r WHERE `+oldAudio,
		business, before(now, p.AudioDays)).Scan(&d.Audio, &d.AudioBytes)
	if err != nil {
		return d, err
	}
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM recordings r WHERE `+oldWords, business, before(now, p.TextDays)).Scan(&d.Texts)
	if err != nil {
		return d, err
	}
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM access_log WHERE business_id = ? AND at < ?`, business, before(now, p.LogDays)).Scan(&d.Accesses)
	return d, err
}
