package syncer_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/store"
	"crk/store/storetest"
)

// heard fails the test unless n calls are here with their audio, each downloaded
// once.
func heard(t *testing.T, r *rig, sim *phonetest.ThreeCX, n int) {
	t.Helper()
	is := is.New(t)
	all := r.recordings()
	is.Equal(len(all), n)
	for id, rec := range all {
		is.True(rec.HasAudio())
		is.Equal(sim.Stats().Downloads[id], 1)
	}
	is.Equal(len(sim.Stats().Writes)+len(sim.Stats().Unknown)+len(sim.Stats().BadRequests), 0)
}

func TestScenarioRoleWithoutTheList(t *testing.T) {
	r, sim := newThreeCX(t, threecx.Config{})
	for i := range 12 {
		sim.Add(pbxCall(int64(i+1), storetest.Start.Add(-time.Duration(i+1)*time.Hour)))
	}
	sim.Fail(phonetest.PBXFaults{Role: phonetest.GroupManager}) // 403 for the list: the call log has them
	r.sync(store.CauseDefault)
	r.fetch()
	heard(t, r, sim, 12)
}

func TestScenarioExpiresInBothUnits(t *testing.T) {
	for _, tt := range []struct {
		name    string
		faults  phonetest.PBXFaults
		signIns int // at most, in an hour of a request a minute
	}{
		{"seconds, in the token too", phonetest.PBXFaults{TokenLife: time.Hour}, 3},
		{"minutes, and the token says when", phonetest.PBXFaults{TokenLife: time.Hour, Minutes: true}, 3},
		{"minutes, and the token says nothing", phonetest.PBXFaults{TokenLife: time.Hour, Minutes: true, Opaque: true}, 80},
		{"seconds, and the token says nothing", phonetest.PBXFaults{TokenLife: time.Hour, Opaque: true}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r, sim := newThreeCX(t, threecx.Config{})
			sim.Fail(tt.faults)
			for range 60 {
				is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded) // never with a dead token
				r.Clock.Advance(time.Minute)
			}
			is.True(sim.Stats().ClientSignIns <= tt.signIns)
		})
	}
}

func TestScenarioNoNextLinkWith350Rows(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	for i := range 350 {
		sim.Add(pbxCall(int64(i+1), storetest.Start.Add(-20*time.Hour+time.Duration(i)*time.Minute)))
	}
	is.Equal(r.sync(store.CauseDefault).Imported, 350)
}

func TestScenarioPBXIdReset(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	for i := range 5 {
		sim.Add(pbxCall(int64(i+1), storetest.Start.Add(-48*time.Hour+time.Duration(i)*time.Hour)))
	}
	is.Equal(r.sync(store.CauseDefault).Imported, 5)
	for i := range 5 { // it was set up anew, and counts from one
		sim.Remove(int64(i + 1))
		sim.Add(pbxCall(int64(i+1), storetest.Start.Add(-5*time.Hour+time.Duration(i)*time.Hour/2)))
	}
	is.Equal(r.sync(store.CauseSchedule).Imported, 5) // other calls with the same ids
	is.Equal(r.sync(store.CauseManual).Imported, 0)
	_, total, err := r.Recordings(t.Context(), r.Business.ID, app.RecordingFilter{Limit: 1})
	is.NoErr(err)
	is.Equal(total, 10)
}

func TestScenarioNotYetWritten(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	call := pbxCall(1, storetest.Start.Add(-10*time.Minute))
	call.ReadyFrom = storetest.Start.Add(3 * time.Minute)
	sim.Add(call)
	r.sync(store.CauseDefault)
	for range 4 {
		r.fetch()
		r.Clock.Advance(max(0, r.next()))
	}
	is.Equal(r.fetch(), 0)
	heard(t, r, sim, 1)
}

func TestScenarioArchived(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	call := pbxCall(1, storetest.Start.Add(-10*time.Minute))
	call.Archived = true
	sim.Add(call)
	r.sync(store.CauseDefault)
	for r.next() >= 0 {
		r.Clock.Advance(r.next())
		r.fetch()
	}
	is.Equal(r.recordings()[1].Error, app.AudioArchived) // it was looked for for a day, and is said to be where it is
	call.Archived = false
	sim.Add(call)
	n, err := r.RetryFailed(t.Context(), r.Business.ID, r.provider.ID)
	is.NoErr(err)
	is.Equal(n, 1)
	is.Equal(r.fetch(), 0) // a person had it brought back
	heard(t, r, sim, 1)
}

func TestScenarioTwoIntegrationsShareAHost(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sim.AddAccount("+66822222222", "pw")
	r.record(storetest.Start.Add(-2*time.Hour), 6)
	other := r.integrate(func(c *dtac.Config) { c.Username, c.Password = "+66822222222", "pw" })
	done := make(chan app.SyncRun)
	go func() {
		run, err := r.engine.Sync(t.Context(), r.Business.ID, other.ID, store.CauseSchedule)
		if err != nil {
			t.Error(err)
		}
		done <- run
	}()
	mine := r.sync(store.CauseSchedule)
	theirs := <-done
	is.Equal(mine.Status+theirs.Status, store.RunSucceeded+store.RunSucceeded)
	is.Equal(mine.Imported+theirs.Imported, 6) // each call once, whoever found it
	r.fetch()
	r.complete(6)
}
