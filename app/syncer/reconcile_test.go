package syncer_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

func (r *rig) days() map[string]app.SyncDay {
	r.t.Helper()
	list, err := r.SyncDays(r.t.Context(), r.Business.ID, r.provider.ID, 100)
	if err != nil {
		r.t.Fatal("days:", err)
	}
	out := map[string]app.SyncDay{}
	for _, d := range list {
		d.Checked = time.Time{}
		out[d.Day] = d
	}
	return out
}

// compare compares the last days to the end.
func (r *rig) compare() {
	r.t.Helper()
	before := r.health().CheckedAt
	r.Clock.Advance(time.Second)
	r.eventually("a comparison", func() bool { return r.engine.Reconcile(r.t.Context(), r.Business.ID, r.provider.ID) == nil })
	r.eventually("the end of the comparison", func() bool { return r.health().CheckedAt.After(before) })
}

func TestDaysAreComparedAndWhatIsMissingIsFetched(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	midnight := time.Date(2026, 11, 14, 17, 0, 0, 0, time.UTC) // in Bangkok the 15th begins
	r.record(midnight.Add(-2*time.Minute), 4)                  // two of each day
	r.sync(store.CauseDefault)
	is.Equal(r.fetch(), 0)
	r.Exec(t, `UPDATE recordings SET status = 'failed', size = 0 WHERE data_id LIKE '%:1001'`)
	r.sim.Add(recorded(2001, midnight.Add(time.Hour)), recorded(2002, midnight.Add(2*time.Hour))) // two days later they are listed
	r.live()
	r.compare()
	days := r.days()
	is.Equal(len(days), 7)
	is.Equal(days["2026-11-14"], app.SyncDay{Day: "2026-11-14", Listed: 2, Imported: 1, Failed: 1})
	is.Equal(days["2026-11-15"], app.SyncDay{Day: "2026-11-15", Listed: 4, Imported: 2, Waiting: 2, Missing: 2}) // found missing, and fetched
	is.Equal(len(r.recordings()), 6)
	is.Equal(r.fetch(), 0)
	r.compare()
	is.Equal(r.days()["2026-11-15"], app.SyncDay{Day: "2026-11-15", Listed: 4, Imported: 4})
}

// TestCallsSinceTheLastSyncAreNew: a comparison that is asked for between two syncs
// fetches what no sync could have, and calls none of it missing.
func TestCallsSinceTheLastSyncAreNew(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 2)
	r.sync(store.CauseDefault)
	r.sim.Add(recorded(2001, storetest.Start.Add(10*time.Minute)))
	r.Clock.Advance(time.Hour)
	r.live()
	r.compare()
	day := storetest.Start.In(bangkok).Format(time.DateOnly)
	is.Equal(r.days()[day].Listed, 3)
	is.Equal(r.days()[day].Missing, 0)
	is.Equal(len(r.recordings()), 3) // it is here all the same
}

func TestSkippedCallsAreNotMissing(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	at := storetest.Start.Add(-48 * time.Hour)
	inner := pbxCall(1, at)
	inner.CallType, inner.From = "Local", phonetest.Extension("101", "Nok")
	sim.Add(inner, pbxCall(2, at.Add(time.Minute)))
	r.sync(store.CauseDefault)
	r.live()
	r.compare()
	day := at.In(bangkok).Format(time.DateOnly)
	is.Equal(r.days()[day], app.SyncDay{Day: day, Listed: 2, Waiting: 1, Skipped: 1})
}

func TestAComparisonThatFailsIsNotTakenForDone(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sync(store.CauseDefault)
	r.live()
	r.sim.Fail(phonetest.Faults{ListStatus: 403})
	r.eventually("a comparison", func() bool { return r.engine.Reconcile(t.Context(), r.Business.ID, r.provider.ID) == nil })
	r.eventually("the end of the comparison", func() bool { return !r.engine.Reconciling(r.provider.ID) })
	is.True(r.health().CheckedAt.IsZero())
	is.Equal(len(r.days()), 0)
}

func TestTheScheduleComparesDays(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 2)
	r.sync(store.CauseDefault)
	r.restart() // nobody is signed in
	r.Clock.Advance(10 * time.Minute)
	r.live()
	r.eventually("a comparison", func() bool { return !r.health().CheckedAt.IsZero() })
	is.Equal(len(r.days()), 7)
	is.Equal(r.sim.Stats().LoginsRefused, 0) // with the password of the integration
}

func TestWhenDaysAreCompared(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sync(store.CauseDefault)
	due := func() int {
		days, err := r.engine.ReconcileDue(t.Context(), r.reread(r.provider.ID))
		is.NoErr(err)
		return days
	}
	is.Equal(due(), 0) // it was made just now
	r.Clock.Advance(10 * time.Minute)
	is.Equal(due(), 7)
	is.Equal(due(), 0) // one that fails is not tried at once again
	is.NoErr(r.ReportHealth(t.Context(), r.provider, store.HealthReport{CheckedAt: r.Clock.Now()}))
	r.Clock.Advance(time.Hour)
	is.Equal(due(), 0)
	r.Clock.Advance(24 * time.Hour)
	is.Equal(due(), 7) // each night
	is.NoErr(r.ReportHealth(t.Context(), r.provider, store.HealthReport{CheckedAt: r.Clock.Now()}))
	r.Clock.Advance(7 * 24 * time.Hour)
	is.Equal(due(), 30) // and each week more
}

func TestComparisonsAreAtNight(t *testing.T) {
	is := is.New(t)
	noon := time.Date(2026, 11, 16, 12, 0, 0, 0, bangkok)
	different := map[time.Time]bool{}
	for _, id := range []string{"a", "b", "c", "d"} {
		at := syncer.CompareAt(id, noon)
		is.True(!at.Before(time.Date(2026, 11, 16, 2, 0, 0, 0, bangkok)) && at.Before(time.Date(2026, 11, 16, 5, 0, 0, 0, bangkok)))
		is.True(syncer.CompareAt(id, at.Add(-time.Second)).Equal(at.AddDate(0, 0, -1))) // before that it was the night before
		different[at] = true
	}
	is.True(len(different) > 1) // not all at once
}
