package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"crk/app"
)

// emit tells the webhooks of a business that want to know of an event. It is
// called in the transaction of what the event tells: both are written or
// neither. Nothing is stored where nobody wants to know.
func (t *tx) emit(e app.EventType, business app.BusinessID, data any) error {
	to, err := t.listeners(business, e)
	if err != nil || len(to) == 0 {
		return err
	}
	_, err = t.addEvent(to, app.Event{Type: e, Data: data}, business)
	return err
}

// emitRecording is emit for an event of a recording.
func (t *tx) emitRecording(e app.EventType, r app.Recording) error {
	return t.emit(e, r.BusinessID, app.NewRecordingData(r, t.w.baseURL))
}

// listeners returns the webhooks of a business that want to know of an event,
// also those that are switched off.
func (t *tx) listeners(business app.BusinessID, e app.EventType) ([]app.Webhook, error) {
	rows, err := t.query(`SELECT `+webhookColumns+` FROM webhooks WHERE business_id = ?`, business)
	all, err := collect(rows, err, scanWebhook)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(w app.Webhook) bool { return !w.Wants(e) }), nil
}

// addEvent stores the final bytes of an event and one delivery for each of the
// webhooks, held where one is off. It returns the event's id.
func (t *tx) addEvent(to []app.Webhook, e app.Event, business app.BusinessID) (string, error) {
	id := newID()
	e.Timestamp = t.now.UTC().Truncate(time.Millisecond)
	body, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("store: event %s: %w", e.Type, err)
	}
	err = t.exec(`INSERT INTO webhook_events (id, business_id, type, body, created_at) VALUES (?, ?, ?, ?, ?)`,
		id, business, e.Type, body, stamp(t.now))
	if err != nil {
		return "", err
	}
	for _, w := range to {
		status := app.WebhookPending
		if !w.Active {
			status = app.WebhookHeld
		}
		if err := t.addWebhookDelivery(newID(), w, id, status); err != nil {
			return "", err
		}
	}
	t.queued = append(t.queued, app.JobWebhook)
	return id, nil
}

func (t *tx) addWebhookDelivery(id string, w app.Webhook, event, status string) error {
	return t.exec(`INSERT INTO webhook_deliveries (id, business_id, webhook_id, event_id, status, next_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, id, w.BusinessID, w.ID, event, status, stamp(t.now), stamp(t.now))
}

// emitSync tells that a phone integration's syncs fail, or that they succeed
// again: only what is a change since the last time either was told.
func (t *tx) emitSync(p app.Provider, code string) error {
	var n int64
	var err error
	e := app.EventSyncRecovered
	if code != "" {
		e = app.EventSyncFailed
		n, err = t.affect(`INSERT INTO failing_syncs (provider_id, since) VALUES (?, ?) ON CONFLICT DO NOTHING`, p.ID, stamp(t.now))
	} else {
		n, err = t.affect(`DELETE FROM failing_syncs WHERE provider_id = ?`, p.ID)
	}
	if err != nil || n == 0 {
		return err
	}
	return t.emit(e, p.BusinessID, app.SyncData{BusinessID: p.BusinessID, ProviderID: p.ID, Kind: p.Kind, Name: p.Name, Error: code})
}

// emitRun is emitSync for a run that has ended. One that a stop cut off says
// nothing of the phone system, and one that succeeded not all while no recording
// comes.
func (t *tx) emitRun(p app.Provider, r app.SyncRun) error {
	switch {
	case r.Status == RunSucceeded && p.Denied == "":
		return t.emitSync(p, "")
	case r.Status == RunFailed:
		return t.emitSync(p, cmp.Or(r.Error, "unexpected_response"))
	}
	return nil
}

// emitFailure tells that a recording failed, where it was AI that failed.
func (t *tx) emitFailure(r app.Recording, stage app.JobKind, code string) error {
	name := app.StageTranscription
	switch stage {
	case app.JobTranscribe:
	case app.JobAnalyse:
		name = app.StageAnalysis
	default:
		return nil
	}
	return t.emit(app.EventAIFailed, r.BusinessID,
		app.AIFailedData{BusinessID: r.BusinessID, RecordingID: r.ID, DataID: r.DataID, Stage: name, Error: code})
}

// emitFired tells that an automation matched a call.
func (t *tx) emitFired(a app.Automation, recording string) error {
	r, err := t.recording(a.BusinessID, recording)
	if app.IsKind(err, app.NotFound) { // deleted since it was analysed
		return nil
	}
	if err != nil {
		return err
	}
	return t.emit(app.EventAutomationFired, a.BusinessID, app.AutomationData{
		BusinessID: a.BusinessID, AutomationID: a.ID, Name: a.Name(), RecordingID: r.ID, DataID: r.DataID,
		URL: app.RecordingURL(t.w.baseURL, r.ID),
	})
}

// recordingCreated tells of and counts a call that was taken in.
func (t *tx) recordingCreated(r app.Recording) error {
	if err := t.use(r.BusinessID, app.MeterCalls, 1, r.ID); err != nil {
		return err
	}
	return t.emitRecording(app.EventRecordingCreated, r)
}

// recordingCompleted tells of and counts an analysis that was saved. Only what
// AI has listened to counts as analysed.
func (t *tx) recordingCompleted(r app.Recording, a app.Analysis) error {
	r, err := t.recording(r.BusinessID, r.ID) // as the analysis has left it
	if err != nil {
		return err
	}
	var heard bool
	err = t.row(`SELECT EXISTS (SELECT 1 FROM transcripts WHERE recording_id = ? AND text <> '')`, r.ID).Scan(&heard)
	if err != nil {
		return err
	}
	if heard && r.Duration != nil {
		if err := t.use(r.BusinessID, app.MeterAnalysed, int64(*r.Duration), a.ID); err != nil {
			return err
		}
	}
	return t.emitRecording(app.EventRecordingCompleted, r)
}
