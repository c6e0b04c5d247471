package threecx_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cfg    threecx.Config
		faults phonetest.PBXFaults
		kind   phone.Kind
		step   string
		seen   int
	}{
		{"the owner", threecx.Config{}, phonetest.PBXFaults{}, "", phone.StepList, 130},
		{"a group manager", threecx.Config{}, phonetest.PBXFaults{Role: phonetest.GroupManager}, "", phone.StepList, 50}, // a page of segments, two a call
		{"a user of no role", threecx.Config{}, phonetest.PBXFaults{Role: phonetest.OrdinaryUser}, phone.Forbidden, phone.StepList, 0},
		{"wrong password", threecx.Config{Password: "wrong"}, phonetest.PBXFaults{}, phone.Credentials, phone.StepSignIn, 0},
		{"a page at the sign-in", threecx.Config{}, phonetest.PBXFaults{LoginHTML: true}, phone.Unexpected, phone.StepSignIn, 0},
		{"list fails", threecx.Config{}, phonetest.PBXFaults{ListStatus: 500}, phone.Transient, phone.StepList, 0},
		{"odd rows", threecx.Config{}, phonetest.PBXFaults{BadRows: 2}, "", phone.StepList, 130},
		{"clock ahead", threecx.Config{}, phonetest.PBXFaults{ClockSkew: 10 * time.Minute}, "", phone.StepList, 130},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, tt.cfg)
			for i := range 130 {
				sim.Add(recording(int64(i+1), now.Add(-time.Duration(i+1)*time.Hour)))
			}
			sim.Add(recording(900, now.AddDate(0, 0, -8))) // before the week that is looked at
			sim.Fail(tt.faults)
			r, err := c.Probe(t.Context())
			is.Equal(phone.KindOf(err), tt.kind)            // what a person is told
			is.Equal(r.Steps[len(r.Steps)-1].Name, tt.step) // how far it came
			is.Equal(r.RecordingsSeen, tt.seen)
			is.Equal(r.Sample != nil, tt.kind == "") // one of them
			is.True(r.Latency > 0)                   // the sign-in was timed
			off := (r.ClockSkew - tt.faults.ClockSkew).Abs()
			is.True(off <= 2*time.Second) // the clocks were compared
			stats := sim.Stats()
			is.Equal(len(stats.Downloads), 0)    // each is downloaded when it is imported
			is.True(stats.Lists+stats.Logs <= 2) // and nothing is tried twice
			is.True(stats.ClientRefused <= 1)    // least of all a password
			is.True(stats.UserRefused <= 1)      // in either way
			is.Equal(len(stats.BadRequests), 0)  // 3CX understands what is asked
			is.Equal(len(stats.Unknown), 0)      // and has it
			is.True(r.Sample == nil || r.Sample.ID != "")
		})
	}
}

func TestProbeOfNobody(t *testing.T) {
	is := is.New(t)
	c, err := threecx.New(threecx.Config{BaseURL: "http://127.0.0.1:1", Username: "u", Password: "p"}, http.DefaultClient)
	is.NoErr(err)
	r, err := c.Probe(t.Context())
	is.Equal(phone.KindOf(err), phone.Unreachable)
	is.Equal(len(r.Steps), 1)
	is.Equal(r.Steps[0].Name, phone.StepConnect)
	is.Equal(r.Steps[0].Err, err) // which step failed, and why
}
