package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"crk/app"
)

// textPatience is how long a transcript that a phone system said to have, and that
// was empty, is looked for again.
const textPatience = 24 * time.Hour

// WithoutSourceText returns the recordings of those found calls that are here and
// whose phone system's own transcript is not, by the calls' data ids as they were
// given. Left out are those whose words were not to be kept any longer, and those
// whose transcript was empty a day long.
func (s *Store) WithoutSourceText(ctx context.Context, business app.BusinessID, calls []FoundCall) (map[string]string, error) {
	ids, err := s.ledgerIDs(ctx, business, calls)
	if err != nil {
		return nil, err
	}
	given := make(map[string]string, len(ids))
	for i, id := range ids {
		given[id] = calls[i].DataID
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT c.data_id, r.id FROM seen_calls c JOIN recordings r ON r.id = c.recording_id
		WHERE c.business_id = ? AND c.data_id IN (SELECT value FROM json_each(?)) AND r.text_removed_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM source_texts t WHERE t.recording_id = r.id AND (t.transcript <> '' OR t.seen_at <= ?))`,
		business, toJSON(ids), stamp(s.now().Add(-textPatience)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var id, recording string
		if err := rows.Scan(&id, &recording); err != nil {
			return nil, err
		}
		out[given[id]] = recording
	}
	return out, rows.Err()
}

// A SourceText is what a phone system itself wrote down of a call.
type SourceText struct {
	Transcript string
	Summary    string
	Sentiment  int       // its own, from 1, the worst, to 5; 0: none
	SeenAt     time.Time // while there is no transcript: when it was looked for first
}

// SaveSourceText keeps what a phone system wrote down of a call. A call that is
// gone meanwhile, or whose words are, is no error.
func (s *Store) SaveSourceText(ctx context.Context, business app.BusinessID, recording string, text SourceText) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO source_texts (recording_id, transcript, summary, sentiment, seen_at)
				SELECT id, ?, ?, ?, ? FROM recordings WHERE id = ? AND business_id = ? AND text_removed_at IS NULL
			ON CONFLICT (recording_id) DO UPDATE SET transcript = excluded.transcript, summary = excluded.summary, sentiment = excluded.sentiment,
				seen_at = CASE excluded.transcript WHEN '' THEN seen_at ELSE excluded.seen_at END`,
			text.Transcript, text.Summary, text.Sentiment, stamp(t.now), recording, business)
	})
}

// SourceText returns what a phone system wrote down of a call; ok is false where
// there is nothing.
func (s *Store) SourceText(ctx context.Context, business app.BusinessID, recording string) (text SourceText, ok bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT t.transcript, t.summary, t.sentiment, t.seen_at
		FROM source_texts t JOIN recordings r ON r.id = t.recording_id
		WHERE t.recording_id = ? AND r.business_id = ?`, recording, business).
		Scan(&text.Transcript, &text.Summary, &text.Sentiment, instant{&text.SeenAt})
	if errors.Is(err, sql.ErrNoRows) {
		return text, false, nil
	}
	return text, err == nil && (text.Transcript != "" || text.Summary != "" || text.Sentiment > 0), err
}
