package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// hook makes a webhook of a business that wants the events, all if none are
// named.
func hook(t testing.TB, f *storetest.Fixture, business app.BusinessID, events ...app.EventType) app.Webhook {
	t.Helper()
	if len(events) == 0 {
		events = []app.EventType{app.AllEvents}
	}
	w, err := f.CreateWebhook(t.Context(), app.Webhook{BusinessID: business, URL: "https://crm.example.com/", Events: events, Active: true}, app.NewWebhookSecret())
	if err != nil {
		t.Fatal("create webhook:", err)
	}
	return w
}

// told returns the bodies of the events that a webhook was told of, oldest
// first, and forgets them.
func told(t testing.TB, f *storetest.Fixture, w app.Webhook) []string {
	t.Helper()
	list, _, err := f.WebhookDeliveries(t.Context(), w.BusinessID, w.ID, "", "", 200)
	if err != nil {
		t.Fatal("deliveries:", err)
	}
	out := make([]string, len(list))
	for i, d := range list {
		out[len(list)-1-i] = string(d.Body)
	}
	f.Exec(t, `DELETE FROM webhook_deliveries`)
	return out
}

func event(typ app.EventType, business app.BusinessID, data string, args ...any) string {
	return fmt.Sprintf(`{"type":%q,"timestamp":"2026-11-16T07:00:00Z","data":{"businessId":%q,%s}}`, typ, business, fmt.Sprintf(data, args...))
}

func TestWebhooksAreToldOfCalls(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	w := hook(t, f, f.Business.ID)
	g := given("crm-42")
	g.Duration = ptr(90)
	r := save(t, f, g)
	const call = `"recordingId":%q,"dataId":"crm-42","callAt":"2026-11-16T06:00:00Z","direction":"in","duration":%d,"tag":%s,"score":%s,"sentiment":%s,"url":"/api/v1/recordings/%s"`
	is.Equal(told(t, f, w), []string{event(app.EventRecordingCreated, f.Business.ID, call, r.ID, 90, "null", "null", "null", r.ID)}) // that a call was posted
	save(t, f, g)
	is.Equal(len(told(t, f, w)), 0) // once

	_, err := f.SetAudio(t.Context(), f.Business.ID, r.ID, someAudio())
	is.NoErr(err)
	is.NoErr(f.SaveTranscript(t.Context(), claim(t, f, app.JobTranscribe)[0], &heard, "ear"))
	is.Equal(len(told(t, f, w)), 0) // not of what is between
	a := app.Analysis{Summary: "Ordered a pizza.", Score: ptr(90.5), Sentiment: "positive", Tag: "normal"}
	is.NoErr(f.SaveAnalysis(t.Context(), claim(t, f, app.JobAnalyse)[0], a, "7", "mind"))
	is.Equal(told(t, f, w), []string{event(app.EventRecordingCompleted, f.Business.ID, call, r.ID, 62, `"normal"`, "90.5", `"positive"`, r.ID)}) // that its analysis is there

	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, r.ID))
	is.Equal(told(t, f, w), []string{event(app.EventRecordingDeleted, f.Business.ID, call, r.ID, 62, `"normal"`, "90.5", `"positive"`, r.ID)}) // and that it was deleted
}

func TestWebhooksAreToldOfImportedCalls(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	w := hook(t, f, f.Business.ID, app.EventRecordingCreated)
	p := provider(t, f, "DTAC")
	skipped := listed(2)
	skipped.Skip = "too short"
	add(t, f, p, false, listed(1), skipped)
	add(t, f, p, false, listed(1)) // seen again
	got := told(t, f, w)
	is.Equal(len(got), 1)                                                                           // once, of what was imported
	is.True(strings.Contains(got[0], `"dataId":"dtac:pbx.example.com:1"`))                          // by the phone system's id
	is.True(strings.Contains(got[0], `"direction":"in","duration":60,"tag":null`))                  // with what is known of it
	is.Equal(f.Text(t, `SELECT sum(quantity) FROM usage_ledger WHERE meter = 'calls'`), "1")        // and counted
	is.Equal(f.Text(t, `SELECT id FROM recordings`), f.Text(t, `SELECT subject FROM usage_ledger`)) // under its id
}

func TestWebhooksAreToldOfFailures(t *testing.T) {
	for _, tt := range []struct {
		kind  app.JobKind
		code  string
		stage string // none: AI had no part in it
	}{
		{app.JobTranscribe, app.TranscriptionFailed, "transcription"},
		{app.JobAnalyse, app.AnalysisFailed, "analysis"},
		{app.JobFetch, app.AudioGone, ""},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			w := hook(t, f, f.Business.ID)
			call := f.Call(t, f.Business.ID)
			is.NoErr(f.FailRecording(t.Context(), stage(t, f, tt.kind, call), tt.code))
			var want []string
			if tt.stage != "" {
				want = append(want, event(app.EventAIFailed, f.Business.ID, `"recordingId":%q,"dataId":%q,"stage":%q,"error":%q`, call, call, tt.stage, tt.code))
			}
			got := told(t, f, w)
			is.Equal(strings.Join(got, ""), strings.Join(want, "")) // told of the stage and the code
		})
	}
}

func TestWebhooksAreToldWhenSyncsTurn(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	w := hook(t, f, f.Business.ID)
	p := provider(t, f, "DTAC")
	end := func(status, code string) []string {
		run, err := f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseManual)
		is.NoErr(err)
		run.Status, run.Error = status, code
		is.NoErr(f.FinishRun(ctx, run))
		return told(t, f, w)
	}
	failed := []string{event(app.EventSyncFailed, f.Business.ID, `"providerId":%q,"kind":"dtac","name":"DTAC","error":"unreachable"`, p.ID)}
	recovered := []string{event(app.EventSyncRecovered, f.Business.ID, `"providerId":%q,"kind":"dtac","name":"DTAC"`, p.ID)}
	is.Equal(len(end(store.RunSucceeded, "")), 0)         // all is well, as before
	is.Equal(end(store.RunFailed, "unreachable"), failed) // it began to fail
	is.Equal(len(end(store.RunFailed, "tls")), 0)         // it goes on failing
	is.Equal(len(end(store.RunInterrupted, "")), 0)       // a stop says nothing
	is.Equal(end(store.RunSucceeded, ""), recovered)      // it works again
	is.Equal(len(end(store.RunSucceeded, "")), 0)         // and goes on working
	_, err := f.RefuseProvider(ctx, f.Business.ID, p.ID)
	is.NoErr(err)
	is.True(strings.Contains(strings.Join(told(t, f, w), ""), `"error":"invalid_credentials"`)) // refused outside of a run
	is.Equal(len(end(store.RunFailed, "invalid_credentials")), 0)                               // which is the same failure
	is.Equal(end(store.RunSucceeded, ""), recovered)
}

func TestWebhooksAreToldOfRules(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	w := hook(t, f, f.Business.ID)
	a, err := f.CreateAutomation(t.Context(), f.Business.ID, graph("Angry", nil, nil, true))
	is.NoErr(err)
	call := f.Call(t, f.Business.ID)
	fire := func() {
		j := stage(t, f, app.JobAutomate, call)
		is.NoErr(f.SaveAutomationRuns(t.Context(), j, "an-1", []store.AutomationRun{decided(a, store.Decision{
			Trace: json.RawMessage(`{}`), Deliveries: []app.Delivery{{Channel: app.ChannelInApp, Destination: app.ChannelInApp, Severity: app.Info}},
		})}))
	}
	fire()
	is.Equal(told(t, f, w), []string{event(app.EventAutomationFired, f.Business.ID,
		`"automationId":%q,"name":%q,"recordingId":%q,"dataId":%q,"url":"/api/v1/recordings/%s"`, a.ID, a.Name(), call, call, call)}) // that it matched
	fire()
	is.Equal(len(told(t, f, w)), 0) // once for each analysis
}

// TestEventIsWrittenWithWhatItTells: what is rolled back was never told.
func TestEventIsWrittenWithWhatItTells(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	w := hook(t, f, f.Business.ID)
	call := f.Call(t, f.Business.ID)
	j := stage(t, f, app.JobAnalyse, call)
	is.NoErr(f.ReleaseJob(t.Context(), j, f.Clock.Now()))
	stage(t, f, app.JobAnalyse, call) // another run has it now
	is.True(errors.Is(f.SaveAnalysis(t.Context(), j, app.Analysis{}, "7", "mind"), store.ErrLease))
	is.Equal(len(told(t, f, w)), 0)                                 // the late result is not told of
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_events`), "0") // nor kept
	is.Equal(f.Text(t, `SELECT count(*) FROM usage_ledger`), "0")   // nor counted
	is.NoErr(f.DeleteWebhook(t.Context(), f.Business.ID, w.ID))     // where nobody
	save(t, f, given("crm-1"))                                      // wants to know
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_events`), "0") // nothing is stored
}

func TestWebhooksAreToldOfWhatTheyWant(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	other, _ := f.OtherBusiness(t)
	all, some := hook(t, f, f.Business.ID), hook(t, f, f.Business.ID, app.EventAIFailed, app.EventRecordingDeleted)
	off, theirs := hook(t, f, f.Business.ID), hook(t, f, other.ID)
	_, err := f.PatchWebhook(t.Context(), f.Business.ID, off.ID, store.WebhookPatch{Active: ptr(false)})
	is.NoErr(err)
	r := save(t, f, given("crm-1"))
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, r.ID))
	count := func(w app.Webhook, status string) int {
		list, _, err := f.WebhookDeliveries(t.Context(), w.BusinessID, w.ID, status, "", 200)
		is.NoErr(err)
		return len(list)
	}
	is.Equal(count(all, app.WebhookPending), 2)                     // everything
	is.Equal(count(some, app.WebhookPending), 1)                    // or what it asked for
	is.Equal(count(off, app.WebhookHeld), 2)                        // kept for one that is off
	is.Equal(count(theirs, ""), 0)                                  // never another business's
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_events`), "2") // each event is stored once
}

func TestWebhookLinksKnowTheAddress(t *testing.T) {
	is := is.New(t)
	r := app.Recording{ID: "1"}
	is.Equal(app.NewRecordingData(r, "https://crk.example.com").URL, "https://crk.example.com/api/v1/recordings/1")
	for _, e := range app.EventTypes() {
		b, err := json.Marshal(app.ExampleData(e, "b-1", storetest.Start.Add(time.Hour), "https://crk.example.com"))
		is.NoErr(err)
		is.True(strings.HasPrefix(string(b), `{"businessId":"b-1",`)) // every event names the business first
	}
}

func TestEventsWakeWhoDelivers(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	var woken []app.JobKind
	f.Notify(nil, func(kinds []app.JobKind) { woken = append(woken, kinds...) })
	save(t, f, given("crm-1"))
	is.Equal(len(woken), 0) // nobody wants to know
	w := hook(t, f, f.Business.ID)
	for _, again := range []func() error{
		func() error { save(t, f, given("crm-2")); return nil },
		func() error {
			return f.RetryWebhookDelivery(t.Context(), f.Business.ID, w.ID, f.Text(t, `SELECT id FROM webhook_deliveries`))
		},
		func() error {
			f.Exec(t, `UPDATE webhook_deliveries SET status = 'failed'`)
			_, err := f.RecoverWebhook(t.Context(), f.Business.ID, w.ID, storetest.Start)
			return err
		},
	} {
		woken = nil
		is.NoErr(again())
		is.Equal(woken, []app.JobKind{app.JobWebhook}) // there is something to send
	}
}
