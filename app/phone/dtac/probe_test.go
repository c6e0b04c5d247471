package dtac_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
)

func TestProbeFailures(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cfg    dtac.Config
		faults phonetest.Faults
		kind   phone.Kind
		step   string
	}{
		{"wrong password", dtac.Config{Password: "wrong"}, phonetest.Faults{}, phone.Credentials, phone.StepSignIn},
		{"a page at the login", dtac.Config{}, phonetest.Faults{LoginHTML: true}, phone.Unexpected, phone.StepSignIn},
		{"no list allowed", dtac.Config{}, phonetest.Faults{ListStatus: 403}, phone.Forbidden, phone.StepList},
		{"list fails", dtac.Config{}, phonetest.Faults{ListStatus: 500}, phone.Transient, phone.StepList},
		{"more in a day than it lists", dtac.Config{}, phonetest.Faults{LimitRows: 1}, "", phone.StepList},
		{"clock ahead", dtac.Config{}, phonetest.Faults{ClockSkew: 10 * time.Minute}, "", phone.StepList},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, tt.cfg)
			recent := recording(1, now.Add(-time.Hour))
			recent.Audio = phonetest.Talk(time.Second).WAV()
			sim.Add(recent, recording(2, now.Add(-2*time.Hour)))
			sim.Fail(tt.faults)
			r, err := client.Probe(t.Context())
			is.Equal(phone.KindOf(err), tt.kind)            // what a person is told
			is.Equal(r.Steps[len(r.Steps)-1].Name, tt.step) // how far it came
			is.True(r.Latency > 0)                          // the sign-in was timed
			off := (r.ClockSkew - tt.faults.ClockSkew).Abs()
			is.True(off <= 2*time.Second) // the clocks were compared
		})
	}
}

func TestProbeCountsAWeekAndDownloadsNothing(t *testing.T) {
	is := is.New(t)
	sim, client := start(t, dtac.Config{PageSize: 10})
	for i := range 35 {
		sim.Add(recording(int64(i+1), now.Add(-time.Duration(4*i+1)*time.Hour)))
	}
	sim.Fail(phonetest.Faults{RandomOrder: true})
	r, err := client.Probe(t.Context())
	is.NoErr(err)
	is.Equal(r.RecordingsSeen, 35)          // more than a page
	is.Equal(r.Sample.ID, "1")              // the newest, in whatever order they come
	is.Equal(len(sim.Stats().Downloads), 0) // each is downloaded when it is imported
	is.Equal(sim.Stats().Lists, 2)          // a day and a week

	sim.Fail(phonetest.Faults{EmptyFails: true})
	for i := range 35 {
		sim.Remove(int64(i + 1))
	}
	sim.Add(recording(99, now.AddDate(0, 0, -20)))
	r, err = client.Probe(t.Context())
	is.NoErr(err) // a quiet line is no failure
	is.Equal(r.RecordingsSeen, 1)
}

// slowToCount grants logins, lists one call, and never ends counting.
type slowToCount struct{}

func (slowToCount) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Query().Get("maxresults") == "-1" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return canned(`{"objects":[{"id":7,"timestamp":"2026-11-20 09:00:00"}],"nextPageUri":null}`).RoundTrip(r)
}

func TestProbeDoesNotWaitForTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		c, err := dtac.New(dtac.Config{Username: "u", Password: "p"}, &http.Client{Transport: slowToCount{}})
		is.NoErr(err)
		began := time.Now()
		r, err := c.Probe(t.Context())
		is.NoErr(err)                               // it is a courtesy
		is.Equal(r.RecordingsSeen, 1)               // what was listed
		is.True(time.Since(began) <= 5*time.Second) // and leaves a person's ten seconds to the audio
	})
}

func TestSignInIsShared(t *testing.T) {
	is := is.New(t)
	sim, client := start(t, dtac.Config{Password: "wrong"})
	const callers = 8
	errs := make(chan error, callers)
	gate := make(chan struct{})
	for range callers {
		go func() {
			<-gate
			_, err := client.Audio(t.Context(), "1")
			errs <- err
		}()
	}
	close(gate)
	for range callers {
		is.Equal(phone.KindOf(<-errs), phone.Credentials)
	}
	is.True(sim.Stats().LoginsRefused < callers) // those who waited did not try again
}
