package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"crk/app"
)

// sitting is how long after its latest request somebody who listens is still at
// the same.
const sitting = 30 * time.Minute

// NoteAccess writes down who heard or took away what. To hear one call, or to
// take the same of it away, is one line a sitting, however many requests a player
// makes of it: those that follow soon cost a read.
func (s *Store) NoteAccess(ctx context.Context, a app.Access) error {
	now := s.now()
	if a.RecordingID != "" {
		seq, last, err := s.listening(ctx, a, now)
		if err != nil {
			return err
		}
		switch {
		case seq != 0 && now.Sub(last) < time.Minute:
			return nil
		case seq != 0:
			return s.write(ctx, func(t *tx) error {
				return t.exec(`UPDATE access_log SET last_at = ? WHERE seq = ?`, stamp(t.now), seq)
			})
		}
	}
	return s.write(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO access_log (business_id, at, last_at, user_id, key_id, action, recording_id, rows, ip)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			a.BusinessID, stamp(t.now), stamp(t.now), a.UserID, a.KeyID, a.Action, a.RecordingID, a.Rows, a.IP)
	})
}

// listening finds the line of the sitting that a belongs to; 0 where it begins.
func (s *Store) listening(ctx context.Context, a app.Access, now time.Time) (seq int64, last time.Time, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT seq, last_at FROM access_log
		WHERE business_id = ? AND recording_id = ? AND user_id = ? AND last_at > ? AND action = ? AND key_id = ? AND ip = ?
		ORDER BY last_at DESC LIMIT 1`,
		a.BusinessID, a.RecordingID, a.UserID, stamp(now.Add(-sitting)), a.Action, a.KeyID, a.IP).Scan(&seq, instant{&last})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return seq, last, err
}

const accessColumns = `a.seq, a.business_id, a.at, a.last_at, a.user_id, coalesce((SELECT name FROM users WHERE id = a.user_id), ''),
	a.key_id, coalesce((SELECT name FROM api_keys WHERE id = a.key_id), ''), a.action, a.recording_id,
	(SELECT call_at FROM recordings WHERE id = a.recording_id), a.rows, a.ip`

func scanAccess(row scanner) (a app.Access, err error) {
	err = row.Scan(&a.Seq, &a.BusinessID, instant{&a.At}, instant{&a.LastAt}, &a.UserID, &a.UserName, &a.KeyID, &a.KeyName,
		&a.Action, &a.RecordingID, instant{&a.CallAt}, &a.Rows, &a.IP)
	return a, err
}

// Accesses returns lines of a business's access log, newest first, at most limit.
func (s *Store) Accesses(ctx context.Context, business app.BusinessID, f app.AccessFilter, limit int) ([]app.Access, error) {
	w := &where{}
	w.add("a.business_id = ?", business)
	for _, c := range []struct{ cond, value string }{
		{"a.user_id = ?", string(f.UserID)}, {"a.action = ?", f.Action}, {"a.recording_id = ?", f.RecordingID},
	} {
		if c.value != "" {
			w.add(c.cond, c.value)
		}
	}
	if !f.From.IsZero() {
		w.add("a.at >= ?", stamp(f.From))
	}
	if !f.To.IsZero() {
		w.add("a.at < ?", stamp(f.To))
	}
	if f.BeforeSeq > 0 {
		w.add("a.seq < ?", f.BeforeSeq)
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+accessColumns+` FROM access_log a WHERE `+w.sql()+` ORDER BY a.seq DESC LIMIT ?`,
		append(w.args, limit)...)
	return collect(rows, err, scanAccess)
}
