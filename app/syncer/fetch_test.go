package syncer_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
	"crk/store"
	"crk/store/storetest"
)

// oneCall is a rig whose phone system has one call, listed already.
func oneCall(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, nil)
	r.sim.Add(recorded(7, storetest.Start.Add(-time.Hour)))
	r.sync(store.CauseDefault)
	return r
}

func (r *rig) next() time.Duration {
	r.t.Helper()
	at, err := r.NextJobAt(r.t.Context(), app.JobFetch, time.Time{})
	if err != nil {
		r.t.Fatal("next job:", err)
	}
	if at.IsZero() {
		return -1
	}
	return at.Sub(r.Clock.Now())
}

func TestBadAudioIsAskedForAgain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		gives  string // the code when nothing better comes
		came   string // how the history begins to say what came
	}{
		{"a page", phonetest.Faults{AudioHTML: true}, app.AudioFetchFailed, "HTTP 200: a web page came instead of audio (audio/x-wav, "},
		{"an error in JSON", phonetest.Faults{AudioJSON: `{"error":"disk"}`}, app.AudioFetchFailed, "HTTP 200: an answer in JSON came instead of audio (audio/x-wav, 16 bytes)"},
		{"nothing", phonetest.Faults{AudioEmpty: true}, app.AudioFetchFailed, "HTTP 200: the file is empty (audio/x-wav, 0 bytes)"},
		{"a header without sound", phonetest.Faults{AudioShort: 16000}, app.AudioUnreadable, "syncer: what came is no whole recording"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := oneCall(t)
			r.sim.Fail(tt.faults)
			is.Equal(r.fetch(), 1)
			is.Equal(r.recordings()[7].Status, app.AwaitingAudio) // it waits
			is.Equal(r.next(), time.Minute)
			r.sim.Fail(phonetest.Faults{})
			r.Clock.Advance(time.Minute)
			is.Equal(r.fetch(), 0)
			is.Equal(r.recordings()[7].Status, app.Queued) // good audio serves
		})
		t.Run(tt.name+" each time", func(t *testing.T) {
			is := is.New(t)
			r := oneCall(t)
			r.sim.Fail(tt.faults)
			for range 3 {
				is.Equal(r.fetch(), 1)
				r.Clock.Advance(time.Hour)
			}
			is.Equal(r.recordings()[7].Status, app.Failed) // after three tries
			is.Equal(r.recordings()[7].Error, tt.gives)
			is.True(strings.HasPrefix(r.Text(t, `SELECT detail FROM stage_events WHERE stage = 'bad_audio'`), tt.came)) // told to who helps
			is.Equal(r.next(), time.Duration(-1))
			names := 0
			for range r.audio.Names() {
				names++
			}
			is.Equal(names, 0) // nothing of it is kept

			r.sim.Fail(phonetest.Faults{})
			r.sync(store.CauseManual)
			is.Equal(r.fetch(), 0)
			is.Equal(r.recordings()[7].Status, app.Queued) // a person can have it tried anew
		})
	}
}

func TestFetchLetsAnUploadFinish(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	call := r.recordings()[7]
	release, ok := r.audio.Claim(call.ID)
	is.True(ok) // as an upload does
	is.Equal(r.fetch(), 1)
	is.Equal(r.recordings()[7].Status, app.AwaitingAudio) // nothing is written beside it
	is.Equal(r.next(), time.Minute)
	release()
	r.Clock.Advance(time.Minute)
	is.Equal(r.fetch(), 0)
	is.Equal(r.recordings()[7].Status, app.Queued) // and then the download is kept after all
}

func TestShortAudioIsBetterThanNone(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	call := recorded(7, storetest.Start.Add(-time.Hour))
	call.Duration = time.Minute // but the file has two seconds
	r.sim.Add(call)
	r.sync(store.CauseDefault)
	is.Equal(r.fetch(), 1) // suspicious
	r.Clock.Advance(time.Minute)
	is.Equal(r.fetch(), 1)
	r.Clock.Advance(time.Hour)
	is.Equal(r.fetch(), 0) // at last it is kept
	is.Equal(*r.recordings()[7].Duration, 2)
	r.sync(store.CauseManual)
	is.Equal(r.next(), time.Duration(-1)) // and not asked for for ever
}

func TestAudioCutOffIsNotKept(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioTruncate: 100, Range: phonetest.RangeIgnored})
	is.Equal(r.fetch(), 1) // the connection broke
	is.Equal(r.recordings()[7].Status, app.AwaitingAudio)
	r.sim.Fail(phonetest.Faults{AudioShort: 3000})
	r.Clock.Advance(time.Hour)
	is.Equal(r.fetch(), 1) // the file is shorter than it says
	r.sim.Fail(phonetest.Faults{})
	r.Clock.Advance(time.Hour)
	is.Equal(r.fetch(), 0)
	file, err := r.audio.Open(r.recordings()[7].ID)
	is.NoErr(err)
	defer file.Close()
	got, err := io.ReadAll(file.Reader())
	is.NoErr(err)
	is.True(bytes.Equal(got, recorded(7, storetest.Start).Audio)) // whole
}

func TestAudioThatIsNotThereYet(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioStatus: 404})
	is.Equal(r.fetch(), 1)
	var pauses []time.Duration
	for pause := r.next(); pause > 0; pause = r.next() {
		pauses = append(pauses, pause)
		r.Clock.Advance(pause)
		is.Equal(r.fetch(), 1)
	}
	is.Equal(pauses, []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 6 * time.Hour, 24 * time.Hour})
	is.Equal(r.recordings()[7].Error, app.AudioGone)

	r = oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioNotFoundFirst: 1})
	is.Equal(r.fetch(), 1)
	for range 10 { // a person asks again and again
		r.sim.Fail(phonetest.Faults{AudioStatus: 404})
		r.sync(store.CauseManual)
		is.Equal(r.fetch(), 1) // at once
	}
	is.Equal(r.next(), time.Minute) // which uses none of the looks up
	r.sim.Fail(phonetest.Faults{})
	r.Clock.Advance(time.Minute)
	is.Equal(r.fetch(), 0)
	r.complete(1)
}

func TestTroubleOfThePhoneSystemIsWaitedFor(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioStatus: 503})
	for range 20 {
		is.Equal(r.fetch(), 1)
		is.True(r.next() > 0 && r.next() <= 75*time.Minute) // less and less often, to about an hour
		r.Clock.Advance(r.next())
	}
	r.sim.Fail(phonetest.Faults{})
	r.fetch() // the circuit may be open still
	r.Clock.Advance(max(0, r.next()))
	is.Equal(r.fetch(), 0)
	r.complete(1)

	r = oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioStatus: 503})
	r.fetch()
	r.Clock.Advance(7*24*time.Hour + time.Hour)
	r.fetch()
	is.Equal(r.recordings()[7].Error, app.AudioFetchFailed) // a week is enough
}

func TestRefusedDownloadsStopTheIntegration(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 8)
	r.sync(store.CauseDefault)
	r.sim.AddAccount(user, "changed")
	r.sim.EndSessions()
	is.Equal(r.fetch(), 8)
	is.Equal(r.sim.Stats().LoginsRefused, 3) // then no more
	is.Equal(r.reread(r.provider.ID).State, app.ProviderStopped)
	r.Clock.Advance(2 * time.Hour)
	r.fetch()
	is.Equal(r.sim.Stats().LoginsRefused, 3)

	secret := app.Secret("changed")
	_, err := r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Secret: &secret})
	is.NoErr(err)
	r.sync(store.CauseManual)
	is.Equal(r.fetch(), 0)
	r.complete(8) // none was given up
}

func TestAFileFromBeforeACrashIsReplaced(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	id := r.recordings()[7].ID
	_, err := r.audio.Put(t.Context(), id, strings.NewReader("RIFF of the process that was killed"), 1<<20)
	is.NoErr(err)
	is.Equal(r.fetch(), 0)
	file, err := r.audio.Open(id)
	is.NoErr(err)
	defer file.Close()
	is.Equal(file.Size(), r.recordings()[7].Size)
	r.complete(1)
}

func TestACallDeletedWhileItIsDownloaded(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	id := r.recordings()[7].ID
	r.onRequest(func(req *http.Request) {
		if strings.Contains(req.URL.Path, "mediastream") {
			is.NoErr(r.DeleteRecording(t.Context(), r.Business.ID, nil, id))
		}
	})
	r.fetch()
	is.Equal(len(r.recordings()), 0)
	_, err := r.audio.Open(id)
	is.True(err != nil) // no file is left
	is.Equal(r.next(), time.Duration(-1))
}

func TestDownloadsOfADeletedIntegration(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	is.NoErr(r.DeleteProvider(t.Context(), r.Business.ID, r.provider.ID))
	is.Equal(r.fetch(), 1)
	is.Equal(r.recordings()[7].Error, app.AudioFetchFailed)
	again := r.integrate(nil)
	r.provider = again
	r.sync(store.CauseDefault)
	is.Equal(r.fetch(), 0)
	r.complete(1) // the same system, added again, hands it out
}

func TestUploadedAudioWins(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	rec := r.recordings()[7]
	_, err := r.SetAudio(t.Context(), r.Business.ID, rec.ID, store.AudioFile{Size: 9, SHA256: "x", ContentType: "audio/wav"})
	is.NoErr(err)
	r.fetch()
	is.Equal(r.recordings()[7].Size, int64(9))
	is.Equal(r.sim.Stats().Downloads[7], 0) // nothing is downloaded any more
}

func TestTwoDownloadsAtATime(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-3*time.Hour), 40)
	r.sync(store.CauseDefault)
	r.onRequest(func(*http.Request) { time.Sleep(20 * time.Millisecond) }) // so that more would be seen
	jobs, err := r.ClaimJobs(t.Context(), app.JobFetch, 10, time.Minute)
	is.NoErr(err)
	is.Equal(len(jobs), 4) // new ones are under way
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Go(func() {
			if err := r.engine.Fetch(t.Context(), j); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	is.True(r.sim.Stats().MostAtOnce <= 2) // and ask the phone system by turns
}

func TestTooLargeAudio(t *testing.T) {
	is := is.New(t)
	r := newRig(t, func(c *dtac.Config) {})
	call := recorded(7, storetest.Start.Add(-time.Hour))
	call.Audio = append(call.Audio, make([]byte, maxAudio)...)
	r.sim.Add(call)
	r.sync(store.CauseDefault)
	is.Equal(r.fetch(), 1)
	is.Equal(r.recordings()[7].Error, app.AudioTooLong) // and not tried again
	is.Equal(r.next(), time.Duration(-1))
}
