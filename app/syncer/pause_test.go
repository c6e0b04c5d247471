package syncer_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/jobs"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/store"
	"crk/store/storetest"
)

// activate switches the rig's integration on or off, as the API does.
func (r *rig) activate(on bool) {
	r.t.Helper()
	var err error
	if r.provider, err = r.PatchProvider(r.t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Active: &on}); err != nil {
		r.t.Fatal("switch:", err)
	}
	if !on {
		r.engine.Pause(r.provider.ID)
	}
	r.engine.Wake()
}

// hang has the n-th list from now on not be answered; hangs is closed when it was
// asked for, and gone when its asker has gone.
func (r *rig) hang(n int32) (hangs, gone chan struct{}) {
	hangs, gone = make(chan struct{}), make(chan struct{})
	var lists atomic.Int32
	r.onRequest(func(req *http.Request) {
		if req.URL.Path == listPath && lists.Add(1) == n {
			close(hangs)
			<-req.Context().Done()
			close(gone)
		}
	})
	return hangs, gone
}

func TestAPauseCutsWhatGoesOn(t *testing.T) {
	t.Run("a run", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t, nil)
		hangs, gone := r.hang(1)
		r.live()
		<-hangs
		r.activate(false)
		<-gone
		r.eventually("the end of the run", func() bool { return r.status() == store.RunInterrupted })
		is.True(r.reread(r.provider.ID).NextSyncAt.IsZero()) // and none is planned
	})
	t.Run("a back-fill", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t, nil)
		r.since(before(30 * day))
		r.record(before(20*day), 1)
		r.sync(store.CauseDefault)
		hangs, gone := r.hang(3)
		r.live()
		<-hangs
		r.activate(false)
		<-gone
		b := r.back()
		is.Equal(b.State, app.BackfillRunning)
		is.Equal(b.Error, "") // nobody is to blame
		fills, err := r.RunningBackfills(t.Context())
		is.NoErr(err)
		is.Equal(len(fills), 0) // it does not begin again
		r.activate(true)
		r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
		is.Equal(len(r.recordings()), 1)
	})
	t.Run("a comparison", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t, nil)
		r.sync(store.CauseDefault)
		hangs, gone := r.hang(3)
		r.live()
		r.eventually("a comparison", func() bool { return r.engine.Reconcile(t.Context(), r.Business.ID, r.provider.ID) == nil })
		<-hangs
		is.True(r.engine.Reconciling(r.provider.ID))
		r.activate(false)
		<-gone
		r.eventually("the end of the comparison", func() bool { return !r.engine.Reconciling(r.provider.ID) })
		is.True(r.health().CheckedAt.IsZero())
	})
}

func TestARunThatThePauseMissedReadsNothing(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.activate(false)
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunInterrupted) // it was planned before
	is.Equal(r.sim.Stats().Lists, 0)
	is.Equal(r.sync(store.CauseManual).Status, store.RunSucceeded) // a person asks all the same
}

func TestDownloadsOfAPausedIntegrationWait(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(before(time.Hour), 2)
	r.sync(store.CauseDefault)
	r.activate(false)
	list, err := r.ClaimJobs(t.Context(), app.JobFetch, 1, time.Minute)
	is.NoErr(err)
	wait, ok := errors.AsType[*jobs.Failure](r.engine.Fetch(t.Context(), list[0]))
	is.True(ok && wait.Blameless)
	is.NoErr(r.ReleaseJob(t.Context(), list[0], r.Clock.Now().Add(wait.After)))
	is.Equal(r.fetch(), 1)
	is.Equal(len(r.sim.Stats().Downloads), 0)
	r.activate(true)
	is.Equal(r.fetch(), 0) // at once
	r.complete(2)
}

func TestMendedCredentialsMakeDownloadsDue(t *testing.T) {
	for _, tt := range []struct {
		name string
		mend func(*rig) error
	}{
		{"a new password", func(r *rig) error {
			secret := app.Secret(password)
			_, err := r.PatchProvider(r.t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Secret: &secret})
			return err
		}},
		{"a test that passed", func(r *rig) error { return r.PardonProvider(r.t.Context(), r.Business.ID, r.provider.ID) }},
		{"made the default", func(r *rig) error { return r.SetDefaultProvider(r.t.Context(), r.Business.ID, r.provider.ID) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			r.record(before(time.Hour), 2)
			r.sync(store.CauseDefault)
			for range 3 {
				_, err := r.RefuseProvider(t.Context(), r.Business.ID, r.provider.ID)
				is.NoErr(err)
			}
			is.Equal(r.fetch(), 2) // it is stopped
			is.NoErr(tt.mend(r))
			is.Equal(r.fetch(), 0)
			r.complete(2)
		})
	}
}

func TestARunGivesTheRestThatIsAskedFor(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	minute := time.Minute
	_, err := r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Interval: &minute})
	is.NoErr(err)
	r.record(before(time.Hour), 1)
	r.sync(store.CauseDefault)
	r.wantRest(10 * time.Minute)
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunFailed)
	rested := r.Clock.Now().Add(10 * time.Minute)
	is.Equal(r.provider.NextSyncAt, rested)
	is.Equal(r.fetch(), 1) // downloads wait as well
	is.Equal(r.next(), 10*time.Minute)
	is.Equal(r.engine.BackfillDue(t.Context(), app.Backfill{ProviderID: r.provider.ID, BusinessID: r.Business.ID}), false)

	r.wantRest(time.Second)
	r.sync(store.CauseManual)               // a person may look
	is.Equal(r.provider.NextSyncAt, rested) // and it is left alone no less for that
	r.wantRest(0)
	r.Clock.Advance(10 * time.Minute)
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded)
	is.Equal(r.fetch(), 0)
	is.Equal(r.provider.NextSyncAt, r.Clock.Now().Add(minute))
}

func TestWhatGoesOnBesideGivesTheRestToo(t *testing.T) {
	t.Run("a back-fill", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t, nil)
		r.since(before(30 * day))
		r.sync(store.CauseDefault)
		r.wantRest(2 * time.Hour)
		r.live()
		r.eventually("a failure", func() bool { return r.back().Error != "" })
		is.Equal(r.back().NextAt, r.Clock.Now().Add(2*time.Hour))
		is.Equal(r.reread(r.provider.ID).NextSyncAt, r.Clock.Now().Add(2*time.Hour)) // the run after 15 minutes waits too
	})
	t.Run("a comparison", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t, nil)
		r.sync(store.CauseDefault)
		r.wantRest(2 * time.Hour)
		r.live()
		r.eventually("a comparison", func() bool { return r.engine.Reconcile(t.Context(), r.Business.ID, r.provider.ID) == nil })
		r.eventually("that runs wait", func() bool {
			return r.reread(r.provider.ID).NextSyncAt.Equal(r.Clock.Now().Add(2 * time.Hour))
		})
		days, err := r.engine.ReconcileDue(t.Context(), r.reread(r.provider.ID))
		is.NoErr(err)
		is.Equal(days, 0)
	})
}

// TestARunWhoseEndWasNotSaved: its integration goes on once the lease has run out, in
// the same process.
func TestARunWhoseEndWasNotSaved(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.live()
	r.eventually("the first sync", func() bool { return r.status() == store.RunSucceeded })
	r.Clock.Advance(time.Second) // it is the later of two
	lost, err := r.BeginRun(t.Context(), r.Business.ID, r.provider.ID, store.CauseSchedule)
	is.NoErr(err)
	r.Clock.Advance(6 * time.Minute)
	r.record(r.Clock.Now().Add(-time.Hour), 1)
	r.engine.Wake() // as within a minute of itself
	r.eventually("a sync that ends", func() bool {
		last := r.reread(r.provider.ID).LastSync
		return last.ID != lost.ID && last.Status == store.RunSucceeded
	})
	runs, _, err := r.SyncRuns(t.Context(), r.Business.ID, r.provider.ID, "", 10)
	is.NoErr(err)
	is.Equal(runs[1].ID, lost.ID)
	is.Equal(runs[1].Status, store.RunInterrupted) // as people see it
	is.Equal(len(r.recordings()), 1)
}

// TestBackfillsTakeTurns: more long ways back than go on at a time end none of them
// and no comparison late.
func TestBackfillsTakeTurns(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	since := before(40 * day)
	var ids []string
	for i := range 6 {
		p := r.provider
		if i > 0 {
			name := user + string(rune('a'+i))
			r.sim.AddAccount(name, password)
			p = r.integrate(func(c *dtac.Config) { c.Username = name })
		}
		ids = append(ids, p.ID)
		if i == 5 {
			break // this one is compared
		}
		_, err := r.PatchProvider(t.Context(), r.Business.ID, p.ID, store.ProviderPatch{Backfill: &since})
		is.NoErr(err)
	}
	for d := 8; d < 40; d++ { // so that every way has its days
		r.record(before(time.Duration(d)*day), 1)
	}
	for _, id := range ids {
		_, err := r.engine.Sync(t.Context(), r.Business.ID, id, store.CauseDefault)
		is.NoErr(err)
	}
	compared := ids[5]
	asked, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var lists atomic.Int32
	r.onRequest(func(req *http.Request) {
		if req.URL.Path != listPath {
			return
		}
		if lists.Add(1) == 4 { // four back-fills hold all there is to hold
			close(asked)
		}
		wait := goOn
		if req.URL.Query().Get("startdate") < before(30*day).Format("20060102_150405") {
			wait = done // none gets so far before the comparison is done
		}
		select {
		case <-wait:
		case <-req.Context().Done():
		}
	})
	r.live()
	<-asked
	is.NoErr(r.engine.Reconcile(t.Context(), r.Business.ID, compared))
	is.True(!r.engine.Reconciling(compared)) // it waits
	close(goOn)
	checked := func() bool {
		h, err := r.SyncHealth(t.Context(), r.Business.ID, compared)
		is.NoErr(err)
		return !h.CheckedAt.IsZero()
	}
	r.eventually("the comparison", checked)
	for _, id := range ids[:5] {
		b, _, err := r.Backfill(t.Context(), r.Business.ID, id)
		is.NoErr(err)
		is.Equal(b.State, app.BackfillRunning) // it had its seven turns before they had their thirty
	}
	close(done)
	for _, id := range ids[:5] { // none waits for another's end
		r.eventually("the end of the back-fill", func() bool {
			b, _, err := r.Backfill(t.Context(), r.Business.ID, id)
			return err == nil && b.State == app.BackfillDone
		})
	}
}

// TestALooserFilterTakesInOldCalls: a call that was left out long ago comes in when
// the settings let it, though neither a run nor a comparison looks so far back.
func TestALooserFilterTakesInOldCalls(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	inner := func(id int64, at time.Time) phonetest.PBXRecording {
		c := pbxCall(id, at)
		c.CallType, c.From = "Local", phonetest.Extension("101", "Nok")
		return c
	}
	sim.Add(inner(1, before(60*day)), inner(2, before(5*day)), pbxCall(3, before(time.Hour)))
	r.since(before(90 * day))
	r.sync(store.CauseDefault)
	stop := r.liveUntil()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	stop()
	is.Equal(len(r.recordings()), 1)

	r.Clock.Advance(20 * 24 * time.Hour)
	r.sync(store.CauseSchedule)
	r.setConfig("importInternal", true, store.ProviderPatch{Relist: true})
	is.Equal(r.sync(store.CauseSchedule).Imported, 0) // of the last week there is none
	r.live()
	r.eventually("what was left out", func() bool { return r.back().State == app.BackfillDone && len(r.recordings()) == 3 })
}

// TestARunWithOldSettingsMovesNoCursor: what it read was told by other filters.
func TestARunWithOldSettingsMovesNoCursor(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sync(store.CauseDefault)
	var once sync.Once
	r.onRequest(func(req *http.Request) {
		if req.URL.Path == listPath {
			once.Do(func() { r.setConfig("minDurationSec", 1, store.ProviderPatch{Relist: true}) })
		}
	})
	r.sync(store.CauseSchedule)
	is.True(r.reread(r.provider.ID).Cursor.IsZero())
	r.sync(store.CauseSchedule)
	is.True(!r.reread(r.provider.ID).Cursor.IsZero())
}

// TestACursorOfAClockThatWasAhead: what follows it was not read.
func TestACursorOfAClockThatWasAhead(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.Clock.Advance(400 * 24 * time.Hour)
	r.sync(store.CauseDefault)
	was := r.Clock.Now()
	r.Clock.Advance(-400 * 24 * time.Hour)
	r.record(r.Clock.Now().Add(-time.Hour), 1)
	is.NoErr(r.MendClock(t.Context(), was))
	is.Equal(r.sync(store.CauseSchedule).Imported, 1)
	is.Equal(r.provider.Cursor, storetest.Start.Add(-2*time.Minute))
}

// setConfig changes one of the settings of the rig's integration.
func (r *rig) setConfig(field string, value any, c store.ProviderPatch) {
	r.t.Helper()
	var all map[string]any
	err := json.Unmarshal(r.provider.Config, &all)
	all[field] = value
	c.Config, _ = json.Marshal(all) // plain values
	if err == nil {
		r.provider, err = r.PatchProvider(r.t.Context(), r.Business.ID, r.provider.ID, c)
	}
	if err != nil {
		r.t.Fatal("settings:", err)
	}
}
