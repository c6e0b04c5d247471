package syncer_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/jobs"
	"crk/store"
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

func TestWhatThePauseMissedReadsNothing(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.activate(false)
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunInterrupted) // it was planned before
	is.Equal(r.sim.Stats().Lists, 0)
	planned := r.provider
	planned.Active = true
	r.engine.CompareDays(t.Context(), planned, 7) // and so was this
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

// TestDownloadsThatWaitForTheirTurnSeeThePause: none of them asks once the integration
// is paused, though each might before.
func TestDownloadsThatWaitForTheirTurnSeeThePause(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(before(3*time.Hour), 40)
	r.sync(store.CauseDefault)
	list, err := r.ClaimJobs(t.Context(), app.JobFetch, 10, time.Minute)
	is.NoErr(err)
	is.True(len(list) > 2) // more than may ask
	goOn := make(chan struct{})
	r.onRequest(func(req *http.Request) {
		if strings.Contains(req.URL.Path, "mediastream") {
			<-goOn
		}
	})
	var wg sync.WaitGroup
	var waited atomic.Int32
	for _, j := range list {
		wg.Go(func() {
			if f, ok := errors.AsType[*jobs.Failure](r.engine.Fetch(t.Context(), j)); ok && f.Blameless {
				waited.Add(1)
			}
		})
	}
	r.eventually("that one waits", func() bool { return r.engine.AtGate(r.provider.ID) == len(list)-2 })
	r.activate(false)
	close(goOn)
	wg.Wait()
	is.Equal(int(waited.Load()), len(list)-2)
	is.Equal(len(r.sim.Stats().Downloads), 2) // those that were under way
}
