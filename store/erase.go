package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"crk/app"
)

const erasureColumns = `e.id, e.business_id, e.masked, e.user_id, e.user_name, e.counts, e.created_at, e.finished_at`

func scanErasure(row scanner) (e app.Erasure, err error) {
	err = row.Scan(&e.ID, &e.BusinessID, &e.Masked, &e.UserID, &e.UserName, asJSON{&e.Counts}, instant{&e.CreatedAt}, instant{&e.FinishedAt})
	return e, err
}

// fingerprint is what is kept in place of something that may not be: a hash by
// the appliance's own key, so that nobody who has the database alone can try all
// telephone numbers until one fits.
func (s *Store) fingerprint(ctx context.Context, what string, business app.BusinessID, value string) ([]byte, error) {
	key, err := s.HashKey(ctx)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(what + "\x00" + string(business) + "\x00" + value))
	return h.Sum(nil), nil
}

// BeginErasure orders that everything about a telephone number, in any notation,
// is removed, and returns the receipt, which fills while that is done. A number
// without a digit is Invalid.
func (s *Store) BeginErasure(ctx context.Context, business app.BusinessID, by app.User, phone string) (e app.Erasure, err error) {
	phone = NormalizePhone(phone)
	if !strings.ContainsAny(phone, "0123456789") {
		var bad app.Problems
		bad.Add("phone", "Give a telephone number.")
		return e, bad.Err()
	}
	mark, err := s.fingerprint(ctx, "phone", business, phone)
	if err != nil {
		return e, err
	}
	e = app.Erasure{ID: newID(), BusinessID: business, Masked: app.MaskPhone(phone), UserID: by.ID, UserName: by.Name}
	sealed, err := s.box.Seal("erasure", e.ID, []byte(phone))
	if err != nil {
		return e, err
	}
	err = s.write(ctx, func(t *tx) error {
		e.CreatedAt = t.now
		err := t.exec(`INSERT INTO erasures (id, business_id, masked, fingerprint, phone, user_id, user_name, counts, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.ID, business, e.Masked, mark, sealed, by.ID, by.Name, toJSON(e.Counts), stamp(t.now))
		if err != nil {
			return err
		}
		if err := t.audit(business, "person.erase", e.ID, e.Masked); err != nil {
			return err
		}
		return t.queue(app.Job{Kind: app.JobErase, BusinessID: business, Key: e.ID})
	})
	return e, err
}

// Erasure returns a receipt of a business.
func (s *Store) Erasure(ctx context.Context, business app.BusinessID, id string) (app.Erasure, error) {
	e, err := scanErasure(s.reads.QueryRowContext(ctx, `SELECT `+erasureColumns+` FROM erasures e WHERE e.id = ? AND e.business_id = ?`, id, business))
	return e, found(err, "erasure")
}

// Erasures returns a business's receipts, newest first, at most limit; with a
// telephone number only those for it.
func (s *Store) Erasures(ctx context.Context, business app.BusinessID, phone string, limit int) ([]app.Erasure, error) {
	w := &where{}
	w.add("e.business_id = ?", business)
	if phone != "" {
		mark, err := s.fingerprint(ctx, "phone", business, NormalizePhone(phone))
		if err != nil {
			return nil, err
		}
		w.add("e.fingerprint = ?", mark)
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+erasureColumns+` FROM erasures e WHERE `+w.sql()+` ORDER BY e.created_at DESC, e.id DESC LIMIT ?`,
		append(w.args, limit)...)
	return collect(rows, err, scanErasure)
}

// ErasurePhone returns the number that an erase job is about.
func (s *Store) ErasurePhone(ctx context.Context, j app.Job) (app.Secret, error) {
	var sealed []byte
	err := s.reads.QueryRowContext(ctx, `SELECT phone FROM erasures WHERE id = ? AND business_id = ?`, j.Key, j.BusinessID).Scan(&sealed)
	if err != nil {
		return "", found(err, "erasure")
	}
	b, err := s.box.Open("erasure", j.Key, sealed)
	return app.Secret(b), err
}

// CallsWith returns calls with a telephone number, given in normal form, at most
// the given number. It asks the database, not the cards: nothing may be missed.
func (s *Store) CallsWith(ctx context.Context, business app.BusinessID, phone string, most int) ([]app.Recording, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+recordingColumns+` FROM recordings r
		WHERE r.business_id = ? AND r.customer_normalized = ? ORDER BY r.call_at DESC, r.id LIMIT ?`, business, phone, most)
	return collect(rows, err, scanRecording)
}

// EraseCalls removes some of the calls that an erase job is about, with all that
// was made of them, and counts them on the receipt. Their sound files are removed
// before, by the caller. What is left of each is a mark by which no sync brings
// it back, and which tells of nobody. It returns ErrLease where the job is not
// held.
func (s *Store) EraseCalls(ctx context.Context, j app.Job, calls []app.Recording) error {
	marks := make([][]byte, len(calls))
	for i, r := range calls {
		var err error
		if marks[i], err = s.fingerprint(ctx, "call", j.BusinessID, r.DataID); err != nil {
			return err
		}
	}
	return s.write(ctx, func(t *tx) error {
		if err := t.hold(j); err != nil {
			return err
		}
		return t.overwriting(func() error {
			var n app.ErasedCounts
			for i, r := range calls {
				if err := t.eraseCall(j, r, marks[i], &n); err != nil {
					return err
				}
			}
			return t.countErased(j, n)
		})
	})
}

func (t *tx) eraseCall(j app.Job, r app.Recording, mark []byte, n *app.ErasedCounts) error {
	var analyses int
	if err := t.row(`SELECT count(*) FROM analyses WHERE recording_id = ?`, r.ID).Scan(&analyses); err != nil {
		return err
	}
	err := t.exec(`INSERT INTO erased_calls (business_id, fingerprint, call_at, erasure_id, recording_id) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (business_id, fingerprint) DO UPDATE SET call_at = excluded.call_at, erasure_id = excluded.erasure_id,
			recording_id = excluded.recording_id`, r.BusinessID, mark, stamp(r.CallAt), j.Key, r.ID)
	if err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM seen_calls WHERE business_id = ? AND data_id = ?`, r.BusinessID, r.DataID); err != nil {
		return err
	}
	if err := t.cancelJobs(r.ID, app.JobFetch, app.JobTranscribe, app.JobAnalyse, app.JobAutomate); err != nil {
		return err
	}
	t.recordingChanged(r, "deleted")
	gone, err := t.affect(`DELETE FROM recordings WHERE id = ? AND business_id = ?`, r.ID, r.BusinessID)
	if err != nil || gone == 0 {
		return err
	}
	n.Calls++
	n.Analyses += analyses
	n.Audio += count(r.HasAudio())
	n.Transcripts += count(r.HasTranscript)
	n.Notes += count(r.Note != "") + count(r.Review != nil && r.Review.Note != "")
	// Other programs are told that it is gone, not whose it was.
	return t.emitRecording(app.EventRecordingDeleted, app.Recording{
		ID: r.ID, BusinessID: r.BusinessID, CallAt: r.CallAt, Source: r.Source, Direction: r.Direction, Status: r.Status,
	})
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// countErased adds to what a receipt says.
func (t *tx) countErased(j app.Job, n app.ErasedCounts) error {
	var c app.ErasedCounts
	if err := t.row(`SELECT counts FROM erasures WHERE id = ?`, j.Key).Scan(asJSON{&c}); err != nil {
		return err
	}
	c.Calls, c.Audio, c.Transcripts = c.Calls+n.Calls, c.Audio+n.Audio, c.Transcripts+n.Transcripts
	c.Analyses, c.Notes, c.Notifications = c.Analyses+n.Analyses, c.Notes+n.Notes, c.Notifications+n.Notifications
	c.Events, c.Answers = c.Events+n.Events, c.Answers+n.Answers
	return t.exec(`UPDATE erasures SET counts = ? WHERE id = ?`, toJSON(c), j.Key)
}

// FinishErasure ends an erase job: the receipt is complete and forgets the number.
func (s *Store) FinishErasure(ctx context.Context, j app.Job) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		t.changed(app.Change{BusinessID: j.BusinessID, Topic: "erasure", ID: j.Key})
		return t.overwriting(func() error {
			return t.exec(`UPDATE erasures SET phone = NULL, finished_at = ? WHERE id = ?`, stamp(t.now), j.Key)
		})
	})
}

// erased tells which of some ids of sources were erased, and when those calls
// began.
func (s *Store) erased(ctx context.Context, business app.BusinessID, ids []string) (map[string]knownCall, error) {
	marks, byMark := make([]string, 0, len(ids)), map[string]string{}
	for _, id := range ids {
		if id == "" {
			continue
		}
		mark, err := s.fingerprint(ctx, "call", business, id)
		if err != nil {
			return nil, err
		}
		h := hex.EncodeToString(mark)
		marks, byMark[h] = append(marks, h), id
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT lower(hex(fingerprint)), call_at FROM erased_calls
		WHERE business_id = ? AND fingerprint IN (SELECT unhex(value) FROM json_each(?))`, business, toJSON(marks))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]knownCall{}
	for rows.Next() {
		var mark string
		k := knownCall{reason: reasonDeleted}
		if err := rows.Scan(&mark, instant{&k.began}); err != nil {
			return nil, err
		}
		out[byMark[mark]] = k
	}
	return out, rows.Err()
}
