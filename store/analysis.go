package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"crk/app"
)

// SaveAnalysis ends the stage of an analyse job: the analysis becomes the
// recording's, which is complete, and the rules are queued. Earlier analyses are
// kept. promptVersion names what was asked, with the version of the business's
// brief behind a slash. What the record of the call leaves open is filled in. It returns ErrLease
// where the job is no longer held.
func (s *Store) SaveAnalysis(ctx context.Context, j app.Job, a app.Analysis, promptVersion, model string) error {
	a.ID = newID()
	return s.write(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		r, err := t.recording(j.BusinessID, j.Key)
		if err != nil {
			return err
		}
		err = t.exec(`INSERT INTO analyses (id, recording_id, business_id, result, prompt_version, model, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, a.ID, r.ID, r.BusinessID, toJSON(a), promptVersion, model, stamp(t.now))
		if err != nil {
			return err
		}
		if err := t.applyAnalysis(r, a); err != nil {
			return err
		}
		if err := t.indexText(r.BusinessID, r.ID, "summary", a.Summary); err != nil {
			return err
		}
		_, brief, _ := strings.Cut(promptVersion, "/")
		if err := t.note(r.ID, "analysed", brief); err != nil {
			return err
		}
		if err := t.setStatus(r, app.Completed, ""); err != nil {
			return err
		}
		if err := t.recordingCompleted(r, a); err != nil {
			return err
		}
		return t.queue(app.Job{Kind: app.JobAutomate, BusinessID: j.BusinessID, Key: j.Key, Priority: j.Priority})
	})
}

// applyAnalysis shows an analysis on its recording. The record of the call wins:
// direction and telephone number are taken only where it has none.
func (t *tx) applyAnalysis(r app.Recording, a app.Analysis) error {
	err := t.exec(`UPDATE recordings SET analysis_id = ?, ai_tag = ?, ai_score = ?, sentiment = ?,
			language = CASE language WHEN '' THEN ? ELSE language END, summary = ?, topics = ?, action_items = ?
		WHERE id = ?`,
		a.ID, orNull(a.Tag), a.Score, orNull(a.Sentiment), a.Language, a.Summary, list(a.Topics), list(a.ActionItems), r.ID)
	if err != nil {
		return err
	}
	if r.Direction == app.UnknownDirection && a.Direction != "" {
		if err := t.exec(`UPDATE recordings SET direction = ? WHERE id = ?`, a.Direction, r.ID); err != nil {
			return err
		}
	}
	if r.CustomerPhone == "" && a.Phone != "" {
		return t.exec(`UPDATE recordings SET customer_phone = ?, customer_normalized = ? WHERE id = ?`,
			a.Phone, NormalizePhone(a.Phone), r.ID)
	}
	return nil
}

// list is how a list of texts is stored: as [], never null.
func list(in []string) string {
	if in == nil {
		in = []string{}
	}
	return toJSON(in)
}

// Analysis returns a recording's present analysis, nil where there is none.
func (s *Store) Analysis(ctx context.Context, business app.BusinessID, recording string) (*app.Analysis, error) {
	a := &app.Analysis{}
	var id string
	err := s.reads.QueryRowContext(ctx, `SELECT a.id, a.result FROM analyses a JOIN recordings r ON r.analysis_id = a.id
		WHERE r.id = ? AND r.business_id = ?`, recording, business).Scan(&id, asJSON{a})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	a.ID = id
	return a, err
}

// Reextract starts a stage of a recording again: app.JobTranscribe, after which
// the analysis follows, or app.JobAnalyse. It is a conflict where the recording
// has no audio or is under way.
func (s *Store) Reextract(ctx context.Context, business app.BusinessID, only []string, id string, stage app.JobKind) (app.Recording, error) {
	var r app.Recording
	err := s.write(ctx, func(t *tx) (err error) {
		r, err = t.reextract(business, only, id, stage, app.PriorityLive)
		return err
	})
	return r, err
}

func (t *tx) reextract(business app.BusinessID, only []string, id string, stage app.JobKind, priority int) (r app.Recording, err error) {
	if r, err = t.recording(business, id); err != nil {
		return r, err
	}
	if !app.Sees(only, r) {
		return r, app.Missing("recording")
	}
	if !r.HasAudio() {
		return r, conflict("The recording has no audio yet.")
	}
	if err := t.idle(id); err != nil {
		return r, err
	}
	r.Status, r.Error = app.Queued, ""
	if err := t.setStatus(r, app.Queued, ""); err != nil {
		return r, err
	}
	var touched changes
	touched.set("stage", nil, string(stage))
	if err := t.audit(business, "recording.reextract", id, "", touched...); err != nil {
		return r, err
	}
	return r, t.queue(app.Job{Kind: stage, BusinessID: business, Key: id, Priority: priority})
}

// RetryStage starts the stage of a recording again that failed: the download, the
// transcription or the analysis alone. A download that waits for a later try is due
// at once. It is a Conflict where none failed or waits, where the recording is under
// way, and where there is nothing to start from: a sound
// that was uploaded and lost, an integration that is gone.
func (s *Store) RetryStage(ctx context.Context, business app.BusinessID, only []string, id string) (app.Recording, error) {
	var r app.Recording
	err := s.write(ctx, func(t *tx) (err error) {
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		if !app.Sees(only, r) {
			return app.Missing("recording")
		}
		switch {
		case r.Status == app.AwaitingAudio:
			return t.hurryFetch(r)
		case r.Status != app.Failed:
			return conflict("No stage of this recording failed.")
		case r.HasAudio() && r.Error == app.AnalysisFailed:
			r, err = t.reextract(business, only, id, app.JobAnalyse, app.PriorityLive)
			return err
		case r.HasAudio():
			r, err = t.reextract(business, only, id, app.JobTranscribe, app.PriorityLive)
			return err
		}
		return t.retryFetch(&r)
	})
	return r, err
}

// retryFetch queues the download of a recording again.
func (t *tx) retryFetch(r *app.Recording) error {
	p, err := t.provider(r.BusinessID, r.ProviderID)
	if app.IsKind(err, app.NotFound) {
		return conflict("The phone integration of this call is gone.")
	}
	if err != nil {
		return err
	}
	if err := t.idle(r.ID); err != nil {
		return err
	}
	r.Status, r.Error = app.AwaitingAudio, ""
	if err := t.setStatus(*r, app.AwaitingAudio, ""); err != nil {
		return err
	}
	var touched changes
	touched.set("stage", nil, string(app.JobFetch))
	if err := t.audit(r.BusinessID, "recording.reextract", r.ID, "", touched...); err != nil {
		return err
	}
	return t.queueFetch(p, r.CallAt, r.ID)
}

// idle is a Conflict where a stage of a recording waits or runs.
func (t *tx) idle(recording string) error {
	var waiting int
	err := t.row(`SELECT count(*) FROM jobs WHERE key = ? AND kind IN (?, ?, ?)`,
		recording, app.JobFetch, app.JobTranscribe, app.JobAnalyse).Scan(&waiting)
	if err == nil && waiting > 0 {
		err = conflict("The recording is being worked on. Wait until that has ended.")
	}
	return err
}

func conflict(message string) error {
	return &app.Error{Kind: app.Conflict, Code: "conflict", Message: message}
}
