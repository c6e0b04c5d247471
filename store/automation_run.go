package store

import (
	"context"
	"encoding/json"
	"errors"

	"crk/app"
)

// ErrStale says that an automation was changed between the reading of it and
// the saving of what came of it. Nothing was saved; read again.
var ErrStale = errors.New("store: an automation was changed meanwhile")

// An AutomationRun is what one automation made of one call's analysis.
type AutomationRun struct {
	Automation app.Automation  // as it was when it was compared
	Trace      json.RawMessage // how it came to that
	Deliveries []app.Delivery  // what is to be sent; ids and states are the store's to fill in
}

// SaveAutomationRuns stores, all or nothing, which automations matched a call's
// analysis: for each a line in its log, the time of its last run, and for each
// destination one delivery with the job that sends it. What was stored for the
// same automation, recording and analysis before is not stored again. The job is
// finished, also where nothing matched. It returns ErrLease where the job is not
// held any more, and ErrStale where an automation of a run has been changed,
// switched off or deleted since it was read.
func (s *Store) SaveAutomationRuns(ctx context.Context, j app.Job, analysis string, runs []AutomationRun) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		for _, run := range runs {
			a, err := t.automation(j.BusinessID, run.Automation.ID)
			if app.IsKind(err, app.NotFound) || err == nil && (!a.Enabled || !a.UpdatedAt.Equal(run.Automation.UpdatedAt)) {
				return ErrStale
			}
			if err != nil {
				return err
			}
			if err := t.saveAutomationRun(j, analysis, run); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) saveAutomationRun(j app.Job, analysis string, run AutomationRun) error {
	a := run.Automation
	n, err := t.affect(`INSERT INTO automation_runs (id, business_id, automation_id, recording_id, analysis_id, trace, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		newID(), a.BusinessID, a.ID, j.Key, analysis, string(run.Trace), stamp(t.now))
	if err != nil || n == 0 { // it fired before
		return err
	}
	if err := t.exec(`UPDATE automations SET last_run_at = ? WHERE id = ?`, stamp(t.now), a.ID); err != nil {
		return err
	}
	if err := t.emitFired(a, j.Key); err != nil {
		return err
	}
	for _, d := range run.Deliveries {
		d.BusinessID, d.AutomationID, d.RecordingID, d.AnalysisID = a.BusinessID, a.ID, j.Key, analysis
		if err := t.addAutomationDelivery(d, j.Priority); err != nil {
			return err
		}
	}
	return nil
}

// addAutomationDelivery stores a delivery with the job that sends it, unless the
// automation has reached that destination with that analysis before.
func (t *tx) addAutomationDelivery(d app.Delivery, priority int) error {
	d.ID, d.Status, d.CreatedAt = newID(), app.DeliveryQueued, t.now
	n, err := t.affect(`INSERT INTO deliveries (id, business_id, channel, destination, automation_id, recording_id, analysis_id,
			title, body, link, severity, data, status, next_attempt_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		d.ID, d.BusinessID, d.Channel, d.Destination, d.AutomationID, d.RecordingID, d.AnalysisID,
		d.Title, d.Body, d.Link, d.Severity, nullJSON(d.Data), d.Status, stamp(t.now), stamp(t.now))
	if err != nil || n == 0 {
		return err
	}
	t.changed(app.Change{BusinessID: d.BusinessID, Topic: "delivery", ID: d.ID, Status: d.Status})
	return t.queue(app.Job{Kind: app.JobDeliver, BusinessID: d.BusinessID, Key: d.ID, Lane: d.Destination, Priority: priority})
}

// countDelivery counts a delivery of an automation that has come to its end, in
// the transaction that says so. One that was sent by hand counts nowhere.
func (t *tx) countDelivery(d app.Delivery) error {
	switch {
	case d.AutomationID == "":
		return nil
	case d.Status == app.DeliverySent:
		return t.exec(`UPDATE automations SET sent = sent + 1 WHERE id = ? AND business_id = ?`, d.AutomationID, d.BusinessID)
	case d.Status == app.DeliveryFailed:
		return t.exec(`UPDATE automations SET failed = failed + 1 WHERE id = ? AND business_id = ?`, d.AutomationID, d.BusinessID)
	}
	return nil
}
