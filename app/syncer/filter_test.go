package syncer_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/store"
)

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
