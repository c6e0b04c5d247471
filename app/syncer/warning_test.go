package syncer_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/store"
)

func TestAPhoneSystemThatRecordsNoMoreIsTold(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	is.Equal(r.sync(store.CauseDefault).Status, store.RunSucceeded)
	is.Equal(len(r.engine.Warnings(r.provider.ID)), 0)
	sim.Fail(phonetest.PBXFaults{Stopped: true, QuotaReached: true})
	for range 3 {
		r.Clock.Advance(15 * time.Minute)
		r.sync(store.CauseSchedule)
	}
	is.Equal(sim.Stats().StatusReads, 1) // it is asked once an hour
	r.Clock.Advance(15 * time.Minute)
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded)
	is.Equal(r.engine.Warnings(r.provider.ID), []string{phone.WarnStopped, phone.WarnQuota})

	sim.Fail(phonetest.PBXFaults{Stopped: true})
	_, err := r.engine.ProbeStored(t.Context(), r.reread(r.provider.ID))
	is.NoErr(err)
	is.Equal(r.engine.Warnings(r.provider.ID), []string{phone.WarnStopped}) // a test tells at once
	r.engine.Forget(r.provider.ID)
	is.Equal(len(r.engine.Warnings(r.provider.ID)), 0)
}

func TestARoleThatIsNotToldIsWarnedOfNothing(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	sim.Fail(phonetest.PBXFaults{Stopped: true, NoStatus: true})
	is.Equal(r.sync(store.CauseDefault).Status, store.RunSucceeded)
	is.Equal(len(r.engine.Warnings(r.provider.ID)), 0)
}
