package syncer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/store"
	"crk/store/storetest"
)

// These are what users of such engines suffered, each with its own test: what is
// peculiar to OrkTrack, and below what downloads and stops do. scenario_pbx_test.go
// has those of 3CX.

// arrive runs syncs and downloads until everything had time to come, and fails the
// test unless n calls are here, each once and with its audio.
func (r *rig) arrive(n int) {
	r.t.Helper()
	is := is.New(r.t)
	is.Equal(r.sync(store.CauseDefault).Status, store.RunSucceeded)
	r.fetch()
	is.Equal(r.sync(store.CauseManual).Imported, 0) // all came the first time
	r.fetch()
	r.complete(n)
}

func TestScenarioDuplicateRowsAcrossPages(t *testing.T) {
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 12)
	r.sim.Fail(phonetest.Faults{InsertAtPage: 2, Insert: []phonetest.Recording{ // the rows move by two
		recorded(5001, storetest.Start.Add(-10*time.Minute)), recorded(5002, storetest.Start.Add(-11*time.Minute)),
	}})
	is.New(t).Equal(r.sync(store.CauseDefault).Status, store.RunSucceeded)
	r.sync(store.CauseSchedule) // has what came in between
	r.fetch()
	r.complete(14)
}

func TestScenario500PastTheEnd(t *testing.T) {
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 10) // two full pages
	r.sim.Fail(phonetest.Faults{AlwaysNext: true})
	run := r.sync(store.CauseDefault)
	is := is.New(t)
	is.Equal(run.Status, store.RunSucceeded) // the page after the last is no failure
	r.fetch()
	r.complete(10)
}

func TestScenarioEmptyFirstPage500(t *testing.T) {
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -6), 3) // and then days without a call
	r.sim.Fail(phonetest.Faults{EmptyFails: true})
	r.arrive(3)
}

func TestScenarioBurst500(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.AddDate(0, 0, -20), 8)
	r.record(storetest.Start.Add(-2*time.Hour), 8)
	r.since(storetest.Start.AddDate(0, 0, -30))
	r.sim.Fail(phonetest.Faults{BurstFails: true})
	r.live() // the sync and the back-fill ask one at a time
	r.eventually("the end of the back-fill", func() bool { return len(r.recordings()) == 16 })
	is.Equal(r.sim.Stats().ServerErrors, 0)
}

func TestScenarioTokenKilledMidPage(t *testing.T) {
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 14)
	lists := 0
	r.onRequest(func(req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/recordings") {
			if lists++; lists == 2 {
				r.sim.EndSessions() // between two pages
			}
		}
	})
	r.arrive(14)
}

func TestScenarioWrongPassword(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.sim.AddAccount(user, "changed")
	for range 5 {
		r.sync(store.CauseSchedule)
	}
	is.Equal(r.sim.Stats().LoginsRefused, 5) // Sync is asked for here; the schedule asks no more:
	is.Equal(r.provider.State, app.ProviderStopped)
	is.True(r.provider.NextSyncAt.IsZero())
	is.Equal(r.told(), []string{"Phone system refuses the password: OneCall"}) // told once
}

func TestScenarioLateRow(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	late := recorded(1, storetest.Start.Add(-3*time.Hour))
	late.VisibleFrom = storetest.Start.Add(time.Minute)
	r.sim.Add(late)
	r.record(storetest.Start.Add(-time.Hour), 2)
	is.Equal(r.sync(store.CauseDefault).Imported, 2)
	r.Clock.Advance(15 * time.Minute)
	is.Equal(r.sync(store.CauseSchedule).Imported, 1) // three hours behind the cursor
}

func TestScenarioRowGrowing(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	call := recorded(7, storetest.Start.Add(-10*time.Minute))
	r.sim.Add(call)
	r.sync(store.CauseDefault)
	is.Equal(r.fetch(), 0)
	call.Duration, call.Audio = 30*time.Second, phonetest.Talk(30*time.Second).WAV()
	r.sim.Add(call)
	r.sync(store.CauseSchedule)
	is.Equal(r.fetch(), 0)
	is.Equal(*r.recordings()[7].Duration, 30) // the whole of it is here
	is.Equal(len(r.recordings()), 1)
}

func TestScenarioMidnightInBangkok(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	midnight := time.Date(2026, 11, 14, 17, 0, 0, 0, time.UTC)
	r.sim.Add(recorded(1, midnight.Add(-time.Second)), recorded(2, midnight))
	r.sync(store.CauseDefault)
	r.live()
	r.compare()
	days := r.days()
	is.Equal(days["2026-11-14"].Listed, 1) // each on its own day of the business
	is.Equal(days["2026-11-15"].Listed, 1)
	is.Equal(r.recordings()[2].CallAt.UTC(), midnight) // and kept in UTC
}

func TestScenarioTwoCallsInOneSecond(t *testing.T) {
	r := newRig(t, nil)
	at := storetest.Start.Add(-time.Hour)
	r.sim.Add(recorded(1, at), recorded(2, at))
	r.arrive(2)
}

func TestScenarioClockSkew(t *testing.T) {
	for _, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			r := newRig(t, nil)
			r.record(storetest.Start.Add(-26*time.Hour), 5)
			r.sim.Fail(phonetest.Faults{ClockSkew: skew})
			r.arrive(5)
		})
	}
}

func TestScenarioInternalHostInNextPage(t *testing.T) {
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-2*time.Hour), 12)
	r.sim.Fail(phonetest.Faults{NextURIHost: "internal.invalid"})
	r.arrive(12)
}

func TestScenarioBadAudio(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
	}{
		{"0 bytes", phonetest.Faults{AudioEmpty: true}},
		{"truncated", phonetest.Faults{AudioTruncate: 500, Range: phonetest.RangeIgnored}},
		{"shorter than it says", phonetest.Faults{AudioShort: 500}},
		{"HTML as audio", phonetest.Faults{AudioHTML: true}},
		{"JSON as audio", phonetest.Faults{AudioJSON: `{"error":"no such file"}`}},
		{"404, then 200", phonetest.Faults{AudioNotFoundFirst: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := oneCall(t)
			r.sim.Fail(tt.faults)
			is.Equal(r.fetch(), 1)
			is.Equal(r.recordings()[7].Status, app.AwaitingAudio) // nothing of it is kept
			is.Equal(r.files(), 0)
			r.sim.Fail(phonetest.Faults{})
			r.Clock.Advance(max(0, r.next()))
			is.Equal(r.fetch(), 0)
			is.Equal(r.recordings()[7].Status, app.Queued)
			is.Equal(r.files(), 1)
		})
	}
}

// files counts what is in the audio store.
func (r *rig) files() (n int) {
	r.t.Helper()
	err := filepath.WalkDir(r.audioDir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestScenarioEncodings(t *testing.T) {
	file := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("..", "audio", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sound := func(e phonetest.Encoding) []byte {
		s := phonetest.Talk(2 * time.Second)
		s.Encoding = e
		return s.WAV()
	}
	for _, tt := range []struct {
		name, contentType string
		audio             []byte
	}{
		{"A-law", "audio/wav", sound(phonetest.ALaw)},
		{"µ-law", "audio/wav", sound(phonetest.MuLaw)},
		{"PCM", "audio/wav", sound(phonetest.PCM)},
		{"GSM", "audio/wav", file("speech-gsm.wav")},
		{"MP3", "audio/mpeg", file("8000-mono.mp3")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			call := recorded(7, storetest.Start.Add(-time.Hour))
			call.Audio, call.Duration, call.ContentType = tt.audio, time.Second, "application/octet-stream"
			r.sim.Add(call)
			r.sync(store.CauseDefault)
			is.Equal(r.fetch(), 0)
			rec := r.recordings()[7]
			is.Equal(rec.Status, app.Queued)
			is.Equal(rec.ContentType, tt.contentType) // told by its bytes
			is.Equal(rec.Size, int64(len(tt.audio)))  // and kept as it came
		})
	}
}

// TestScenarioStopDuringADownload is a stop in the middle of the bytes. The kills
// of the whole program are in app/e2e.
func TestScenarioStopDuringADownload(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioStall: true})
	claimed, err := r.ClaimJobs(t.Context(), app.JobFetch, 1, time.Minute)
	is.NoErr(err)
	ctx, stop := context.WithCancel(t.Context())
	r.onRequest(func(*http.Request) { time.AfterFunc(10*time.Millisecond, stop) })
	is.True(errors.Is(r.engine.Fetch(ctx, claimed[0]), context.Canceled))
	is.Equal(r.files(), 0) // nothing is left of it
	is.NoErr(r.ReleaseAllJobs(t.Context()))
	r.onRequest(nil)
	r.sim.Fail(phonetest.Faults{})
	is.Equal(r.fetch(), 0)
	is.Equal(r.recordings()[7].Status, app.Queued)
}

// TestScenarioStopBetweenRenameAndCommit is a file that is there, of a call that
// the database does not know to be.
func TestScenarioStopBetweenRenameAndCommit(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	id := r.recordings()[7].ID
	pending, err := r.audio.Write(t.Context(), strings.NewReader("RIFF....WAVE half of a file"), 1<<20)
	is.NoErr(err)
	is.NoErr(pending.Commit(id))
	is.Equal(r.fetch(), 0)
	is.Equal(r.files(), 1)
	is.Equal(r.recordings()[7].Size, int64(len(recorded(7, storetest.Start).Audio))) // it was replaced whole
}

// TestScenarioBackfillWithLiveCalls goes back through many calls while new ones end.
// CRK_SYNC_CALLS says how many; 100000 takes some minutes.
func TestScenarioBackfillWithLiveCalls(t *testing.T) {
	is := is.New(t)
	n := numberFrom(t, "CRK_SYNC_CALLS", 2000)
	r := newRig(t, nil)
	r.since(storetest.Start.AddDate(0, 0, -60))
	gap := 50 * 24 * time.Hour / time.Duration(n)
	for i := range n {
		r.sim.Add(recorded(int64(10_000+i), storetest.Start.AddDate(0, 0, -8).Add(-gap*time.Duration(i))))
	}
	r.setPageSize(500)
	r.sync(store.CauseDefault)
	r.live()
	for i := range 10 { // new calls end while it goes back
		r.sim.Add(recorded(int64(i+1), storetest.Start.Add(-time.Duration(20-i)*time.Minute)))
		r.eventuallyWithin(time.Minute, "a sync after the call", func() bool {
			run, err := r.engine.Sync(t.Context(), r.Business.ID, r.provider.ID, store.CauseSchedule)
			if app.IsKind(err, app.Conflict) {
				return false // one is under way that may have read before the call ended
			}
			is.NoErr(err)
			is.Equal(run.Status, store.RunSucceeded)
			return true
		})
		id := fmt.Sprintf("dtac:%s:%d", r.provider.Host, i+1)
		is.Equal(r.Text(t, `SELECT count(*) FROM recordings WHERE data_id = ?`, id), "1") // they are here at once
	}
	r.eventuallyWithin(10*time.Minute, "the end of the back-fill", func() bool { return r.back().State == app.BackfillDone })
	_, total, err := r.Recordings(t.Context(), r.Business.ID, app.RecordingFilter{Limit: 1})
	is.NoErr(err)
	is.Equal(total, n+10)
}
