package syncer_test

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// live runs the rig's engine until the test ends.
func (r *rig) live() { r.liveUntil() }

// liveUntil is live that ends before, when stop is called.
func (r *rig) liveUntil() (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.engine.Run(ctx); err != nil {
			r.t.Error("run:", err)
		}
	})
	stop = func() {
		cancel()
		wg.Wait()
	}
	r.t.Cleanup(stop)
	return stop
}

// eventually waits until done reports true, and fails the test after half a minute.
func (r *rig) eventually(what string, done func() bool) {
	r.t.Helper()
	r.eventuallyWithin(30*time.Second, what, done)
}

func (r *rig) eventuallyWithin(limit time.Duration, what string, done func() bool) {
	r.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(limit)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			r.t.Fatal("this did not come: ", what)
		}
	}
}

func (r *rig) status() string {
	last := r.reread(r.provider.ID).LastSync
	if last == nil {
		return ""
	}
	return last.Status
}

func TestDueIntegrationsAreSynced(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 3)
	r.live()
	r.eventually("the first sync", func() bool { return r.status() == store.RunSucceeded })
	p := r.reread(r.provider.ID)
	is.Equal(p.LastSync.Trigger, store.CauseSchedule)
	is.Equal(p.LastSync.Imported, 3)
	is.Equal(p.NextSyncAt, r.Clock.Now().Add(15*time.Minute)) // and the next is planned
}

// TestSyncsOverAJump: what a jump of the clock has made due is synced at once, and
// not when the timer of the time before would run.
func TestSyncsOverAJump(t *testing.T) {
	for _, tt := range []struct {
		name string
		jump time.Duration
	}{
		{"forward", 24 * time.Hour},
		{"back", -24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			r.live()
			synced := func(n int) func() bool {
				return func() bool {
					runs, _, err := r.SyncRuns(t.Context(), r.Business.ID, r.provider.ID, "", 10)
					is.NoErr(err)
					return len(runs) == n && r.status() == store.RunSucceeded
				}
			}
			r.eventually("the first sync", synced(1))
			was := r.Clock.Now()
			r.Clock.Advance(tt.jump)
			if tt.jump < 0 {
				is.NoErr(r.MendClock(t.Context(), was))
			}
			r.engine.Wake() // as within a minute of itself
			r.eventually("a sync by the clock as it is", synced(2))
			is.Equal(r.reread(r.provider.ID).LastSync.StartedAt, r.Clock.Now())
			is.Equal(r.reread(r.provider.ID).NextSyncAt, r.Clock.Now().Add(15*time.Minute))
		})
	}
}

func TestARunThatAKilledProcessBeganIsMadeUpFor(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 3)
	killed, err := r.BeginRun(t.Context(), r.Business.ID, r.provider.ID, store.CauseSchedule)
	is.NoErr(err)
	r.live()
	r.eventually("a sync that ends", func() bool { return r.status() == store.RunSucceeded })
	runs, _, err := r.SyncRuns(t.Context(), r.Business.ID, r.provider.ID, "", 10)
	is.NoErr(err)
	is.Equal(len(runs), 2)
	is.Equal(runs[1].ID, killed.ID)
	is.Equal(runs[1].Status, store.RunInterrupted)
	is.Equal(len(r.recordings()), 3)
}

func TestAChangedIntervalKillsNoRun(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 3)
	asked, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.onRequest(func(req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/recordings") {
			once.Do(func() {
				close(asked)
				<-goOn
			})
		}
	})
	r.live()
	<-asked
	minute := time.Minute
	_, err := r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Interval: &minute})
	is.NoErr(err)
	r.engine.Wake()
	_, err = r.engine.SyncNow(t.Context(), r.Business.ID, r.provider.ID, store.CauseManual)
	is.True(app.IsKind(err, app.Conflict)) // one is under way
	close(goOn)
	r.eventually("the end of the run", func() bool { return r.status() != store.RunRunning })
	is.Equal(r.status(), store.RunSucceeded)
	is.Equal(r.reread(r.provider.ID).NextSyncAt, r.Clock.Now().Add(minute))
}

func TestSyncNow(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	off := false
	_, err := r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Active: &off})
	is.NoErr(err)
	_, err = r.engine.SyncNow(t.Context(), r.Business.ID, r.provider.ID, store.CauseManual)
	is.True(app.IsKind(err, app.Unavailable)) // the engine does not run
	is.Equal(r.status(), "")

	r.record(storetest.Start.Add(-time.Hour), 2)
	r.live()
	var id string
	r.eventually("a run that begins", func() bool {
		id, err = r.engine.SyncNow(t.Context(), r.Business.ID, r.provider.ID, store.CauseManual)
		return err == nil
	})
	r.eventually("the end of the run", func() bool { return r.status() == store.RunSucceeded })
	is.Equal(r.reread(r.provider.ID).LastSync.ID, id)
	is.Equal(len(r.recordings()), 2)
	is.True(r.reread(r.provider.ID).NextSyncAt.IsZero()) // a paused one stays paused

	other, _ := r.OtherBusiness(t)
	_, err = r.engine.SyncNow(t.Context(), other.ID, r.provider.ID, store.CauseManual)
	is.True(app.IsKind(err, app.NotFound))
}

func TestAStopWaitsForRuns(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	asked := make(chan struct{})
	var once sync.Once
	r.onRequest(func(req *http.Request) {
		once.Do(func() { close(asked) })
		<-req.Context().Done() // the phone system never answers
	})
	go func() { ended <- r.engine.Run(ctx) }()
	<-asked
	stop()
	is.NoErr(<-ended)
	is.Equal(r.status(), store.RunInterrupted) // which is saved before Run returns
}

// TestACursorOfAClockThatWasAhead: what follows it was not read.
func TestACursorOfAClockThatWasAhead(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.Clock.Advance(400 * 24 * time.Hour)
	r.sync(store.CauseDefault)
	r.wantRest(10 * time.Minute)
	r.sync(store.CauseManual)
	r.wantRest(0)
	was := r.Clock.Now()
	r.Clock.Advance(-400 * 24 * time.Hour)
	r.record(r.Clock.Now().Add(-time.Hour), 1)
	is.NoErr(r.MendClock(t.Context(), was))
	is.Equal(r.engine.BackfillDue(t.Context(), app.Backfill{ProviderID: r.provider.ID, BusinessID: r.Business.ID}), true) // nor a rest of a year
	is.Equal(r.sync(store.CauseSchedule).Imported, 1)
	is.Equal(r.provider.Cursor, storetest.Start.Add(-2*time.Minute))
}

// numberFrom reads a number from the environment.
func numberFrom(t testing.TB, name string, otherwise int) int {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatal(name, err)
	}
	return n
}
