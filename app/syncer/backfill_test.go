package syncer_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/store"
	"crk/store/storetest"
)

// since changes how far back the rig's integration goes.
func (r *rig) since(at time.Time) {
	r.t.Helper()
	var err error
	if r.provider, err = r.PatchProvider(r.t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Backfill: &at}); err != nil {
		r.t.Fatal("go further back:", err)
	}
}

func (r *rig) back() app.Backfill {
	r.t.Helper()
	b, ok, err := r.Backfill(r.t.Context(), r.Business.ID, r.provider.ID)
	if err != nil || !ok {
		r.t.Fatal("back-fill:", ok, err)
	}
	return b
}

func TestARunLeavesWhatIsOldToTheBackfill(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -20), 3)
	r.record(storetest.Start.AddDate(0, 0, -1), 2)
	r.since(storetest.Start.AddDate(0, 0, -30))
	run := r.sync(store.CauseDefault)
	is.Equal(run.Imported, 2) // of the last seven days
	is.True(!r.provider.Cursor.IsZero())
	b := r.back()
	is.Equal(b.State, app.BackfillRunning)
	is.Equal(b.Since, storetest.Start.AddDate(0, 0, -30))
	is.Equal(b.Until, storetest.Start.AddDate(0, 0, -7)) // where the run began
	r.sync(store.CauseSchedule)
	is.Equal(r.back(), b) // a later run hands nothing over twice

	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	b = r.back()
	is.Equal(b.Imported, 3)
	is.Equal(b.Done(), 1.0)
	is.Equal(len(r.recordings()), 5)
	h, err := r.SyncHealth(t.Context(), r.Business.ID, r.provider.ID)
	is.NoErr(err)
	is.Equal(h.Oldest, storetest.Start.AddDate(0, 0, -20)) // as far back as calls were seen
}

func TestALongStopIsMadeUpForByTheBackfill(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sync(store.CauseDefault)
	stopped := r.Clock.Now()
	r.record(stopped.Add(time.Hour), 4)
	r.Clock.Advance(20 * 24 * time.Hour)
	r.record(r.Clock.Now().Add(-time.Hour), 1)
	is.Equal(r.sync(store.CauseSchedule).Imported, 1) // today's are not held up
	is.True(!r.back().Since.After(stopped.Add(-23 * time.Hour)))
	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(len(r.recordings()), 5)
}

func TestABackfillGoesOnWhereItWas(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -20), 3)
	r.since(storetest.Start.AddDate(0, 0, -30))
	r.sync(store.CauseDefault)
	paused, going := true, false
	var once sync.Once
	var lists atomic.Int32
	r.onRequest(func(req *http.Request) {
		if req.URL.Path != "/orktrack/rest/recordings" {
			return
		}
		if lists.Add(1) == 5 { // in the middle of the way
			once.Do(func() {
				if err := r.engine.PauseBackfill(t.Context(), r.Business.ID, r.provider.ID, store.BackfillPatch{Paused: &paused}); err != nil {
					t.Error(err)
				}
			})
		}
	})
	stop := r.liveUntil()
	r.eventually("a pause", func() bool { return r.back().State == app.BackfillPaused })
	stop()
	b := r.back()
	is.True(b.Reached.Before(b.Until) && b.Reached.After(b.Since)) // it stands between
	r.onRequest(nil)

	r.restart() // as a new process does
	r.live()
	is.Equal(r.back().Reached, b.Reached) // it stays where people paused it
	is.NoErr(r.engine.PauseBackfill(t.Context(), r.Business.ID, r.provider.ID, store.BackfillPatch{Paused: &going}))
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(len(r.recordings()), 3)
}

func TestABackfillThatFailsIsTriedAgain(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -20), 1)
	r.since(storetest.Start.AddDate(0, 0, -30))
	r.sync(store.CauseDefault)
	r.sim.Fail(phonetest.Faults{ListStatus: 403})
	stop := r.liveUntil()
	r.eventually("a failure", func() bool { return r.back().Error != "" })
	b := r.back()
	is.Equal(b.Error, "forbidden")
	is.Equal(b.Reached, b.Until)           // nothing that was not read is passed over
	is.True(b.NextAt.After(r.Clock.Now())) // after a pause
	is.Equal(b.State, app.BackfillRunning)
	stop()
	r.sim.Fail(phonetest.Faults{})
	r.Clock.Advance(2 * time.Minute)
	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(len(r.recordings()), 1)
	is.Equal(r.back().Error, "")
}

func TestABackfillByNightWaitsForIt(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.Clock.Advance(time.Date(2026, 11, 17, 9, 0, 0, 0, bangkok).Sub(r.Clock.Now()))
	r.record(r.Clock.Now().AddDate(0, 0, -20), 1)
	r.since(r.Clock.Now().AddDate(0, 0, -30))
	r.sync(store.CauseDefault)
	nights := true
	is.NoErr(r.PatchBackfill(t.Context(), r.Business.ID, r.provider.ID, store.BackfillPatch{Nights: &nights}))
	is.Equal(r.engine.BackfillDue(t.Context(), r.back()), false)
	r.Clock.Advance(11 * time.Hour) // eight in the evening
	is.Equal(r.engine.BackfillDue(t.Context(), r.back()), true)
	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })

	r.Clock.Advance(12 * time.Hour) // in the morning again
	is.Equal(r.fetch(), 1)          // an old call's audio waits
	is.Equal(r.next(), 12*time.Hour)
	r.Clock.Advance(12 * time.Hour)
	is.Equal(r.fetch(), 0)
	r.complete(1)
}

func TestNewCallsDoNotWaitForTheBackfill(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -20), 1)
	r.since(storetest.Start.AddDate(0, 0, -60))
	r.sync(store.CauseDefault)
	var once sync.Once
	inRun := make(chan app.SyncRun, 1)
	lists := 0
	r.onRequest(func(req *http.Request) {
		if req.URL.Path != "/orktrack/rest/recordings" {
			return
		}
		if lists++; lists == 3 { // the back-fill is on its way
			once.Do(func() {
				r.sim.Add(recorded(9001, r.Clock.Now().Add(-10*time.Minute)))
				go func() {
					run, err := r.engine.Sync(t.Context(), r.Business.ID, r.provider.ID, store.CauseManual)
					if err != nil {
						t.Error(err)
					}
					inRun <- run
				}()
			})
		}
	})
	r.live()
	run := <-inRun
	is.Equal(run.Status, store.RunSucceeded)
	is.Equal(run.Imported, 1) // the new call
	r.onRequest(nil)
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(len(r.recordings()), 2)
	is.Equal(r.sim.Stats().MostAtOnce, 1) // and both never asked at once
}

func TestABackfillStopsWhereThePhoneSystemDoes(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	sim.Add(pbxCall(1, storetest.Start.AddDate(0, 0, -20)), pbxCall(2, storetest.Start.AddDate(0, 0, -10)))
	r.since(storetest.Start.AddDate(-3, 0, 0))
	r.sync(store.CauseDefault)
	lists := sim.Stats().Lists
	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(len(r.recordings()), 2)
	is.True(sim.Stats().Lists-lists < 60) // and not three years of nothing
	h, err := r.SyncHealth(t.Context(), r.Business.ID, r.provider.ID)
	is.NoErr(err)
	is.Equal(h.Oldest, storetest.Start.AddDate(0, 0, -20))
	is.Equal(h.Keeps, 30*24*time.Hour) // people are told what is deleted when
}

var bangkok = time.FixedZone("+07", 7*3600)
