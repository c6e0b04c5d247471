package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"crk/app"
)

// UploadLife is how long a signed upload URL serves.
const UploadLife = 15 * time.Minute

// A GivenRecording is what a caller of the API says about a call. Nil says
// nothing.
type GivenRecording struct {
	DataID        string
	CallAt        time.Time
	Direction     app.Direction
	Duration      *int // seconds
	CustomerPhone *string
	AgentNumber   *string
	AgentName     *string
	Tag           *string // "" takes a given one back
	Score         *float64
	Note          *string
	ContentType   *string // of the audio to come
}

// SaveRecording makes a recording that awaits its audio or, where the business has
// one with that DataID, replaces what was given before by what is given anew;
// nothing is analysed again for it. It reports whether the recording is new. With
// upload, a recording that awaits its audio gets a token for a signed upload URL,
// of which only the hash is kept; else the token is empty.
//
// only limits what the caller sees to calls of these agents, as elsewhere: a
// recording with that DataID which the caller does not see is a Conflict.
func (s *Store) SaveRecording(ctx context.Context, business app.BusinessID, only []string, g GivenRecording, upload bool) (r app.Recording, isNew bool, token app.Secret, err error) {
	secret := newToken()
	err = s.write(ctx, func(t *tx) (err error) {
		var id string
		if id, isNew, err = t.saveGiven(business, only, g); err != nil {
			return err
		}
		if r, err = t.recording(business, id); err != nil {
			return err
		}
		t.recordingChanged(r, r.Status)
		action := app.Action("recording.update")
		if isNew {
			action = "recording.create"
			if err := t.recordingCreated(r); err != nil {
				return err
			}
		}
		if err := t.audit(business, action, id, ""); err != nil {
			return err
		}
		if !upload || r.Status != app.AwaitingAudio {
			return nil
		}
		token = app.Secret(secret)
		return t.allowUpload(r, secret)
	})
	return r, isNew, token, err
}

// saveGiven writes what was given and returns the recording's id.
func (t *tx) saveGiven(business app.BusinessID, only []string, g GivenRecording) (id string, isNew bool, err error) {
	err = t.row(`SELECT id FROM recordings WHERE business_id = ? AND data_id = ?`, business, g.DataID).Scan(&id)
	if isNew = errors.Is(err, sql.ErrNoRows); isNew {
		id = newID()
		err = t.insertGiven(business, id, g)
	} else if err == nil {
		err = t.updateGiven(business, only, id, g)
	}
	if err == nil && g.Note != nil {
		err = t.indexText(business, id, "note", *g.Note)
	}
	return id, isNew, err
}

func (t *tx) insertGiven(business app.BusinessID, id string, g GivenRecording) error {
	err := t.exec(`INSERT INTO recordings (id, business_id, data_id, source, call_at, given_duration, direction, customer_phone,
			customer_normalized, agent_number, agent_name, given_tag, given_score, note, content_type, status, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(?, ''), coalesce(?, ''), coalesce(?, ''), coalesce(?, ''), nullif(?, ''), ?, coalesce(?, ''),
			coalesce(?, 'audio/wav'), ?, ?, ?)`,
		id, business, g.DataID, app.SourceUpload, stamp(g.CallAt), g.Duration, g.Direction, g.CustomerPhone,
		g.normalized(), g.AgentNumber, g.AgentName, g.Tag, g.Score, g.Note,
		g.ContentType, app.AwaitingAudio, stamp(t.now), stamp(t.now))
	if err != nil {
		return err
	}
	return t.note(id, "found", "")
}

func (t *tx) updateGiven(business app.BusinessID, only []string, id string, g GivenRecording) error {
	r, err := t.recording(business, id)
	if err != nil {
		return err
	}
	if !app.Sees(only, r) {
		return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "There is a recording with this dataId that this key does not see."}
	}
	return t.exec(`UPDATE recordings SET call_at = ?1, direction = ?2, given_duration = coalesce(?3, given_duration),
			customer_phone = coalesce(?4, customer_phone), customer_normalized = coalesce(?5, customer_normalized),
			agent_number = coalesce(?6, agent_number), agent_name = coalesce(?7, agent_name),
			given_tag = CASE WHEN ?8 IS NULL THEN given_tag ELSE nullif(?8, '') END, given_score = coalesce(?9, given_score),
			note = coalesce(?10, note), content_type = CASE size WHEN 0 THEN coalesce(?11, content_type) ELSE content_type END,
			updated_at = ?12
		WHERE id = ?13`,
		stamp(g.CallAt), g.Direction, g.Duration, g.CustomerPhone, g.normalized(), g.AgentNumber, g.AgentName,
		g.Tag, g.Score, g.Note, g.ContentType, stamp(t.now), id)
}

// normalized is the form of the phone number that is looked for, nil where none
// was given.
func (g GivenRecording) normalized() any {
	if g.CustomerPhone == nil {
		return nil
	}
	return NormalizePhone(*g.CustomerPhone)
}

// allowUpload makes a token good for the audio of one recording.
func (t *tx) allowUpload(r app.Recording, token string) error {
	if err := t.exec(`DELETE FROM uploads WHERE expires_at <= ?`, stamp(t.now)); err != nil {
		return err
	}
	return t.exec(`INSERT INTO uploads (hash, business_id, recording_id, expires_at) VALUES (?, ?, ?, ?)`,
		hashToken(token), r.BusinessID, r.ID, stamp(t.now.Add(UploadLife)))
}

// UploadTarget returns the recording that the token of a signed upload URL is for.
// A token that is unknown or too old is a NotFound error, both alike; one whose
// recording has its audio by now still answers, so that this can be said.
func (s *Store) UploadTarget(ctx context.Context, token string) (app.Recording, error) {
	r, err := scanRecording(s.reads.QueryRowContext(ctx, `SELECT `+recordingColumns+`
		FROM uploads u JOIN recordings r ON r.id = u.recording_id AND r.business_id = u.business_id
		WHERE u.hash = ? AND u.expires_at > ?`, hashToken(token), stamp(s.now())))
	if errors.Is(err, sql.ErrNoRows) {
		err = &app.Error{Kind: app.NotFound, Code: "not_found", Message: "This upload URL does not serve, or no longer. Ask for a new one."}
	}
	return r, err
}
