package syncer_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/jobs"
	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

// sent is how many events of a type webhooks were told.
func (r *rig) sent(event app.EventType) string {
	r.t.Helper()
	return r.Text(r.t, `SELECT count(*) FROM webhook_events WHERE type = ?`, event)
}

// mute is a rig of calls that may be listed and not heard, found out already.
func mute(t *testing.T, calls int) *rig {
	t.Helper()
	r := newRig(t, nil)
	_, err := r.CreateWebhook(t.Context(), app.Webhook{
		BusinessID: r.Business.ID, URL: "https://crm.example.com/", Events: []app.EventType{app.AllEvents}, Active: true,
	}, app.NewWebhookSecret())
	if err != nil {
		t.Fatal("webhook:", err)
	}
	r.record(storetest.Start.Add(-time.Hour), calls)
	r.sync(store.CauseDefault)
	r.sim.Fail(phonetest.Faults{AudioStatus: 403})
	r.fetch()
	r.provider = r.reread(r.provider.ID)
	return r
}

func TestAUserWhoMayListAndNotHearIsTold(t *testing.T) {
	is := is.New(t)
	r := mute(t, 30)
	is.Equal(r.provider.State, app.ProviderFailing)
	is.Equal(r.provider.Trouble(), "forbidden")
	is.True(r.health().Denied == 1 && r.health().Strikes == 0) // it is not away
	is.Equal(r.sent(app.EventSyncFailed), "1")

	r.sync(store.CauseSchedule) // the list can still be read
	is.Equal(r.provider.State, app.ProviderFailing)
	is.Equal(r.provider.Trouble(), "forbidden")

	asked := 0
	r.onRequest(func(req *http.Request) {
		if strings.Contains(req.URL.Path, "mediastream") {
			asked++
		}
	})
	for range 5 { // looked at now and then, by one download
		asked = 0
		r.Clock.Advance(r.health().DeniedUntil.Sub(r.Clock.Now()))
		r.fetch()
		is.True(asked == 1 || asked == 2) // which may try a new token
		is.True(r.health().DeniedUntil.After(r.Clock.Now()))
	}
	is.Equal(r.health().DeniedUntil.Sub(r.Clock.Now()), time.Hour)
	r.Clock.Advance(10 * 24 * time.Hour)
	r.fetch()
	for _, rec := range r.recordings() {
		is.Equal(rec.Status, app.AwaitingAudio) // none is given up
	}

	r.sim.Fail(phonetest.Faults{})
	r.Clock.Advance(time.Hour)
	r.fetch() // one is heard
	is.Equal(r.fetch(), 0)
	r.complete(30) // and so are the rest
	is.Equal(r.told(), []string{"The phone system does not let recordings be heard: OneCall", "Recordings come again: OneCall"})
	r.sync(store.CauseSchedule)
	is.Equal(r.provider.State, app.ProviderOK)
	is.Equal(r.provider.Trouble(), "")
	is.Equal(r.sent(app.EventSyncFailed), "1") // each once
	is.Equal(r.sent(app.EventSyncRecovered), "1")
}

func TestARestartKnowsThatNoneMayBeHeard(t *testing.T) {
	is := is.New(t)
	r := mute(t, 20)
	r.restart()
	r.Clock.Advance(r.health().DeniedUntil.Sub(r.Clock.Now()))
	r.fetch()
	is.Equal(r.health().Denied, 2) // the first refusal is enough now
}

func TestWhoMendsTheRightsIsNotKeptWaiting(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*rig) error
	}{
		{"a sync by hand", func(r *rig) error { r.sync(store.CauseManual); return nil }},
		{"other settings", func(r *rig) error {
			secret := app.Secret(password)
			_, err := r.PatchProvider(r.t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Secret: &secret})
			return err
		}},
		{"a test that went well", func(r *rig) error { return r.PardonProvider(r.t.Context(), r.Business.ID, r.provider.ID) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := mute(t, 12)
			r.sim.Fail(phonetest.Faults{})
			is.NoErr(tt.do(r))
			r.fetch()
			is.Equal(r.fetch(), 0)
			r.complete(12)
		})
	}
}

func TestOneForbiddenRecordingHoldsNothing(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 1)
	r.sync(store.CauseDefault)
	r.sim.Fail(phonetest.Faults{AudioStatus: 403})
	for range 40 { // a quiet day: it alone is tried, again and again
		r.fetch()
		r.Clock.Advance(max(0, r.next()))
	}
	is.Equal(r.health().Denied, 0)
	is.Equal(r.recordings()[1001].Status, app.Failed) // after a week
	is.Equal(r.recordings()[1001].Error, app.AudioForbidden)
	is.Equal(len(r.told()), 0)

	r.sim.Fail(phonetest.Faults{})
	r.record(r.Clock.Now().Add(-time.Hour), 3)
	r.sync(store.CauseSchedule)
	is.Equal(r.fetch(), 0) // the others come
}

func TestWhatEndsARowOfDenials(t *testing.T) {
	is := is.New(t)
	g := syncer.NewGuest()
	for range 3 {
		for i := range 9 {
			is.True(!g.Denied("p", string(rune('a'+i))))
		}
		g.Came("p", time.Now()) // one that comes ends the row
	}
	for range 50 {
		for i := range 9 {
			is.True(!g.Denied("p", string(rune('a'+i)))) // the same few are too few to tell, however often they are tried
		}
	}
	is.True(g.Denied("p", "z"))
	is.True(!g.Denied("q", "z")) // each integration for itself
}

func TestOneAtATimeLooksWhetherRecordingsMayBeHeard(t *testing.T) {
	is := is.New(t)
	r := mute(t, 40)
	r.Clock.Advance(r.health().DeniedUntil.Sub(r.Clock.Now()))
	claimed, err := r.ClaimJobs(t.Context(), app.JobFetch, 10, time.Minute)
	is.NoErr(err)
	is.True(len(claimed) >= 2)
	inside, others := make(chan struct{}), make(chan error)
	var once sync.Once
	r.onRequest(func(*http.Request) {
		once.Do(func() { // while the first is asked for, the others come
			close(inside)
			is.True(phone.KindOf(<-others) == "")
		})
	})
	go func() {
		<-inside
		err := r.engine.Fetch(t.Context(), claimed[1])
		var f *jobs.Failure
		if !errors.As(err, &f) || !f.Blameless {
			t.Errorf("%v, want to wait without blame", err)
		}
		others <- err
	}()
	is.True(phone.KindOf(r.engine.Fetch(t.Context(), claimed[0])) == phone.Forbidden)
}
