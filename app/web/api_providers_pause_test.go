package web_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/store/storetest"
)

func TestPausingCutsTheSyncThatGoesOn(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	p.sim.Fail(phonetest.Faults{SlowList: time.Hour})
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"isActive": true}).status, 200)
	p.until(t, func() bool { return p.sim.Stats().Lists > 0 })
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"name": "Renamed"}).status, 200)
	is.Equal(p.call(t, "GET", path, p.key, nil).json(t)["lastSync"].(map[string]any)["status"], "running") // another change cuts nothing
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"isActive": false}).status, 200)
	is.Equal(p.lastSync(t, path)["status"], "interrupted")
	is.Equal(p.call(t, "GET", path, p.key, nil).json(t)["nextSyncAt"], nil)
}

// TestAChangedFilterLetsOldCallsIn: also those of longer ago than any sync or
// comparison looks by itself.
func TestAChangedFilterLetsOldCallsIn(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	p.sim.Add(phonetest.Recording{
		ID: 7, StartedAt: storetest.Start.AddDate(0, 0, -60), Duration: 2 * time.Second,
		LocalParty: phoneUser, RemoteParty: "0899998888", Direction: "IN", Audio: phonetest.Talk(2 * time.Second).WAV(),
	})
	a := p.call(t, "POST", providersPath, p.key, map[string]any{
		"kind": "dtac", "name": "OneCall", "config": p.config("minDurationSec", 30, "backfillFrom", "2026-09-01"),
	})
	is.Equal(a.status, 201)
	path := providersPath + "/" + a.json(t)["id"].(string)
	p.call(t, "PATCH", path, p.key, map[string]any{"isActive": true})
	calls := func() int {
		_, n, err := p.Recordings(t.Context(), p.Business.ID, app.RecordingFilter{Limit: 10})
		is.NoErr(err)
		return n
	}
	backfilled := func() bool {
		b, ok, err := p.Backfill(t.Context(), p.Business.ID, a.json(t)["id"].(string))
		return err == nil && ok && b.State == app.BackfillDone
	}
	p.until(t, backfilled)
	is.Equal(calls(), 0)
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"config": map[string]any{"minDurationSec": 1}}).status, 200)
	p.until(t, func() bool { return backfilled() && calls() == 1 })
}
