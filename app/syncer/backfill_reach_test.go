package syncer_test

import (
	"net/http"
	"slices"
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

// before is so long before the rigs' clock begins.
func before(d time.Duration) time.Time { return storetest.Start.Add(-d) }

// TestABackfillReadsEveryDay: the oldest call that was seen so far is no end of the
// way, whatever the phone system says of itself.
func TestABackfillReadsEveryDay(t *testing.T) {
	days := []time.Duration{7*day + day/2, 8*day + day/2, 20 * day, 80 * day}
	pbx := func(faults phonetest.PBXFaults) func(*testing.T) *rig {
		return func(t *testing.T) *rig {
			r, sim := newThreeCX(t, threecx.Config{})
			for i, d := range days {
				sim.Add(pbxCall(int64(len(days)-i), before(d)))
			}
			sim.Fail(faults)
			return r
		}
	}
	for _, tt := range []struct {
		name string
		rig  func(*testing.T) *rig
	}{
		{"that says how far back it goes", pbx(phonetest.PBXFaults{})},
		{"that may not be asked", pbx(phonetest.PBXFaults{Role: phonetest.GroupManager})},
		{"that cannot say", func(t *testing.T) *rig {
			r := newRig(t, nil)
			for _, d := range days {
				r.record(before(d), 1)
			}
			return r
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := tt.rig(t)
			r.since(before(90 * day))
			r.sync(store.CauseDefault)
			r.live()
			r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
			is.Equal(r.back().Imported, len(days))
			is.Equal(len(r.recordings()), len(days))
			is.Equal(r.health().Oldest, before(80*day)) // people are told of the oldest that was seen
		})
	}
}

// TestEverythingCostsFewRequests: years in which there is nothing are found to be
// empty, and days that are empty are taken many at a time.
func TestEverythingCostsFewRequests(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		since  time.Time
		calls  []time.Duration // before now
		lists  int             // at most, after the first run
	}{
		{"an OrkTrack from its first day on", phonetest.Faults{}, time.Date(2000, 1, 1, 0, 0, 0, 0, bangkok), []time.Duration{9 * day, 100 * day}, 60},
		{"one that does not answer for empty windows", phonetest.Faults{EmptyFails: true}, time.Date(2000, 1, 1, 0, 0, 0, 0, bangkok),
			[]time.Duration{8 * day, 9 * day, 10 * day, 11 * day}, 200},
		{"a gap of months", phonetest.Faults{}, before(360 * day), []time.Duration{9 * day, 300 * day}, 60},
		{"a gap before more than one list holds", phonetest.Faults{LimitRows: 4}, before(200 * day),
			[]time.Duration{60 * day, 61 * day, 62 * day, 63 * day, 64 * day, 65 * day, 66 * day}, 90},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			for _, d := range tt.calls {
				r.record(before(d), 1)
			}
			r.record(before(time.Hour), 1)
			r.sim.Fail(tt.faults)
			r.since(tt.since)
			r.sync(store.CauseDefault)
			lists := r.sim.Stats().Lists
			r.live()
			r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
			is.Equal(len(r.recordings()), len(tt.calls)+1)
			lists = r.sim.Stats().Lists - lists
			t.Log("lists:", lists)
			is.True(lists <= tt.lists)
		})
	}
}

// TestProgressIsOfWhatThereIs: years without a call are no part of the way.
func TestProgressIsOfWhatThereIs(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	for d := 8; d <= 100; d++ {
		r.record(before(time.Duration(d)*day), 1)
	}
	r.since(time.Date(2000, 1, 1, 0, 0, 0, 0, bangkok))
	r.sync(store.CauseDefault)
	var seen []app.Backfill
	r.onRequest(func(req *http.Request) {
		if req.URL.Path == listPath {
			seen = append(seen, r.back())
		}
	})
	stop := r.liveUntil()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	stop()
	half := slices.IndexFunc(seen, func(b app.Backfill) bool { return !b.Reached.After(before(54 * day)) })
	is.True(half > 0)
	is.True(seen[half].Done() > 0.3 && seen[half].Done() < 0.7) // in the middle of the calls
	is.True(seen[half].Goal().Before(before(100 * day)))
	is.Equal(seen[half].Since.Year(), 1999) // in UTC; what was asked for stays known
	is.Equal(r.back().Done(), 1.0)
}

// TestALongWindowThatIsRefusedIsNotSplit: pieces of it would be refused as well.
func TestALongWindowThatIsRefusedIsNotSplit(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.since(before(300 * day))
	r.sync(store.CauseDefault)
	var lists atomic.Int32
	r.onRequest(func(req *http.Request) {
		if req.URL.Path == listPath && lists.Add(1) == 6 { // by then it takes long strides
			r.sim.Fail(phonetest.Faults{ListStatus: 403})
		}
	})
	r.live()
	r.eventually("a failure", func() bool { return r.back().Error != "" })
	is.True(r.back().Reached.Before(r.back().Until.Add(-7 * day)))
	is.Equal(lists.Load(), int32(7)) // and once more after signing in anew
}

// TestAWrongOldestCallHeals: what an earlier version took for the oldest call of all
// bounds nothing.
func TestAWrongOldestCallHeals(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(before(8*day), 1)
	r.record(before(40*day), 1)
	r.since(before(60 * day))
	r.sync(store.CauseDefault)
	is.NoErr(r.ReportHealth(t.Context(), r.provider, store.HealthReport{Oldest: before(8 * day)}))
	r.live()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	is.Equal(len(r.recordings()), 2)
	is.Equal(r.health().Oldest, before(40*day))
}

// TestABackfillTakenBackAndForth: days that were left out because people wanted less
// are read when they want more again.
func TestABackfillTakenBackAndForth(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(before(20*day), 1)
	r.record(before(50*day), 1)
	r.since(before(90 * day))
	r.sync(store.CauseDefault)
	r.since(before(30 * day))
	stop := r.liveUntil()
	r.eventually("the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	stop()
	is.Equal(len(r.recordings()), 1)
	r.since(before(60 * day))
	r.sync(store.CauseSchedule)
	r.live()
	r.eventually("the rest", func() bool { return r.back().State == app.BackfillDone && len(r.recordings()) == 2 })
}
