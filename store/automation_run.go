package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"crk/app"
)

// ErrStale says that an automation was changed between the reading of it and
// the saving of what came of it. Nothing was saved; read again.
var ErrStale = errors.New("store: an automation was changed meanwhile")

// An AutomationRun is what one automation makes of one call's analysis.
type AutomationRun struct {
	Automation app.Automation // as it was when it was compared

	// Decide says what is to be done. It is called inside the transaction, must
	// depend on nothing but what used tells, and may be called again.
	Decide func(used Used) Decision
}

// Used returns how many calls a throttle let through for a subject in the period
// that ends now.
type Used func(nodeID, subject string, period time.Duration) int

// A Decision is what is to be done about a call.
type Decision struct {
	Trace      json.RawMessage // how it came to that
	Deliveries []app.Delivery  // what is to be sent; ids and states are the store's to fill in
	Passed     []Passage       // throttles that let it through
	Held       bool            // a throttle held it back
}

// A Passage is a call that a throttle let through.
type Passage struct {
	NodeID  string
	Subject string // whom the throttle counts by
}

// SaveAutomationRuns stores, all or nothing, which automations matched a call's
// analysis: for each a line in its log, the time of its last run, and for each
// destination one delivery with the job that sends it. What was stored for the
// same automation, recording and analysis before is not stored again, nor what
// an automation makes of a call that it has fired for, unless it says that a new
// analysis counts. A run that sends nothing is kept only where a throttle held it
// back, which is no match. The job is finished, also where nothing matched. It returns ErrLease where the job is not
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
	if fired, err := t.hasFired(a, j.Key, analysis); err != nil || fired {
		return err
	}
	var failed error
	d := run.Decide(func(node, subject string, period time.Duration) (n int) {
		failed = errors.Join(failed, t.row(throttleUses, a.ID, node, subject, stamp(t.now.Add(-period))).Scan(&n))
		return n
	})
	if failed != nil || len(d.Deliveries) == 0 && !d.Held {
		return failed
	}
	err := t.exec(`INSERT INTO automation_runs (id, business_id, automation_id, recording_id, analysis_id, held, trace, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		newID(), a.BusinessID, a.ID, j.Key, analysis, len(d.Deliveries) == 0, string(d.Trace), stamp(t.now))
	if err != nil || len(d.Deliveries) == 0 {
		return err
	}
	if err := t.exec(`UPDATE automations SET last_run_at = ? WHERE id = ?`, stamp(t.now), a.ID); err != nil {
		return err
	}
	if err := t.passThrottles(a, j.Key, d.Passed); err != nil {
		return err
	}
	if err := t.emitFired(a, j.Key); err != nil {
		return err
	}
	for _, delivery := range d.Deliveries {
		delivery.BusinessID, delivery.AutomationID, delivery.RecordingID, delivery.AnalysisID = a.BusinessID, a.ID, j.Key, analysis
		if err := t.addAutomationDelivery(delivery, j.Priority); err != nil {
			return err
		}
	}
	return nil
}

// hasFired reports whether an automation has done what it does about a call.
func (t *tx) hasFired(a app.Automation, recording, analysis string) (fired bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM automation_runs
		WHERE automation_id = ? AND recording_id = ? AND (analysis_id = ? OR held = 0 AND ?))`,
		a.ID, recording, analysis, !a.Graph.ReRuns()).Scan(&fired)
	return fired, err
}

const throttleUses = `SELECT count(*) FROM throttle_passes WHERE automation_id = ? AND node_id = ? AND subject = ? AND at > ?`

// ThrottleUses returns how many calls a throttle of a business's automation let
// through for a subject in the period that ends now.
func (s *Store) ThrottleUses(ctx context.Context, business app.BusinessID, automation, node, subject string, period time.Duration) (n int, err error) {
	err = s.reads.QueryRowContext(ctx, throttleUses+` AND business_id = ?`,
		automation, node, subject, stamp(s.now().Add(-period)), business).Scan(&n)
	return n, err
}

// passThrottles counts a call with the throttles that let it through, and forgets
// what no throttle counts any more.
func (t *tx) passThrottles(a app.Automation, recording string, passed []Passage) error {
	for _, p := range passed {
		err := t.exec(`INSERT INTO throttle_passes (business_id, automation_id, node_id, subject, recording_id, at)
			SELECT business_id, ?, ?, ?, id, ? FROM recordings WHERE id = ? AND business_id = ?`,
			a.ID, p.NodeID, p.Subject, stamp(t.now), recording, a.BusinessID)
		if err != nil {
			return err
		}
	}
	if len(passed) == 0 {
		return nil
	}
	return t.exec(`DELETE FROM throttle_passes WHERE automation_id = ? AND at <= ?`,
		a.ID, stamp(t.now.Add(-app.MaxThrottleSeconds*time.Second)))
}

// addAutomationDelivery stores a delivery with the job that sends it, unless the
// automation has reached that destination with that analysis before.
func (t *tx) addAutomationDelivery(d app.Delivery, priority int) error {
	d.ID, d.Status, d.CreatedAt = newID(), app.DeliveryQueued, t.now
	n, err := t.affect(`INSERT INTO deliveries (id, business_id, channel, destination, automation_id, recording_id, analysis_id,
			title, body, link, severity, data, audience, status, next_attempt_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		d.ID, d.BusinessID, d.Channel, d.Destination, d.AutomationID, d.RecordingID, d.AnalysisID,
		d.Title, d.Body, d.Link, d.Severity, nullJSON(d.Data), d.Audience, d.Status, stamp(t.now), stamp(t.now))
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
