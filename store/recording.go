package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"crk/app"
)

const recordingColumns = `r.id, r.business_id, r.data_id, r.source, r.provider_id, r.call_at, r.duration, r.direction,
	r.customer_phone, r.customer_normalized, r.agent_number, r.agent_name, r.tag, r.score, r.sentiment, r.language,
	r.summary, r.topics, r.action_items, r.note, r.review_tag, r.review_score, r.review_note, r.review_by, r.review_at,
	coalesce((SELECT name FROM users WHERE id = r.review_by), ''), r.status, r.error, r.content_type, r.size, r.sha256,
	r.analysis_id, r.created_at, r.updated_at,
	EXISTS (SELECT 1 FROM transcripts WHERE recording_id = r.id)`

func scanRecording(row scanner) (r app.Recording, err error) {
	var review app.Review
	var by string
	err = row.Scan(&r.ID, &r.BusinessID, &r.DataID, &r.Source, &r.ProviderID, instant{&r.CallAt}, &r.Duration, &r.Direction,
		&r.CustomerPhone, &r.CustomerNormalized, &r.AgentNumber, &r.AgentName, text{&r.Tag}, &r.Score, text{&r.Sentiment}, &r.Language,
		&r.Summary, asJSON{&r.Topics}, asJSON{&r.ActionItems}, &r.Note, text{&review.Tag}, &review.Score, text{&review.Note}, text{&by}, instant{&review.At},
		&review.Name, &r.Status, &r.Error, &r.ContentType, &r.Size, &r.SHA256, text{&r.AnalysisID}, instant{&r.CreatedAt}, instant{&r.UpdatedAt},
		&r.HasTranscript)
	if !review.At.IsZero() {
		review.By = app.UserID(by)
		r.Review = &review
	}
	return r, err
}

// Recording returns one recording of a business. only limits what is seen to
// calls of these agents; nil is no limit.
func (s *Store) Recording(ctx context.Context, business app.BusinessID, only []string, id string) (app.Recording, error) {
	r, err := scanRecording(s.reads.QueryRowContext(ctx,
		`SELECT `+recordingColumns+` FROM recordings r WHERE r.id = ? AND r.business_id = ?`, id, business))
	if err == nil && !app.Sees(only, r) {
		err = sql.ErrNoRows
	}
	return r, found(err, "recording")
}

// recording reads a recording inside a write.
func (t *tx) recording(business app.BusinessID, id string) (app.Recording, error) {
	r, err := scanRecording(t.row(`SELECT `+recordingColumns+` FROM recordings r WHERE r.id = ? AND r.business_id = ?`, id, business))
	return r, found(err, "recording")
}

// AudioStats returns what the audio of a recording itself says, nil while there
// is none.
func (s *Store) AudioStats(ctx context.Context, business app.BusinessID, id string) (*app.AudioStats, error) {
	var a *app.AudioStats
	err := s.reads.QueryRowContext(ctx, `SELECT a.stats FROM call_audio a JOIN recordings r ON r.id = a.recording_id
		WHERE r.id = ? AND r.business_id = ?`, id, business).Scan(asJSON{&a})
	if err == sql.ErrNoRows {
		return nil, nil
	}
	return a, err
}

// recordingChanged publishes that a recording is in another stage now.
func (t *tx) recordingChanged(r app.Recording, status app.Status) {
	t.changed(app.Change{BusinessID: r.BusinessID, Topic: "recording", ID: r.ID, Status: string(status), AgentKey: r.AgentKey()})
}

// setStatus moves a recording to a stage; code says why it failed, and is empty
// for any other stage.
func (t *tx) setStatus(r app.Recording, status app.Status, code string) error {
	t.recordingChanged(r, status)
	return t.exec(`UPDATE recordings SET status = ?, error = ?, updated_at = ? WHERE id = ?`, status, code, stamp(t.now), r.ID)
}

// note adds a line to the history of a call. stage is one of found, audio,
// bad_audio, transcribed, analysed, notified and failed.
func (t *tx) note(recording, stage, detail string) error {
	return t.exec(`INSERT INTO stage_events (recording_id, at, stage, detail) VALUES (?, ?, ?, ?)`,
		recording, stamp(t.now), stage, detail)
}

// A StageEvent is a line in the history of a call.
type StageEvent struct {
	At     time.Time
	Stage  string
	Detail string
}

// History returns what happened to a call, oldest first, the newest 200 lines.
func (s *Store) History(ctx context.Context, business app.BusinessID, id string) ([]StageEvent, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT at, stage, detail FROM (
			SELECT e.at, e.stage, e.detail, e.rowid AS seq FROM stage_events e JOIN recordings r ON r.id = e.recording_id
			WHERE r.id = ? AND r.business_id = ? ORDER BY e.at DESC, e.rowid DESC LIMIT 200)
		ORDER BY at, seq`, id, business)
	return collect(rows, err, func(row scanner) (e StageEvent, err error) {
		err = row.Scan(instant{&e.At}, &e.Stage, &e.Detail)
		return e, err
	})
}

// BeginStage shows that a job has begun to work on a recording. It answers with
// the recording, or ErrLease where the job or the recording is gone.
func (s *Store) BeginStage(ctx context.Context, j app.Job, status app.Status) (r app.Recording, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.hold(j); err != nil {
			return err // else a job that was taken back would undo the status of what took its place
		}
		if r, err = t.recording(j.BusinessID, j.Key); err != nil || r.Status == status {
			return err
		}
		r.Status = status
		return t.setStatus(r, status, "")
	})
	return r, err
}

// FailRecording ends a recording's way for now: the job is removed and the
// recording shows code. A person may start the stage again. A call whose
// analysis failed keeps its transcript.
func (s *Store) FailRecording(ctx context.Context, j app.Job, code string) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		r, err := t.recording(j.BusinessID, j.Key)
		if app.IsKind(err, app.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.note(r.ID, "failed", code); err != nil {
			return err
		}
		if err := t.setStatus(r, app.Failed, code); err != nil {
			return err
		}
		return t.emitFailure(r, j.Kind, code)
	})
}

// A RecordingPatch changes what was given about a call. Nil leaves as it is.
type RecordingPatch struct {
	Tag, Note, CustomerPhone, AgentNumber, AgentName *string
	Direction                                        *app.Direction
}

// PatchRecording changes a recording that the asker sees, and returns it.
func (s *Store) PatchRecording(ctx context.Context, business app.BusinessID, only []string, id string, p RecordingPatch) (app.Recording, error) {
	var r app.Recording
	err := s.write(ctx, func(t *tx) (err error) {
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		if !app.Sees(only, r) {
			return app.Missing("recording")
		}
		var phone any
		if p.CustomerPhone != nil {
			phone = NormalizePhone(*p.CustomerPhone)
		}
		var tag any
		if p.Tag != nil {
			tag = *p.Tag
		}
		err = t.exec(`UPDATE recordings SET given_tag = CASE WHEN ?1 IS NULL THEN given_tag ELSE nullif(?1, '') END,
				note = coalesce(?2, note), customer_phone = coalesce(?3, customer_phone),
				customer_normalized = coalesce(?4, customer_normalized), agent_number = coalesce(?5, agent_number),
				agent_name = coalesce(?6, agent_name), direction = coalesce(?7, direction), updated_at = ?8
			WHERE id = ?9`,
			tag, p.Note, p.CustomerPhone, phone, p.AgentNumber, p.AgentName, p.Direction, stamp(t.now), id)
		if err != nil {
			return err
		}
		if p.Note != nil {
			if err := t.indexText(business, id, "note", *p.Note); err != nil {
				return err
			}
		}
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		t.recordingChanged(r, r.Status)
		return t.audit(business, "recording.update", id, "", p.touched()...)
	})
	return r, err
}

// touched is what a change names, without the values: they are of a call.
func (p RecordingPatch) touched() (c changes) {
	c.hide("tag", p.Tag != nil)
	c.hide("note", p.Note != nil)
	c.hide("customerPhone", p.CustomerPhone != nil)
	c.hide("agentNumber", p.AgentNumber != nil)
	c.hide("agentName", p.AgentName != nil)
	c.hide("direction", p.Direction != nil)
	return c
}

// DeleteRecording removes a recording with all that was made of it. The caller
// removes the audio file afterwards; one that is left by a crash is an orphan,
// which the start sweeps. A phone system's call is not imported again.
func (s *Store) DeleteRecording(ctx context.Context, business app.BusinessID, only []string, id string) error {
	return s.write(ctx, func(t *tx) error { return t.deleteRecording(business, only, id) })
}

func (t *tx) deleteRecording(business app.BusinessID, only []string, id string) error {
	r, err := t.recording(business, id)
	if err != nil {
		return err
	}
	if !app.Sees(only, r) {
		return app.Missing("recording")
	}
	if err := t.cancelJobs(id, app.JobFetch, app.JobTranscribe, app.JobAnalyse, app.JobAutomate); err != nil {
		return err
	}
	if err := t.exec(`UPDATE seen_calls SET reason = 'deleted' WHERE business_id = ? AND data_id = ?`, business, r.DataID); err != nil {
		return err
	}
	t.recordingChanged(r, "deleted")
	if err := t.exec(`DELETE FROM recordings WHERE id = ?`, id); err != nil {
		return err
	}
	if err := t.audit(business, "recording.delete", id, ""); err != nil {
		return err
	}
	return t.emitRecording(app.EventRecordingDeleted, r)
}

// A where gathers conditions and their arguments.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	w.conds = append(w.conds, cond)
	w.args = append(w.args, args...)
}

func (w *where) sql() string { return strings.Join(w.conds, " AND ") }

// in adds "column is one of values"; of no values, nothing is.
func (w *where) in(column string, values []string) {
	w.add(column+" IN (SELECT value FROM json_each(?))", list(values))
}

// recordingWhere asks SQL for what sums by time need of a filter: days, direction
// and agents. Lists are answered from the cards, which know the rest too.
func recordingWhere(business app.BusinessID, f app.RecordingFilter) *where {
	w := &where{}
	w.add("r.business_id = ?", business)
	if f.Direction != "" {
		w.add("r.direction = ?", f.Direction)
	}
	if !f.From.IsZero() {
		w.add("r.call_at >= ?", stamp(f.From))
	}
	if !f.To.IsZero() {
		w.add("r.call_at < ?", stamp(f.To))
	}
	if len(f.AgentKeys) > 0 {
		w.in("r.agent_key", f.AgentKeys)
	}
	if f.OnlyAgents != nil {
		w.in("r.agent_key", f.OnlyAgents)
		w.add("r.agent_key <> ''")
	}
	return w
}
