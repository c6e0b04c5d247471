package store

import (
	"context"

	"crk/app"
)

// RetainAudio takes the sound from a few calls that are older than the business
// keeps it, oldest first, and returns them: the caller removes the files. None
// means that nothing is left to do. A crash in between leaves files that no
// recording has, which the next start sweeps.
func (s *Store) RetainAudio(ctx context.Context, business app.BusinessID, most int) (ids []string, err error) {
	p, err := s.Privacy(ctx, business)
	if err != nil || p.AudioDays == 0 {
		return nil, err
	}
	err = s.write(ctx, func(t *tx) error {
		rows, err := t.query(`SELECT r.id FROM recordings r WHERE `+oldAudio+` ORDER BY r.call_at LIMIT ?3`, business, before(t.now, p.AudioDays), most)
		if ids, err = collect(rows, err, scanString); err != nil {
			return err
		}
		for _, id := range ids {
			if err := t.note(id, "audio_removed", ""); err != nil {
				return err
			}
		}
		return t.exec(`UPDATE recordings SET size = 0, sha256 = '', remote = NULL, audio_removed_at = ?, updated_at = ?
			WHERE id IN (SELECT value FROM json_each(?))`, stamp(t.now), stamp(t.now), toJSON(ids))
	})
	return ids, err
}

// RetainWords takes what was said, and what was made and noted of it, from a few
// calls that are older than the business keeps it. It returns how many: 0 means
// that nothing is left to do. What is counted stays: score, tag, sentiment, length.
func (s *Store) RetainWords(ctx context.Context, business app.BusinessID, most int) (n int, err error) {
	p, err := s.Privacy(ctx, business)
	if err != nil || p.TextDays == 0 {
		return 0, err
	}
	err = s.write(ctx, func(t *tx) error {
		rows, err := t.query(`SELECT r.id FROM recordings r WHERE `+oldWords+` ORDER BY r.call_at LIMIT ?3`, business, before(t.now, p.TextDays), most)
		ids, err := collect(rows, err, scanString)
		if err != nil {
			return err
		}
		n = len(ids)
		return t.overwriting(func() error { return t.removeWords(ids) })
	})
	return n, err
}

func (t *tx) removeWords(ids []string) error {
	list := toJSON(ids)
	for _, table := range []string{"transcripts", "transcript_chunks", "analyses", "call_text"} {
		if err := t.exec(`DELETE FROM `+table+` WHERE recording_id IN (SELECT value FROM json_each(?))`, list); err != nil {
			return err
		}
	}
	// What the phone system wrote stays away because of text_removed_at.
	err := t.exec(`UPDATE source_texts SET transcript = '', summary = '', sentiment = 0 WHERE recording_id IN (SELECT value FROM json_each(?))`, list)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := t.note(id, "text_removed", ""); err != nil {
			return err
		}
	}
	return t.exec(`UPDATE recordings SET summary = '', topics = '[]', action_items = '[]', note = '', review_note = NULL,
			analysis_id = NULL, text_removed_at = ?, updated_at = ? WHERE id IN (SELECT value FROM json_each(?))`, stamp(t.now), stamp(t.now), list)
}

// RetainAccesses removes a few lines of the access log that are older than the
// business keeps them, and returns how many.
func (s *Store) RetainAccesses(ctx context.Context, business app.BusinessID, most int) (n int, err error) {
	p, err := s.Privacy(ctx, business)
	if err != nil || p.LogDays == 0 {
		return 0, err
	}
	err = s.write(ctx, func(t *tx) error {
		gone, err := t.affect(`DELETE FROM access_log WHERE seq IN (
			SELECT seq FROM access_log WHERE business_id = ? AND at < ? ORDER BY at LIMIT ?)`, business, before(t.now, p.LogDays), most)
		n = int(gone)
		return err
	})
	return n, err
}

// overwriting runs fn so that SQLite writes zeros over what it deletes: else the
// bytes would stay in the file until their place is needed. It is not for every
// delete, because it costs a write for each page that is freed.
func (t *tx) overwriting(fn func() error) error {
	set := func(mode string) error {
		// Not by a prepared statement: this pragma takes effect when it is compiled.
		_, err := t.w.conn.ExecContext(context.Background(), `PRAGMA secure_delete = `+mode)
		return err
	}
	if err := set("ON"); err != nil {
		return err
	}
	err := fn()
	if off := set("OFF"); err == nil {
		err = off
	}
	return err
}

// ForgetWords rewrites the full text index without what was deleted from it. An
// index of trigrams only marks a text as deleted and drops its traces when it
// merges them: this merges everything, in small steps between which other writers
// get their turn. Then it empties the write-ahead log, as far as no reader still
// needs it.
func (s *Store) ForgetWords(ctx context.Context) error {
	pages := -mergePages // negative, once: merge everything into one
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.write(ctx, func(t *tx) error {
			return t.overwriting(func() (err error) {
				more, err = t.merge(pages)
				return err
			})
		})
		if err != nil {
			return err
		}
		pages = mergePages
	}
	var busy, log, done int
	return s.reads.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done)
}

// mergePages is how much of the index one step rewrites.
const mergePages = 200

// merge merges some of the index and reports whether there was anything to merge.
func (t *tx) merge(pages int) (bool, error) {
	var was, is int64
	if err := t.row(`SELECT total_changes()`).Scan(&was); err != nil {
		return false, err
	}
	if err := t.exec(`INSERT INTO call_index (call_index, rank) VALUES ('merge', ?)`, pages); err != nil {
		return false, err
	}
	err := t.row(`SELECT total_changes()`).Scan(&is)
	return is-was >= 2, err // the command itself counts as one
}
