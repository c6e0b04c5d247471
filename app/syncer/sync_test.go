package syncer_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
	"crk/store"
	"crk/store/storetest"
)

func TestEveryCallArrivesOnce(t *testing.T) {
	bangkok, err := time.LoadLocation("Asia/Bangkok")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		config func(*dtac.Config)
		faults phonetest.Faults
	}{
		{"nothing wrong", nil, phonetest.Faults{}},
		{"500 past the end", nil, phonetest.Faults{AlwaysNext: true}},
		{"500 for a window without calls", nil, phonetest.Faults{EmptyFails: true}},
		{"500 now and then", nil, phonetest.Faults{FailLists: 3}},
		{"500 while anything else is asked", nil, phonetest.Faults{BurstFails: true}},
		{"rows of their own order", nil, phonetest.Faults{RandomOrder: true}},
		{"rows that move between pages", nil, phonetest.Faults{InsertAtPage: 2, Insert: []phonetest.Recording{recorded(1001, storetest.Start.Add(-time.Hour))}}},
		{"a token that ends in the middle", nil, phonetest.Faults{TokenUses: 3}},
		{"and says so with status 200", nil, phonetest.Faults{TokenUses: 3, InvalidToken: phonetest.TokenErrorJSON}},
		{"too many rows in a day", nil, phonetest.Faults{LimitRows: 7}},
		{"an inner host in addresses", nil, phonetest.Faults{NextURIHost: "internal.invalid"}},
		{"local time", func(c *dtac.Config) { c.TimeZone = "Asia/Bangkok" }, phonetest.Faults{Zone: bangkok}},
		{"a clock ten minutes ahead", nil, phonetest.Faults{ClockSkew: 10 * time.Minute}},
		{"a clock ten minutes behind", nil, phonetest.Faults{ClockSkew: -10 * time.Minute}},
		{"audio without a length", nil, phonetest.Faults{AudioNoLength: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, tt.config)
			midnight := time.Date(2026, 11, 15, 17, 0, 0, 0, time.UTC) // in Bangkok
			r.record(storetest.Start.Add(-20*time.Minute), 12)
			r.record(midnight.Add(-5*time.Minute), 11) // a call at each minute around it
			r.record(storetest.Start.AddDate(0, 0, -6), 9)
			same := storetest.Start.Add(-3 * time.Hour)
			r.sim.Add(recorded(1, same), recorded(2, same)) // in one second
			r.sim.Fail(tt.faults)

			run := r.sync(store.CauseDefault)
			is.Equal(run.Status, store.RunSucceeded)
			is.Equal(run.Error, "")
			is.Equal(run.Found, 34)
			is.Equal(run.Imported, 34)
			is.Equal(run.Skipped, 0)
			is.Equal(r.fetch(), 0) // downloads that failed
			r.complete(34)

			again := r.sync(store.CauseManual)
			is.Equal(again.Status, store.RunSucceeded)
			is.Equal(again.Imported, 0)          // nothing comes twice
			is.Equal(again.Skipped, again.Found) // all is known
			is.True(again.Found == 34)           // seven days are read again
			is.Equal(r.fetch(), 0)
			r.complete(34)
			is.Equal(len(r.sim.Stats().Unknown), 0) // nothing else is asked for
			is.Equal(r.sim.Stats().BearerRefused, 0)
		})
	}
}

func TestRecordingOfACall(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	at := time.Date(2026, 11, 15, 17, 0, 1, 0, time.UTC) // just past midnight in Bangkok
	call := recorded(100659220, at)
	call.Direction, call.FirstName, call.LastName, call.Duration = "OUT", "Nok", "S.", 3*time.Second
	r.sim.Add(call)
	r.sync(store.CauseDefault)
	r.fetch()
	rec := r.recordings()[100659220]
	is.Equal(rec.DataID, "dtac:"+strings.TrimPrefix(r.url, "http://")+":100659220")
	is.Equal(rec.CallAt, at)
	is.Equal(rec.Direction, app.Out)
	is.Equal(rec.CustomerPhone, "0899998888")
	is.Equal(rec.CustomerNormalized, "+66899998888")
	is.Equal(rec.AgentNumber, user)
	is.Equal(rec.AgentName, "Nok S.")
	is.Equal(*rec.Duration, 2) // the audio's own, not the listed three
	is.Equal(rec.ContentType, "audio/wav")
	is.Equal(rec.Size, int64(len(call.Audio)))
	stats, err := r.AudioStats(t.Context(), r.Business.ID, rec.ID)
	is.NoErr(err)
	is.Equal(stats.Codec, "ulaw")
	file, err := r.audio.Open(rec.ID)
	is.NoErr(err) // the file is kept under the recording's id
	is.NoErr(file.Close())
}

func TestNewestCallsComeFirst(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -6), 3)
	r.record(storetest.Start.Add(-time.Hour), 3)
	var seen []int
	r.onRequest(func(req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/recordings") {
			seen = append(seen, len(r.recordings()))
		}
	})
	r.sync(store.CauseDefault)
	is.Equal(seen[1], 3) // after the first window today's calls are here
	is.Equal(len(r.recordings()), 6)
}

func TestCursorStaysBeforeWhatWasNotRead(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -6), 1)
	r.record(storetest.Start.AddDate(0, 0, -3), 1)
	lists := 0
	r.onRequest(func(req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/recordings") {
			if lists++; lists == 4 { // the newest day, then two from the start
				r.sim.Fail(phonetest.Faults{ListStatus: 500})
			}
		}
	})
	run := r.sync(store.CauseDefault)
	is.Equal(run.Status, store.RunFailed)
	is.Equal(run.Error, "unexpected_response")
	is.Equal(run.Imported, 1) // what was read is kept
	is.Equal(r.provider.Cursor, storetest.Start.AddDate(0, 0, -7).Add(2*(7*24*time.Hour-2*time.Minute)/7).Truncate(time.Second))

	r.onRequest(nil)
	r.sim.Fail(phonetest.Faults{})
	run = r.sync(store.CauseSchedule)
	is.Equal(run.Status, store.RunSucceeded)
	is.Equal(r.provider.Cursor, storetest.Start.Add(-2*time.Minute))
	is.Equal(len(r.recordings()), 2)
}

func TestLateRowsAreFound(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	late := recorded(7, storetest.Start.Add(-10*time.Minute))
	late.VisibleFrom = storetest.Start.Add(3 * time.Hour)
	r.sim.Add(late)
	r.sync(store.CauseDefault)
	is.Equal(len(r.recordings()), 0)
	for range 13 {
		r.Clock.Advance(15 * time.Minute)
		r.sync(store.CauseSchedule)
	}
	is.Equal(len(r.recordings()), 1) // though the cursor had passed it
}

func TestCallsUnderWayWait(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	call := recorded(7, storetest.Start.Add(-3*time.Minute))
	call.Duration = 0
	r.sim.Add(call)
	is.Equal(r.sync(store.CauseDefault).Found, 0) // no duration yet
	call.Duration = 2 * time.Minute
	r.sim.Add(call)
	is.Equal(r.sync(store.CauseSchedule).Found, 0) // ended a minute ago
	r.Clock.Advance(15 * time.Minute)
	call.Duration, call.Audio = 3*time.Minute, phonetest.Talk(3*time.Minute).WAV()
	r.sim.Add(call)
	is.Equal(r.sync(store.CauseSchedule).Imported, 1) // over, and grown once more
	is.Equal(r.fetch(), 0)
	r.complete(1)
	is.Equal(*r.recordings()[7].Duration, 180)
}

func TestACallThatGrowsIsFetchedAgain(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	call := recorded(7, storetest.Start.Add(-time.Hour))
	r.sim.Add(call)
	r.sync(store.CauseDefault)
	r.fetch()
	is.Equal(*r.recordings()[7].Duration, 2)
	call.Duration, call.Audio = 20*time.Second, phonetest.Talk(20*time.Second).WAV()
	r.sim.Add(call)
	r.sync(store.CauseSchedule)
	is.Equal(r.recordings()[7].Status, app.AwaitingAudio)
	is.Equal(r.fetch(), 0)
	is.Equal(*r.recordings()[7].Duration, 20) // the whole of it
	r.sync(store.CauseSchedule)
	r.fetch()
	is.Equal(r.sim.Stats().Downloads[7], 2) // and that is that
}

func TestOddRowsAreCounted(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 3)
	for day := range 7 {
		r.record(storetest.Start.AddDate(0, 0, -day).Add(-2*time.Hour), 1)
	}
	r.sim.Fail(phonetest.Faults{BadRows: 1})
	run := r.sync(store.CauseDefault)
	is.Equal(run.Status, store.RunSucceeded) // they hold nothing up
	is.Equal(run.Imported, 10)
	is.Equal(run.Failed, 7) // one in each of seven windows
	is.Equal(run.Found, 17)
}

func TestFiltersSkipAndReadmit(t *testing.T) {
	is := is.New(t)
	r := newRig(t, func(c *dtac.Config) { c.MinDurationSec = 10 })
	r.record(storetest.Start.Add(-time.Hour), 2)
	run := r.sync(store.CauseDefault)
	is.Equal(run.Found, 2)
	is.Equal(run.Skipped, 2)
	is.Equal(len(r.recordings()), 0)
	s, err := r.engine.Read(app.SourceDTAC, []byte(`{"baseUrl":"`+r.url+`","username":"`+user+`"}`))
	is.NoErr(err)
	_, err = r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Config: s.Config})
	is.NoErr(err)
	is.Equal(r.sync(store.CauseSchedule).Imported, 2) // the filter is gone
}

func TestRefusedCredentialsStopAfterThree(t *testing.T) {
	is := is.New(t)
	r := newRig(t, func(c *dtac.Config) { c.Password = "wrong" })
	for range 3 {
		run := r.sync(store.CauseSchedule)
		is.Equal(run.Status, store.RunFailed)
		is.Equal(run.Error, "invalid_credentials")
	}
	is.Equal(r.provider.State, app.ProviderStopped)
	is.Equal(r.sim.Stats().LoginsRefused, 3) // one sign-in a run
	is.True(r.provider.NextSyncAt.IsZero())

	secret := app.Secret(password)
	_, err := r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Secret: &secret})
	is.NoErr(err)
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded) // the new password serves at once
	is.Equal(r.sim.Stats().Logins, 1)
	r.sync(store.CauseSchedule)
	is.Equal(r.sim.Stats().Logins, 1) // and its token is kept from run to run
}

func TestFailuresHaveACode(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		code   string
	}{
		{"not allowed", phonetest.Faults{ListStatus: 403}, "forbidden"},
		{"something else there", phonetest.Faults{LoginHTML: true}, "unexpected_response"},
		{"failing", phonetest.Faults{ListStatus: 503}, "unexpected_response"},
		{"asked too often", phonetest.Faults{ListStatus: 429}, "unexpected_response"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			r.sim.Fail(tt.faults)
			run := r.sync(store.CauseSchedule)
			is.Equal(run.Status, store.RunFailed)
			is.Equal(run.Error, tt.code)
			is.Equal(r.provider.LastSync.Error, tt.code) // and people see it
			is.True(r.provider.Cursor.IsZero())
		})
	}
}

func TestARunCutOffLosesNothing(t *testing.T) {
	const calls = 23
	for cut := 1; cut <= 12; cut++ { // at each request in turn
		r := newRig(t, nil)
		r.record(storetest.Start.Add(-30*time.Hour), calls)
		ctx, stop := context.WithCancel(t.Context())
		requests := 0
		r.onRequest(func(*http.Request) {
			if requests++; requests == cut {
				stop()
			}
		})
		run, err := r.engine.Sync(ctx, r.Business.ID, r.provider.ID, store.CauseSchedule)
		if err != nil || run.Status != store.RunInterrupted {
			t.Fatalf("cut at request %d: the run is %s, %v", cut, run.Status, err)
		}
		if p := r.reread(r.provider.ID); !p.NextSyncAt.Equal(r.Clock.Now()) {
			t.Errorf("cut at request %d: the next sync is at %v, want at once", cut, p.NextSyncAt)
		}
		r.onRequest(nil)
		r.restart()
		r.sync(store.CauseSchedule)
		r.fetch()
		r.complete(calls)
	}
}

func TestTwoIntegrationsOfOneHost(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sim.AddAccount("+66822222222", "pw")
	mine := recorded(1, storetest.Start.Add(-time.Hour))
	mine.Account = user
	theirs := recorded(2, storetest.Start.Add(-time.Hour))
	theirs.Account = "+66822222222"
	r.sim.Add(mine, theirs, recorded(3, storetest.Start.Add(-time.Hour)))
	other := r.integrate(func(c *dtac.Config) { c.Username, c.Password = "+66822222222", "pw" })
	r.sync(store.CauseSchedule)
	run, err := r.engine.Sync(t.Context(), r.Business.ID, other.ID, store.CauseSchedule)
	is.NoErr(err)
	is.Equal(run.Found, 2)
	is.Equal(run.Imported, 1) // what both see is one call
	is.Equal(r.fetch(), 0)
	r.complete(3)
}

func TestOneRunAtATime(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	var inner error
	r.onRequest(func(*http.Request) {
		if inner == nil {
			_, inner = r.engine.Sync(t.Context(), r.Business.ID, r.provider.ID, store.CauseManual)
		}
	})
	is.Equal(r.sync(store.CauseSchedule).Status, store.RunSucceeded)
	is.True(app.IsKind(inner, app.Conflict)) // while one goes on
}
