package syncer_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

func TestARecordingThatBreaksOffIsNoStrike(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioTruncate: 4000, Range: phonetest.RangeIgnored})
	for range 2 {
		is.Equal(r.fetch(), 1)
		is.Equal(r.health().Strikes, 0) // a quiet line has no other call to tell by
		r.Clock.Advance(r.next())
	}
	is.Equal(r.fetch(), 0) // at last what can be heard of it is kept
	is.Equal(r.recordings()[7].Status, app.Queued)
	is.True(r.recordings()[7].Size > 0 && r.recordings()[7].Size < int64(len(recorded(7, storetest.Start).Audio)))
	is.Equal(len(r.told()), 0)
}

func TestARecordingThatBreaksOffGoesOn(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	r.sim.Fail(phonetest.Faults{AudioBreak: 5000})
	is.Equal(r.fetch(), 0)
	is.Equal(r.recordings()[7].Size, int64(len(recorded(7, storetest.Start).Audio))) // whole
}

func TestTheLookForAMissingRecordingEnds(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	for range 4 { // not there by day, and away each night
		r.sim.Fail(phonetest.Faults{AudioStatus: 404})
		r.fetch()
		r.Clock.Advance(12 * time.Hour)
		r.sim.Fail(phonetest.Faults{AudioStatus: 503})
		r.fetch()
		r.Clock.Advance(12 * time.Hour)
	}
	is.Equal(r.recordings()[7].Error, app.AudioGone)
}

func TestMemoriesOfBeforeAreRead(t *testing.T) {
	is := is.New(t)
	is.Equal(syncer.Remembered(`{"kind":"not_yet","since":"2026-11-01T00:00:00Z","tries":3}`), map[phone.Kind]int{phone.NotYet: 3})
	is.Equal(syncer.Remembered(`{"not_yet":{"since":"2026-11-01T00:00:00Z","tries":3},"transient":{"since":"2026-11-01T00:00:00Z","tries":1}}`),
		map[phone.Kind]int{phone.NotYet: 3, phone.Transient: 1})
	is.Equal(len(syncer.Remembered("")), 0)
}

func TestDownloadsThatShareASignInShareItsRefusal(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 20)
	r.sync(store.CauseDefault)
	r.sim.AddAccount(user, "changed")
	r.sim.EndSessions()
	var both sync.WaitGroup // both are refused their token before either signs in
	both.Add(2)
	r.onRequest(func(req *http.Request) {
		if strings.Contains(req.URL.Path, "mediastream") {
			both.Done()
			both.Wait()
		}
	})
	claimed, err := r.ClaimJobs(t.Context(), app.JobFetch, 10, time.Minute)
	is.NoErr(err)
	is.True(len(claimed) >= 2)
	var wg sync.WaitGroup
	for _, j := range claimed[:2] {
		wg.Go(func() {
			if err := r.engine.Fetch(t.Context(), j); phone.KindOf(err) != phone.Credentials {
				t.Errorf("%v, want a refusal", err)
			}
		})
	}
	wg.Wait()
	is.Equal(r.reread(r.provider.ID).Refusals, r.sim.Stats().LoginsRefused) // one for each sign-in
	is.Equal(r.reread(r.provider.ID).Trouble(), "invalid_credentials")
}

func TestARefusalIsKnownByItsSignIn(t *testing.T) {
	is := is.New(t)
	g := syncer.NewGuest()
	first, second := &phone.Error{Kind: phone.Credentials}, &phone.Error{Kind: phone.Credentials}
	is.True(!g.Knows("p", first))
	is.True(g.Knows("p", first)) // of one who waited for the same sign-in
	is.True(!g.Knows("q", first))
	is.True(!g.Knows("p", second)) // the next one counts anew
}

func TestAStoppedIntegrationSaysWhy(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.record(storetest.Start.Add(-time.Hour), 8)
	r.sync(store.CauseDefault)
	r.sim.AddAccount(user, "changed")
	r.sim.EndSessions()
	r.fetch()
	p := r.reread(r.provider.ID)
	is.Equal(p.State, app.ProviderStopped)
	is.Equal(p.LastSync.Error, "") // the run itself went well
	is.Equal(p.Trouble(), "invalid_credentials")
}

// A changeling is a phone system whose ids may mean other calls than they did.
type changeling struct {
	phone.Source
	same *bool
	err  *error
	asks *int
}

func (c changeling) Same(context.Context, string, time.Time) (bool, error) {
	*c.asks++
	return *c.same, *c.err
}

// changing has the rig's phone system reuse ids, and tell so.
func (r *rig) changing() (c changeling) {
	c = changeling{same: new(bool), err: new(error), asks: new(int)}
	*c.same = true
	kind := syncer.DTAC(dtac.WithSleep(func(ctx context.Context, _ time.Duration) error { return ctx.Err() }), dtac.WithClock(r.Clock.Now))
	open := kind.Open
	kind.Reuses = true
	kind.Open = func(config json.RawMessage, secret app.Secret, client *http.Client) (phone.Source, error) {
		source, err := open(config, secret, client)
		return changeling{source, c.same, c.err, c.asks}, err
	}
	r.engine = syncer.New(syncer.Options{
		DB: r.Store, Audio: r.audio, Log: slog.New(slog.DiscardHandler), Client: trusting(http.DefaultClient), MaxAudio: maxAudio,
		Kinds: map[string]syncer.Kind{app.SourceDTAC: kind},
	})
	return c
}

func TestAnotherCallsRecordingIsNotFetched(t *testing.T) {
	is := is.New(t)
	r := oneCall(t)
	c := r.changing()
	*c.same = false
	r.Clock.Advance(11 * time.Minute)
	is.Equal(r.fetch(), 1)
	is.Equal(*c.asks, 1)
	is.Equal(len(r.sim.Stats().Downloads), 0)
	is.Equal(r.recordings()[7].Error, app.AudioGone)

	r = oneCall(t)
	c = r.changing()
	is.Equal(r.fetch(), 0)
	is.Equal(*c.asks, 0) // just after it was listed there is nothing to ask
	r.complete(1)

	r = oneCall(t)
	c = r.changing()
	*c.same = false
	r.Exec(t, `UPDATE recordings SET status = 'failed', error = 'audio_gone'`)
	r.Exec(t, `DELETE FROM jobs`)
	r.Clock.Advance(30 * 24 * time.Hour)
	_, err := r.RetryStage(t.Context(), r.Business.ID, nil, r.recordings()[7].ID)
	is.NoErr(err)
	is.Equal(r.fetch(), 1) // a person who tries an old one again does not vouch for its id
	is.Equal(len(r.sim.Stats().Downloads), 0)

	r = oneCall(t)
	c = r.changing()
	r.sim.Fail(phonetest.Faults{AudioNotFoundFirst: 1})
	is.Equal(r.fetch(), 1)
	*c.err = &phone.Error{Kind: phone.Unreachable}
	r.Clock.Advance(r.next())
	is.Equal(r.fetch(), 1) // one that was tried is asked about: no answer is waited for
	is.Equal(r.recordings()[7].Status, app.AwaitingAudio)
	is.Equal(r.health().Strikes, 1)
	*c.err = nil
	r.Clock.Advance(r.next())
	is.Equal(r.fetch(), 0)
	r.complete(1)
}

func TestAudioThatIsMuchLongerThanItsCall(t *testing.T) {
	long := recorded(7, storetest.Start.Add(-time.Hour))
	long.Audio = phonetest.Talk(90 * time.Second).WAV() // of a call of two seconds
	is := is.New(t)
	r := newRig(t, nil)
	r.sim.Add(long)
	r.sync(store.CauseDefault)
	c := r.changing()
	is.Equal(r.fetch(), 0) // the same call: it went on after it was listed
	is.Equal(*c.asks, 1)
	r.complete(1)

	r = newRig(t, nil)
	r.sim.Add(long)
	r.sync(store.CauseDefault)
	c = r.changing()
	*c.same = false
	is.Equal(r.fetch(), 1)
	is.Equal(r.recordings()[7].Error, app.AudioGone) // another one's, and not kept
	is.Equal(r.files(), 0)

	r = newRig(t, nil)
	r.sim.Add(long)
	r.sync(store.CauseDefault)
	is.Equal(r.fetch(), 0) // where ids serve once a call may be as long as it is
	r.complete(1)
}
