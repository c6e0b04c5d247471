package threecx_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

func TestWarnings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
		want   []string // nil: it does not tell
		kind   phone.Kind
	}{
		{"all is well", phonetest.PBXFaults{}, []string{}, ""},
		{"stopped", phonetest.PBXFaults{Stopped: true}, []string{phone.WarnStopped}, ""},
		{"full", phonetest.PBXFaults{Stopped: true, QuotaReached: true}, []string{phone.WarnStopped, phone.WarnQuota}, ""},
		{"it may not be asked", phonetest.PBXFaults{NoStatus: true}, nil, phone.Forbidden},
		{"a role that reads the call log alone", phonetest.PBXFaults{Role: phonetest.GroupManager}, nil, phone.Forbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			fill(sim, 1)
			sim.Fail(tt.faults)
			got, err := c.Warnings(t.Context())
			is.Equal(phone.KindOf(err), tt.kind)
			if err == nil {
				is.Equal(got, tt.want)
			}
			r, err := c.Probe(t.Context())
			is.NoErr(err) // nobody's connection is bad for it
			is.Equal(r.Warnings, tt.want)
			is.Equal(sim.Stats().ClientSignIns, 1)
			is.True(r.Latency > 0) // of the list, where one was signed in already
		})
	}
}
