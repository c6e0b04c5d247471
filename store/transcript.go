package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"crk/app"
)

// SaveTranscript ends the stage of a transcribe job: it saves what was said in
// place of what an earlier run heard, and queues the analysis. A nil transcript,
// where nobody listens, leaves an earlier one as it is. It returns ErrLease where
// the job is no longer held.
func (s *Store) SaveTranscript(ctx context.Context, j app.Job, heard *app.Transcript, model string) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		if heard != nil {
			if err := t.saveTranscript(j, *heard, model); err != nil {
				return err
			}
		}
		return t.queue(app.Job{Kind: app.JobAnalyse, BusinessID: j.BusinessID, Key: j.Key, Priority: j.Priority})
	})
}

func (t *tx) saveTranscript(j app.Job, heard app.Transcript, model string) error {
	r, err := t.recording(j.BusinessID, j.Key)
	if err != nil {
		return err
	}
	err = t.exec(`INSERT INTO transcripts (recording_id, business_id, language, text, segments, model, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (recording_id) DO UPDATE SET language = excluded.language, text = excluded.text,
				segments = excluded.segments, model = excluded.model, created_at = excluded.created_at`,
		r.ID, r.BusinessID, heard.Language, heard.Text, toJSON(append([]app.Segment{}, heard.Segments...)), model, stamp(t.now))
	if err != nil {
		return err
	}
	err = t.exec(`UPDATE recordings SET language = ?, updated_at = ? WHERE id = ?`, heard.Language, stamp(t.now), r.ID)
	if err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM transcript_chunks WHERE recording_id = ?`, r.ID); err != nil {
		return err
	}
	if err := t.indexText(r.BusinessID, r.ID, "transcript", heard.Text); err != nil {
		return err
	}
	t.recordingChanged(r, r.Status)
	return t.note(r.ID, "transcribed", heard.Language)
}

// Transcript returns what was said in a call, nil where that is not known.
func (s *Store) Transcript(ctx context.Context, business app.BusinessID, recording string) (*app.Transcript, error) {
	heard := &app.Transcript{}
	err := s.reads.QueryRowContext(ctx, `SELECT language, text, segments FROM transcripts WHERE recording_id = ? AND business_id = ?`,
		recording, business).Scan(&heard.Language, &heard.Text, asJSON{&heard.Segments})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return heard, err
}

// SaveChunk keeps the answer for one piece of a call's sound until the call's
// transcript is saved, and records what it used. hash names all that the answer
// depends on. It returns ErrLease where the recording is gone.
func (s *Store) SaveChunk(ctx context.Context, hash []byte, answer json.RawMessage, u app.AIUse) error {
	business, recording := u.BusinessID, u.RecordingID
	return s.write(ctx, func(t *tx) error {
		if err := t.useAI(u); err != nil {
			return err
		}
		n, err := t.affect(`INSERT INTO transcript_chunks (recording_id, hash, answer, created_at)
			SELECT id, ?, ?, ? FROM recordings WHERE id = ? AND business_id = ?
			ON CONFLICT (recording_id, hash) DO UPDATE SET answer = excluded.answer`,
			hash, string(answer), stamp(t.now), recording, business)
		if err == nil && n == 0 {
			err = ErrLease
		}
		return err
	})
}

// Chunk returns the answer that was kept for a piece, nil where there is none.
func (s *Store) Chunk(ctx context.Context, business app.BusinessID, recording string, hash []byte) (json.RawMessage, error) {
	var answer string
	err := s.reads.QueryRowContext(ctx, `SELECT c.answer FROM transcript_chunks c JOIN recordings r ON r.id = c.recording_id
		WHERE c.recording_id = ? AND c.hash = ? AND r.business_id = ?`, recording, hash, business).Scan(&answer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return json.RawMessage(answer), err
}
