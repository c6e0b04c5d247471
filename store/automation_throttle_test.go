package store_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// throttled is a run that sends where its throttle has let fewer than most
// through in an hour.
func throttled(a app.Automation, subject string, most int) store.AutomationRun {
	return store.AutomationRun{Automation: a, Decide: func(used store.Used) store.Decision {
		d := store.Decision{Trace: json.RawMessage(`{}`)}
		if used("limit", subject, time.Hour) >= most {
			d.Held = true
			return d
		}
		d.Passed = []store.Passage{{NodeID: "limit", Subject: subject}}
		d.Deliveries = []app.Delivery{{Channel: app.ChannelInApp, Destination: "in_app", Title: "A", Severity: app.Info}}
		return d
	}}
}

// TestThrottleIsExact saves the runs of forty calls at once, as several workers do.
func TestThrottleIsExact(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, nil, true))
	is.NoErr(err) // an automation
	const calls, most = 40, 7
	for range calls {
		f.Call(t, f.Business.ID)
	}
	claimed, err := f.ClaimJobs(ctx, app.JobAutomate, calls, time.Minute)
	is.NoErr(err)                 // jobs can be claimed
	is.Equal(len(claimed), calls) // one for each call
	var all sync.WaitGroup
	for _, j := range claimed {
		all.Go(func() {
			if err := f.SaveAutomationRuns(ctx, j, "an", []store.AutomationRun{throttled(a, "", most)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "7")                      // exactly as many as it lets through
	is.Equal(f.Text(t, `SELECT count(*) FROM throttle_passes`), "7")                 // are counted
	is.Equal(f.Text(t, `SELECT count(*) FROM automation_runs WHERE held = 1`), "33") // the others were held back
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'automate'`), "0")    // which is done with
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_events`), "0")                  // nobody asked for events
	uses, err := f.ThrottleUses(ctx, f.Business.ID, a.ID, "limit", "", time.Hour)
	is.NoErr(err)        // it can be asked
	is.Equal(uses, most) // how many it let through
	other, _ := f.OtherBusiness(t)
	uses, err = f.ThrottleUses(ctx, other.ID, a.ID, "limit", "", time.Hour)
	is.NoErr(err)     // another business
	is.Equal(uses, 0) // is told nothing of it
}

func TestThrottlePeriodAndSubject(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, nil, true))
	is.NoErr(err) // an automation
	fires := func(subject string) bool {
		t.Helper()
		f.Call(t, f.Business.ID)
		claimed, err := f.ClaimJobs(ctx, app.JobAutomate, 1, time.Minute)
		is.NoErr(err) // the call's job
		before := f.Text(t, `SELECT count(*) FROM deliveries`)
		is.NoErr(f.SaveAutomationRuns(ctx, claimed[0], "an", []store.AutomationRun{throttled(a, subject, 2)}))
		return f.Text(t, `SELECT count(*) FROM deliveries`) != before
	}
	is.True(fires("1001"))  // two of one subject
	is.True(fires("1001"))  // pass
	is.True(!fires("1001")) // the third does not
	is.True(fires("1002"))  // another subject has its own count
	f.Clock.Advance(time.Hour - time.Millisecond)
	is.True(!fires("1001")) // just before the hour is over
	read, err := f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)                             // what is held back
	is.Equal(read.LastRunAt, storetest.Start) // is no match
	f.Clock.Advance(time.Millisecond)
	is.True(fires("1001")) // when it is over, it passes again
	f.Clock.Advance(app.MaxThrottleSeconds * time.Second)
	is.True(fires("1002"))
	is.Equal(f.Text(t, `SELECT count(*) FROM throttle_passes`), "1") // what nothing can count any more is forgotten

	f.Exec(t, `DELETE FROM recordings`)
	is.Equal(f.Text(t, `SELECT count(*) FROM throttle_passes`), "0") // and so is a call that is deleted
}

// TestHeldBackStaysSo keeps a job that is run again from sending later what was
// held back.
func TestHeldBackStaysSo(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, nil, true))
	is.NoErr(err) // an automation
	call := f.Call(t, f.Business.ID)
	run := func(analysis string, most int) {
		t.Helper()
		claimed, err := f.ClaimJobs(ctx, app.JobAutomate, 1, time.Minute)
		is.NoErr(err) // the call's job
		is.NoErr(f.SaveAutomationRuns(ctx, claimed[0], analysis, []store.AutomationRun{throttled(a, "", most)}))
		is.NoErr(f.QueueJob(ctx, app.Job{Kind: app.JobAutomate, BusinessID: f.Business.ID, Key: call}))
	}
	run("an-1", 0)
	run("an-1", 5)
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "0") // once decided, it is
	run("an-2", 5)
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "1") // a new analysis of a call that never fired is a new chance
	run("an-3", 5)
	is.Equal(f.Text(t, `SELECT count(*) FROM deliveries`), "1") // and the only one
}
