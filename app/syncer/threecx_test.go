package syncer_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/audio"
	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

// newThreeCX starts a rig whose integration is at a simulated 3CX, which the
// settings are completed for.
func newThreeCX(t *testing.T, cfg threecx.Config) (*rig, *phonetest.ThreeCX) {
	t.Helper()
	r := &rig{Fixture: storetest.New(t), t: t}
	sim := phonetest.NewThreeCX()
	sim.SetClock(r.Clock.Now)
	sim.AddClient("reader", password)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		hook := r.hook
		r.mu.Unlock()
		if hook != nil {
			hook(req)
		}
		sim.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	identity, err := r.AudioIdentity(t.Context())
	if err != nil {
		t.Fatal("audio identity:", err)
	}
	if r.audio, err = audio.OpenStore(t.TempDir(), identity); err != nil {
		t.Fatal("audio store:", err)
	}
	r.engine = new3CXEngine(r)
	cfg.BaseURL, cfg.Username, cfg.Password = srv.URL, "reader", password
	raw, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.engine.Read(app.SourceThreeCX, raw)
	if err != nil {
		t.Fatal("settings:", err)
	}
	r.provider, err = r.AddProvider(t.Context(), app.Provider{
		BusinessID: r.Business.ID, Kind: app.SourceThreeCX, Name: "3CX", Host: s.Host, Config: s.Config, Secret: s.Secret,
		Interval: 15 * time.Minute, Backfill: storetest.Start.AddDate(0, 0, -7),
	})
	if err != nil {
		t.Fatal("add provider:", err)
	}
	if err := r.SetDefaultProvider(t.Context(), r.Business.ID, r.provider.ID); err != nil {
		t.Fatal("set default:", err)
	}
	return r, sim
}

// new3CXEngine makes an engine for a rig.
func new3CXEngine(r *rig) *syncer.Engine {
	return syncer.New(syncer.Options{
		DB: r.Store, Audio: r.audio, Log: slog.New(slog.DiscardHandler), Client: trusting(http.DefaultClient), MaxAudio: maxAudio,
		Kinds: map[string]syncer.Kind{app.SourceThreeCX: syncer.ThreeCX(
			threecx.WithSleep(func(ctx context.Context, _ time.Duration) error { return ctx.Err() }),
			threecx.WithClock(r.Clock.Now),
		)},
	})
}

func pbxCall(id int64, at time.Time) phonetest.PBXRecording {
	return phonetest.PBXRecording{
		ID: id, StartedAt: at, EndedAt: at.Add(2 * time.Second), CallType: "InboundExternal", Audio: phonetest.Talk(2 * time.Second).WAV(),
		From: phonetest.Outside("0899998888"), To: phonetest.Extension("116", "Dina R."),
	}
}

func TestEvery3CXCallArrivesOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
	}{
		{"nothing wrong", phonetest.PBXFaults{}},
		{"tokens for four requests, one at a time", phonetest.PBXFaults{TokenUses: 4}},
		{"next links", phonetest.PBXFaults{NextLink: phonetest.NextMore}},
		{"busy every fourth time", phonetest.PBXFaults{BusyEvery: 4}},
		{"failing lists", phonetest.PBXFaults{FailLists: 3}},
		{"the call log alone", phonetest.PBXFaults{Role: phonetest.GroupManager}},
		{"a clock behind", phonetest.PBXFaults{ClockSkew: -10 * time.Minute}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r, sim := newThreeCX(t, threecx.Config{})
			for i := range 30 {
				sim.Add(pbxCall(int64(i+1), storetest.Start.Add(-time.Duration(5*(30-i))*time.Hour)))
			}
			sim.Fail(tt.faults)
			run := r.sync(store.CauseDefault)
			is.Equal(run.Status, store.RunSucceeded)
			is.Equal(run.Imported, 30)
			for range 15 { // one that is refused comes again, and has the others wait
				r.fetch()
				r.Clock.Advance(time.Minute)
			}
			again := r.sync(store.CauseManual)
			is.Equal(again.Status, store.RunSucceeded)
			is.Equal(again.Imported, 0) // nothing comes twice
			is.Equal(again.Found, 30)
			all := r.recordings()
			is.Equal(len(all), 30)
			for id, rec := range all {
				is.True(rec.HasAudio())
				is.Equal(sim.Stats().Downloads[id], 1) // each is downloaded once
			}
			is.Equal(len(sim.Stats().Writes)+len(sim.Stats().Unknown)+len(sim.Stats().BadRequests), 0)
		})
	}
}

func TestRecordingOfA3CXCall(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	call := pbxCall(63214, time.Date(2026, 11, 15, 17, 0, 1, 817332000, time.UTC))
	call.CallType, call.From, call.To = "OutboundExternal", call.To, call.From
	call.Archived = true
	inner := pbxCall(63215, call.StartedAt)
	inner.CallType, inner.From = "Local", phonetest.Extension("101", "Nok")
	sim.Add(call, inner)
	run := r.sync(store.CauseDefault)
	is.Equal(run.Found, 2)
	is.Equal(run.Skipped, 1) // a call between two extensions
	is.Equal(r.fetch(), 1)   // the file is elsewhere
	call.Archived = false
	sim.Add(call)
	r.Clock.Advance(time.Minute)
	is.Equal(r.fetch(), 0) // and was looked for again
	rec := r.recordings()[63214]
	is.Equal(rec.DataID, "threecx:"+strings.TrimPrefix(r.url, "http://")+":63214")
	is.Equal(rec.Source, app.SourceThreeCX)
	is.Equal(rec.CallAt, call.StartedAt.Truncate(time.Millisecond))
	is.Equal(rec.Direction, app.Out)
	is.Equal(rec.CustomerNormalized, "+66899998888")
	is.Equal(rec.AgentNumber, "116")
	is.Equal(rec.AgentName, "Dina R.")
	is.True(rec.HasAudio())
}

func Test3CXCallsUnderWayWait(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	call := pbxCall(7, storetest.Start.Add(-10*time.Minute))
	call.EndedAt = time.Time{}
	sim.Add(call)
	is.Equal(r.sync(store.CauseDefault).Found, 0) // it goes on
	call.EndedAt = storetest.Start.Add(-time.Minute)
	sim.Add(call)
	is.Equal(r.sync(store.CauseSchedule).Found, 0) // it ended a minute ago
	r.Clock.Advance(15 * time.Minute)
	is.Equal(r.sync(store.CauseSchedule).Imported, 1)
}

// TestATestTakesNoTokenFromASync has a person test the connection at each request of
// a sync, at a 3CX at which one token serves at a time.
func TestATestTakesNoTokenFromASync(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	for i := range 20 {
		sim.Add(pbxCall(int64(i+1), storetest.Start.Add(-time.Duration(i+1)*time.Hour)))
	}
	p := r.reread(r.provider.ID)
	typed := syncer.Settings{Config: p.Config, Secret: p.Secret}
	tested := 0
	r.onRequest(func(req *http.Request) {
		if req.Method != http.MethodGet {
			return
		}
		r.onRequest(nil) // not of the tests' own requests
		for _, test := range []func() (phone.Report, error){
			func() (phone.Report, error) { return r.engine.ProbeStored(t.Context(), p) },
			func() (phone.Report, error) { return r.engine.Probe(t.Context(), p.Kind, typed) },
		} {
			report, err := test()
			if err != nil || report.RecordingsSeen != 20 {
				t.Errorf("test: %d recordings, %v", report.RecordingsSeen, err)
			}
			tested++
		}
	})
	run := r.sync(store.CauseDefault)
	is.Equal(run.Status, store.RunSucceeded)
	is.Equal(run.Imported, 20)
	is.Equal(tested, 2)
	is.Equal(sim.Stats().ClientSignIns, 1) // the sync's own
}

func TestLate3CXRowsAreFound(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	late := pbxCall(7, storetest.Start.Add(-3*time.Hour))
	late.VisibleFrom = storetest.Start.Add(time.Minute)
	sim.Add(late, pbxCall(8, storetest.Start.Add(-time.Hour)))
	is.Equal(r.sync(store.CauseDefault).Imported, 1)
	r.Clock.Advance(15 * time.Minute)
	is.Equal(r.sync(store.CauseSchedule).Imported, 1) // though a later call with a higher id was here
}

func TestInternal3CXCallsAreReadmitted(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	inner := pbxCall(7, storetest.Start.Add(-time.Hour))
	inner.CallType, inner.From = "Local", phonetest.Extension("101", "Nok")
	sim.Add(inner)
	is.Equal(r.sync(store.CauseDefault).Skipped, 1)
	s, err := r.engine.Read(app.SourceThreeCX, []byte(`{"baseUrl":"`+r.url+`","username":"reader","importInternal":true}`))
	is.NoErr(err)
	_, err = r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Config: s.Config})
	is.NoErr(err)
	is.Equal(r.sync(store.CauseSchedule).Imported, 1)
	is.Equal(r.recordings()[7].Direction, app.InternalCall)
}

func TestA3CXThatCountsAnew(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	first := pbxCall(1, storetest.Start.Add(-5*time.Hour))
	sim.Add(first, pbxCall(2, storetest.Start.Add(-4*time.Hour)))
	is.Equal(r.sync(store.CauseDefault).Imported, 2)
	is.Equal(r.fetch(), 0)
	second := pbxCall(1, storetest.Start.Add(-time.Hour)) // after it was set up anew
	sim.Remove(2)
	sim.Add(second)
	is.Equal(r.sync(store.CauseManual).Imported, 1)
	is.Equal(r.sync(store.CauseManual).Imported, 0) // once
	is.Equal(r.fetch(), 0)
	all, _, err := r.Recordings(t.Context(), r.Business.ID, app.RecordingFilter{Limit: 10})
	is.NoErr(err)
	is.Equal(len(all), 3)
	is.Equal(all[0].CallAt, second.StartedAt)
	is.Equal(all[0].DataID, "threecx:"+strings.TrimPrefix(r.url, "http://")+":1@"+second.StartedAt.Format("20060102T150405Z"))
	is.Equal(sim.Stats().Downloads, map[int64]int{1: 2, 2: 1})
}

func TestA3CXWithoutTheRole(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	sim.Add(pbxCall(1, storetest.Start.Add(-time.Hour)))
	sim.Fail(phonetest.PBXFaults{Role: phonetest.OrdinaryUser})
	run := r.sync(store.CauseSchedule)
	is.Equal(run.Status, store.RunFailed)
	is.Equal(run.Error, "forbidden")
	is.True(r.provider.Cursor.IsZero()) // nothing was read
	sim.Fail(phonetest.PBXFaults{})
	is.Equal(r.sync(store.CauseSchedule).Imported, 1)
}

func TestRefused3CXCredentialsStopAfterThree(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{Auth: threecx.AuthAPIClient})
	sim.AddClient("reader", "another")
	for range 3 {
		is.Equal(r.sync(store.CauseSchedule).Error, "invalid_credentials")
	}
	is.Equal(r.provider.State, app.ProviderStopped)
	is.Equal(sim.Stats().ClientRefused, 3) // one sign-in a run
}

func TestAUsersSignInIsRememberedOverARestart(t *testing.T) {
	is := is.New(t)
	r, sim := newThreeCX(t, threecx.Config{})
	sim.AddClient("reader", "another")
	sim.AddUser("reader", password)
	is.Equal(r.sync(store.CauseDefault).Status, store.RunSucceeded)
	is.Equal(sim.Stats().ClientRefused, 1)
	for range 3 {
		r.engine = new3CXEngine(r) // as a new process has
		is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded)
	}
	is.Equal(sim.Stats().ClientRefused, 1) // 3CX shuts out who is refused too often
	is.Equal(sim.Stats().UserSignIns, 4)
}
