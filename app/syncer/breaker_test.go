package syncer_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/store"
	"crk/store/storetest"
)

func (r *rig) health() app.SyncHealth {
	r.t.Helper()
	h, err := r.SyncHealth(r.t.Context(), r.Business.ID, r.provider.ID)
	if err != nil {
		r.t.Fatal("health:", err)
	}
	return h
}

// told returns the titles of the feed, oldest first.
func (r *rig) told() (titles []string) {
	r.t.Helper()
	for _, c := range r.Changes() {
		if c.Feed != nil {
			titles = append(titles, c.Feed.Title)
		}
	}
	return titles
}

func TestTheCircuitOpensOnceAndClosesOnce(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 2)
	is.Equal(r.sync(store.CauseDefault).Status, store.RunSucceeded)
	r.sim.Fail(phonetest.Faults{ListStatus: 503})
	for range 4 {
		r.sync(store.CauseSchedule)
	}
	is.True(!r.health().Open(r.Clock.Now())) // four times is bad luck
	r.sync(store.CauseSchedule)
	is.True(r.health().Open(r.Clock.Now())) // five are not
	is.True(!r.provider.NextSyncAt.Before(r.health().OpenUntil))
	is.Equal(r.fetch(), 2)                    // downloads wait
	is.Equal(len(r.sim.Stats().Downloads), 0) // and ask nothing
	is.Equal(r.next(), r.health().OpenUntil.Sub(r.Clock.Now()))

	lists := r.sim.Stats().Lists
	pause := r.health().OpenUntil.Sub(r.Clock.Now())
	r.Clock.Advance(pause)
	r.sync(store.CauseSchedule)             // half open: one look
	is.True(r.sim.Stats().Lists-lists <= 3) // a probe and no whole window
	again := r.health().OpenUntil.Sub(r.Clock.Now())
	is.True(again > pause) // and it is left alone for longer

	r.restart() // a new process knows of it
	r.sim.Fail(phonetest.Faults{})
	r.Clock.Advance(again)
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded)
	is.Equal(r.health().Strikes, 0)
	is.Equal(r.fetch(), 0) // what waited for it is due
	r.complete(2)
	is.Equal(r.told(), []string{"Phone system is away: OneCall", "Phone system answers again: OneCall"}) // each once
}

func TestAPersonLooksAtOnce(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sim.Fail(phonetest.Faults{ListStatus: 503})
	for range 6 {
		r.sync(store.CauseSchedule)
	}
	is.True(r.health().Open(r.Clock.Now()))
	r.sim.Fail(phonetest.Faults{})
	is.Equal(r.sync(store.CauseManual).Status, store.RunSucceeded)
	is.True(!r.health().Open(r.Clock.Now()))
}

func TestDownloadsOpenTheCircuitToo(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	var asked atomic.Int64
	r.onRequest(func(req *http.Request) {
		if strings.Contains(req.URL.Path, "/mediastream/") {
			asked.Add(1)
			panic(http.ErrAbortHandler) // the connection breaks before there is an answer
		}
	})
	r.record(storetest.Start.Add(-2*time.Hour), 8)
	r.sync(store.CauseDefault)
	is.Equal(r.fetch(), 8)
	is.True(r.health().Open(r.Clock.Now())) // after five of them the others wait
	is.True(asked.Load() >= 5)
	r.onRequest(nil)
	r.Clock.Advance(r.health().OpenUntil.Sub(r.Clock.Now()))
	r.fetch()
	is.True(r.health().Strikes == 0) // the first that comes closes it
	r.Clock.Advance(time.Hour)
	is.Equal(r.fetch(), 0)
	r.complete(8)
}

// A system that lists calls and answers for their audio with errors is not away: its
// lists go on as planned, and nothing is told again and again.
func TestASystemThatHandsOutNoRecordings(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503, 504} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			_, err := r.CreateWebhook(t.Context(), app.Webhook{
				BusinessID: r.Business.ID, URL: "https://crm.example.com/", Events: []app.EventType{app.AllEvents}, Active: true,
			}, app.NewWebhookSecret())
			is.NoErr(err)
			r.record(storetest.Start.Add(-2*time.Hour), 20)
			r.sync(store.CauseDefault)
			r.sim.Fail(phonetest.Faults{AudioStatus: status})
			r.fetch()
			is.True(r.health().DeniedUntil.After(r.Clock.Now())) // after five the others wait
			for range 30 {
				r.Clock.Advance(15 * time.Minute)
				is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded)
				is.Equal(r.reread(r.provider.ID).NextSyncAt, r.Clock.Now().Add(15*time.Minute)) // as planned
				r.fetch()
			}
			is.Equal(r.health().Strikes, 0)
			is.Equal(r.reread(r.provider.ID).Trouble(), app.AudioFailing)
			is.Equal(r.sent(app.EventSyncFailed), "1")
			is.Equal(r.sent(app.EventSyncRecovered), "0")
			r.sim.Fail(phonetest.Faults{})
			r.Clock.Advance(2 * time.Hour)
			r.fetch()
			is.Equal(r.fetch(), 0)
			r.complete(20)
			r.sync(store.CauseSchedule)
			is.Equal(r.sent(app.EventSyncFailed), "1")
			is.Equal(r.sent(app.EventSyncRecovered), "1")
			is.Equal(r.reread(r.provider.ID).Trouble(), "")
		})
	}
}

func TestOneBadRecordingOpensNothing(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioStatus: 500})
	for range 10 {
		r.fetch()
		r.Clock.Advance(max(0, r.next()))
	}
	is.Equal(r.health().Strikes, 0)
}

func TestAFewBadRecordingsHoldNothing(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 4)
	r.sync(store.CauseDefault)
	r.sim.Fail(phonetest.Faults{AudioStatus: 500})
	for range 20 { // a quiet night: nothing else is asked for
		r.fetch()
		r.Clock.Advance(max(0, r.next()))
	}
	is.Equal(r.health().Denied, 0)
	is.Equal(len(r.told()), 0)
}

func TestASystemThatWantsRestGetsIt(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 3)
	r.sync(store.CauseDefault)
	r.sim.Fail(phonetest.Faults{BusyEvery: 1})
	var asked atomic.Int64
	r.onRequest(func(*http.Request) { asked.Add(1) })
	is.Equal(r.fetch(), 3)
	is.Equal(asked.Load(), int64(1)) // the others did not even ask
}

func TestARunWhoseLeaseRanOutIsTakenOver(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	lost, err := r.BeginRun(t.Context(), r.Business.ID, r.provider.ID, store.CauseSchedule)
	is.NoErr(err)
	r.Clock.Advance(4 * time.Minute)
	is.NoErr(r.RenewRun(t.Context(), lost.ID)) // it lives
	r.Clock.Advance(4 * time.Minute)
	_, err = r.engine.Sync(t.Context(), r.Business.ID, r.provider.ID, store.CauseManual)
	is.True(app.IsKind(err, app.Conflict))
	r.Clock.Advance(2 * time.Minute) // it does not any more
	is.Equal(r.sync(store.CauseManual).Status, store.RunSucceeded)
	is.Equal(r.RenewRun(t.Context(), lost.ID), store.ErrLease) // and is told so
}

func TestTheClockOfThePhoneSystem(t *testing.T) {
	for _, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			r.sim.Fail(phonetest.Faults{ClockSkew: skew})
			r.sync(store.CauseDefault)
			is.Equal(r.health().Skew, skew) // is compared by what it answers with
			theirs := r.Clock.Now().Add(skew)
			r.sim.Add(recorded(1, theirs.Add(-5*time.Minute))) // it ended five minutes ago
			is.Equal(r.sync(store.CauseSchedule).Imported, 1)  // and is not waited for until clocks agree
		})
	}
}
