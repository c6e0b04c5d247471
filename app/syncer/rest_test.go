package syncer_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/store"
)

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

// TestAComparisonWaitsForTheRest that a download was asked for.
func TestAComparisonWaitsForTheRest(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(before(time.Hour), 1)
	r.sync(store.CauseDefault)
	r.Clock.Advance(10 * time.Minute)
	r.sim.Fail(phonetest.Faults{BusyEvery: 1}) // for a second each
	is.Equal(r.fetch(), 1)
	due := func() int {
		days, err := r.engine.ReconcileDue(t.Context(), r.reread(r.provider.ID))
		is.NoErr(err)
		return days
	}
	is.Equal(due(), 0)
	r.Clock.Advance(2 * time.Second)
	is.Equal(due(), 7)
}

// TestALookOfAClockThatWasAhead keeps nothing from being looked after again.
func TestALookOfAClockThatWasAhead(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sync(store.CauseDefault)
	for _, jump := range []time.Duration{400 * 24 * time.Hour, time.Hour - 400*24*time.Hour} {
		r.Clock.Advance(jump)
		days, err := r.engine.ReconcileDue(t.Context(), r.reread(r.provider.ID))
		is.NoErr(err)
		is.True(days > 0)
	}
}
