package store

import (
	"context"
	"encoding/json"
	"time"

	"crk/app"
)

// A LoggedRun is one line of the log of a business's automations.
type LoggedRun struct {
	ID           string
	AutomationID string
	RecordingID  string
	AnalysisID   string
	Held         bool            // a throttle held it back: nothing was sent
	Trace        json.RawMessage // automation.Trace
	At           time.Time
	Call         *app.Recording // nil: deleted since
	Deliveries   []app.Delivery // as they are now
}

// A RunFilter chooses runs of a business; empty fields choose all.
type RunFilter struct {
	AutomationID string
	RecordingID  string
	State        string // "held", or one that a delivery of the run is in: queued, sent, failed
	Before       string // an id of the page before: only what is older
	Limit        int
}

// AutomationRuns returns what a business's automations did, newest first, with
// the calls and the deliveries.
func (s *Store) AutomationRuns(ctx context.Context, business app.BusinessID, f RunFilter) ([]LoggedRun, error) {
	w := &where{}
	w.add("a.business_id = ?", business)
	if f.AutomationID != "" {
		w.add("a.automation_id = ?", f.AutomationID)
	}
	if f.RecordingID != "" {
		w.add("a.recording_id = ?", f.RecordingID)
	}
	switch f.State {
	case "":
	case "held":
		w.add("a.held = 1")
	default:
		w.add(`EXISTS (SELECT 1 FROM deliveries d WHERE d.automation_id = a.automation_id AND d.recording_id = a.recording_id
			AND d.analysis_id = a.analysis_id AND d.status = ?)`, f.State)
	}
	if f.Before != "" {
		w.add("(a.created_at, a.id) < (SELECT created_at, id FROM automation_runs WHERE id = ? AND business_id = ?)", f.Before, business)
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT a.id, a.automation_id, a.recording_id, a.analysis_id, a.held, a.trace, a.created_at
		FROM automation_runs a WHERE `+w.sql()+` ORDER BY a.created_at DESC, a.id DESC LIMIT ?`, append(w.args, f.Limit)...)
	runs, err := collect(rows, err, scanLoggedRun)
	if err != nil || len(runs) == 0 {
		return runs, err
	}
	if err := s.addCalls(ctx, business, runs); err != nil {
		return nil, err
	}
	return runs, s.addDeliveries(ctx, business, runs)
}

func scanLoggedRun(row scanner) (r LoggedRun, err error) {
	var trace []byte
	err = row.Scan(&r.ID, &r.AutomationID, &r.RecordingID, &r.AnalysisID, &r.Held, &trace, instant{&r.At})
	r.Trace = trace
	return r, err
}

func (s *Store) addCalls(ctx context.Context, business app.BusinessID, runs []LoggedRun) error {
	w := &where{}
	w.add("r.business_id = ?", business)
	w.in("r.id", idsOf(runs, func(r LoggedRun) string { return r.RecordingID }))
	rows, err := s.reads.QueryContext(ctx, `SELECT `+recordingColumns+` FROM recordings r WHERE `+w.sql(), w.args...)
	calls, err := collect(rows, err, scanRecording)
	for i := range calls {
		for j := range runs {
			if runs[j].RecordingID == calls[i].ID {
				runs[j].Call = &calls[i]
			}
		}
	}
	return err
}

func (s *Store) addDeliveries(ctx context.Context, business app.BusinessID, runs []LoggedRun) error {
	w := &where{}
	w.add("business_id = ?", business)
	w.in("automation_id", idsOf(runs, func(r LoggedRun) string { return r.AutomationID }))
	w.in("recording_id", idsOf(runs, func(r LoggedRun) string { return r.RecordingID }))
	rows, err := s.reads.QueryContext(ctx, `SELECT `+deliveryColumns+` FROM deliveries WHERE `+w.sql()+` ORDER BY id`, w.args...)
	deliveries, err := collect(rows, err, scanDelivery)
	for _, d := range deliveries {
		for i, r := range runs {
			if d.AutomationID == r.AutomationID && d.RecordingID == r.RecordingID && d.AnalysisID == r.AnalysisID {
				runs[i].Deliveries = append(runs[i].Deliveries, d)
			}
		}
	}
	return err
}

// AutomationDays returns how often each automation of a business fired on each of
// some days, of which the first begins at from and each has 24 hours.
func (s *Store) AutomationDays(ctx context.Context, business app.BusinessID, from time.Time, days int) (map[string][]int, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT automation_id, (created_at - ?1) / 86400000 AS day, count(*) FROM automation_runs
		WHERE business_id = ?2 AND created_at >= ?1 AND created_at < ?1 + ?3 * 86400000 AND held = 0 GROUP BY 1, 2`, stamp(from), business, days)
	type count struct {
		id     string
		day, n int
	}
	list, err := collect(rows, err, func(row scanner) (c count, err error) { return c, row.Scan(&c.id, &c.day, &c.n) })
	out := map[string][]int{}
	for _, c := range list {
		if out[c.id] == nil {
			out[c.id] = make([]int, days)
		}
		out[c.id][c.day] = c.n
	}
	return out, err
}

// idsOf returns one id of each run, each once.
func idsOf(runs []LoggedRun, id func(LoggedRun) string) []string {
	var out []string
	seen := map[string]bool{}
	for _, r := range runs {
		if !seen[id(r)] {
			seen[id(r)] = true
			out = append(out, id(r))
		}
	}
	return out
}
