package store

import (
	"context"
	"reflect"

	"crk/app"
)

// SetReview puts a person's review of a recording in place of the one before, and
// returns the recording. Its score and tag win wherever a recording's are read.
func (s *Store) SetReview(ctx context.Context, business app.BusinessID, only []string, id string, review app.Review) (app.Recording, error) {
	return s.review(ctx, business, only, id, "review.update", func(t *tx) error {
		return t.exec(`UPDATE recordings SET review_score = ?, review_tag = ?, review_note = ?, review_by = ?, review_at = ?, updated_at = ?
			WHERE id = ?`, review.Score, orNull(review.Tag), orNull(review.Note), review.By, stamp(t.now), stamp(t.now), id)
	})
}

// DeleteReview takes a person's review back. It is no error if there is none.
func (s *Store) DeleteReview(ctx context.Context, business app.BusinessID, only []string, id string) error {
	_, err := s.review(ctx, business, only, id, "review.delete", func(t *tx) error {
		return t.exec(`UPDATE recordings SET review_score = NULL, review_tag = NULL, review_note = NULL, review_by = NULL, review_at = NULL,
			updated_at = ? WHERE id = ?`, stamp(t.now), id)
	})
	return err
}

// review changes the review of a recording that the asker sees.
func (s *Store) review(ctx context.Context, business app.BusinessID, only []string, id string, action app.Action, change func(*tx) error) (app.Recording, error) {
	var r app.Recording
	err := s.write(ctx, func(t *tx) (err error) {
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		if !app.Sees(only, r) {
			return app.Missing("recording")
		}
		if err := change(t); err != nil {
			return err
		}
		was := r.Review
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		t.recordingChanged(r, r.Status)
		var touched changes
		touched.hide("review", !reflect.DeepEqual(was, r.Review))
		return t.audit(business, action, id, "", touched...)
	})
	return r, err
}
