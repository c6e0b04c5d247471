package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestAutomationLog(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, nil, true))
	is.NoErr(err)
	b, err := f.CreateAutomation(ctx, f.Business.ID, graph("B", nil, nil, true))
	is.NoErr(err)
	sends := []app.Delivery{{Channel: app.ChannelInApp, Destination: "in_app", Title: "T", Severity: app.Info}}
	fire := func(runs ...store.AutomationRun) string {
		t.Helper()
		call := f.Call(t, f.Business.ID)
		claimed, err := f.ClaimJobs(ctx, app.JobAutomate, 1, time.Minute)
		is.NoErr(err)
		is.NoErr(f.SaveAutomationRuns(ctx, claimed[0], "an", runs))
		f.Clock.Advance(time.Hour)
		return call
	}
	whole := store.Decision{Trace: json.RawMessage(`{"matched":true}`), Deliveries: sends}
	held := store.Decision{Trace: json.RawMessage(`{}`), Held: true}
	first := fire(decided(a, whole), decided(b, whole))
	second := fire(decided(a, held))
	third := fire(decided(a, whole))
	f.Exec(t, `UPDATE deliveries SET status = 'failed' WHERE recording_id = ?`, third)
	f.Exec(t, `DELETE FROM recordings WHERE id = ?`, first)

	calls := func(filter store.RunFilter, business app.BusinessID) (out []string) {
		t.Helper()
		if filter.Limit == 0 {
			filter.Limit = 10
		}
		runs, err := f.AutomationRuns(ctx, business, filter)
		is.NoErr(err)
		for _, r := range runs {
			out = append(out, r.RecordingID)
			is.Equal(r.Call == nil, r.RecordingID == first)                      // each with its call, if it is still there
			is.Equal(len(r.Deliveries), map[bool]int{true: 0, false: 1}[r.Held]) // and what was sent
		}
		return out
	}
	mine := f.Business.ID
	is.Equal(calls(store.RunFilter{}, mine), []string{third, second, first, first})           // newest first
	is.Equal(calls(store.RunFilter{AutomationID: b.ID}, mine), []string{first})               // of one automation
	is.Equal(calls(store.RunFilter{RecordingID: second}, mine), []string{second})             // of one call
	is.Equal(calls(store.RunFilter{State: "held"}, mine), []string{second})                   // what was held back
	is.Equal(calls(store.RunFilter{State: app.DeliveryFailed}, mine), []string{third})        // what failed
	is.Equal(calls(store.RunFilter{State: app.DeliveryQueued}, mine), []string{first, first}) // what waits
	is.Equal(calls(store.RunFilter{}, other.ID), nil)                                         // nothing of another business
	page, err := f.AutomationRuns(ctx, mine, store.RunFilter{Limit: 2})
	is.NoErr(err)
	is.Equal(calls(store.RunFilter{Before: page[1].ID}, mine), []string{first, first}) // page by page

	days, err := f.AutomationDays(ctx, mine, storetest.Start.Add(-24*time.Hour), 2)
	is.NoErr(err)
	is.Equal(days, map[string][]int{a.ID: {0, 2}, b.ID: {0, 1}}) // counted by day, but for what was held back
	days, err = f.AutomationDays(ctx, other.ID, storetest.Start, 2)
	is.NoErr(err)
	is.Equal(len(days), 0)

	f.Clock.Advance(91 * 24 * time.Hour)
	is.NoErr(f.PruneNotifications(ctx))
	is.Equal(f.Text(t, `SELECT count(*) FROM automation_runs WHERE trace = '{}'`), "4") // old traces go
	f.Exec(t, `UPDATE recordings SET analysis_id = 'again'`)
	is.NoErr(f.QueueJob(ctx, app.Job{Kind: app.JobAutomate, BusinessID: mine, Key: third}))
	claimed, err := f.ClaimJobs(ctx, app.JobAutomate, 1, time.Minute)
	is.NoErr(err)
	before := f.Text(t, `SELECT count(*) FROM automation_runs`)
	is.NoErr(f.SaveAutomationRuns(ctx, claimed[0], "again", []store.AutomationRun{decided(a, whole)}))
	is.Equal(f.Text(t, `SELECT count(*) FROM automation_runs`), before) // and the call is still known to have been told of
}
