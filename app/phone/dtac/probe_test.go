package dtac_test

import (
	"testing"
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
		{"no audio allowed", dtac.Config{}, phonetest.Faults{AudioStatus: 403}, phone.Forbidden, phone.StepAudio},
		{"one recording not there", dtac.Config{}, phonetest.Faults{AudioStatus: 404}, "", phone.StepAudio},
		{"clock ahead", dtac.Config{}, phonetest.Faults{ClockSkew: 10 * time.Minute}, "", phone.StepAudio},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, tt.cfg)
			recent := recording(1, now.Add(-time.Hour))
			recent.Audio = phonetest.Talk(time.Second).WAV()
			sim.Add(recent)
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
