package threecx_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

func TestAnIDThatWasGivenAgainIsNotTheSame(t *testing.T) {
	for _, tt := range []struct {
		name string
		role phonetest.PBXRole
	}{{"the list", phonetest.SystemOwner}, {"the call log", phonetest.GroupManager}} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			at := now
			sim, c := startLive(t, threecx.Config{}, threecx.WithClock(func() time.Time { return at }))
			sim.Fail(phonetest.PBXFaults{Role: tt.role})
			fill(sim, 3)
			same := func(id string, startedAt time.Time) bool {
				t.Helper()
				ok, err := c.Same(t.Context(), id, startedAt)
				is.NoErr(err)
				return ok
			}
			missing := func(id string, startedAt time.Time) bool {
				t.Helper()
				ok, err := c.Same(t.Context(), id, startedAt)
				return !ok && phone.KindOf(err) == phone.NotYet
			}
			is.True(same("2", hour.Add(time.Second)))
			is.True(same("2", hour.Add(25*time.Minute))) // it may have waited in a queue
			is.True(missing("9", hour))                  // there is none
			is.True(missing("2 or 1 eq 1", hour))        // nor can there be

			sim.Reset()
			later := hour.Add(40 * time.Hour)
			sim.Add(recording(77, later), recording(78, later.Add(time.Minute)))
			at = at.Add(5 * time.Minute)
			if ok, err := c.Same(t.Context(), "2", hour.Add(time.Second)); ok || tt.role == phonetest.SystemOwner && err != nil {
				t.Errorf("call 2 is another's now: %v, %v", ok, err) // the call log, which goes by time, has none there
			}
			is.True(same("2", later.Add(time.Minute))) // and that one's it is
			is.True(missing("3", hour.Add(2*time.Second)))
			stats := sim.Stats()
			is.Equal(len(stats.BadRequests)+len(stats.Unknown)+len(stats.Downloads), 0)
		})
	}
}

func TestManyIDsAreToldByFewRequests(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
		most   int // requests
	}{
		{"the list", phonetest.PBXFaults{}, 11},
		{"the call log", phonetest.PBXFaults{Role: phonetest.GroupManager}, 24}, // two rows a call
		{"fewer rows a page than asked for", phonetest.PBXFaults{PageLimit: 80}, 11 + 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			fill(sim, 1000)
			sim.Fail(tt.faults)
			var wg sync.WaitGroup
			for lane := range 4 { // as downloads do, two of them at a time and new calls between
				wg.Go(func() {
					for i := lane; i < 1000; i += 4 {
						ok, err := c.Same(context.Background(), strconv.Itoa(i+1), hour.Add(time.Duration(i)*time.Second))
						if err != nil || !ok {
							t.Errorf("call %d: %v, %v", i+1, ok, err)
						}
					}
				})
			}
			wg.Wait()
			is.True(sim.Stats().Lists+sim.Stats().Logs <= tt.most)
		})
	}
}

func TestWhatIsToldOfIDsIsForgotten(t *testing.T) {
	is := is.New(t)
	at := now
	sim, c := startLive(t, threecx.Config{}, threecx.WithClock(func() time.Time { return at }))
	for i := range 30 {
		sim.Add(recording(int64(100*i+1), hour))
	}
	ask := func(id int) int {
		t.Helper()
		before := sim.Stats().Lists
		ok, err := c.Same(t.Context(), strconv.Itoa(id), hour)
		is.NoErr(err)
		is.True(ok)
		return sim.Stats().Lists - before
	}
	for i := range 30 {
		is.Equal(ask(100*i+1), 1)
	}
	is.Equal(ask(2901), 0)
	is.Equal(ask(1), 1) // no more is kept than a little
	at = at.Add(5 * time.Minute)
	is.Equal(ask(2901), 1) // and that not for long
	sim.Add(recording(2950, hour))
	is.Equal(ask(2950), 1) // one that came since is asked for
	is.Equal(ask(2950), 0)
}

func TestNothingIsToldWhereNothingIsKnown(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	fill(sim, 1)
	sim.Fail(phonetest.PBXFaults{Role: phonetest.OrdinaryUser})
	_, err := c.Same(t.Context(), "1", hour)
	is.Equal(phone.KindOf(err), phone.Forbidden)
	sim.Fail(phonetest.PBXFaults{ListStatus: 500})
	_, err = c.Same(t.Context(), "101", hour)
	is.Equal(phone.KindOf(err), phone.Transient)
	sim.Fail(phonetest.PBXFaults{})
	_, err = c.Same(t.Context(), "101", hour)
	is.Equal(phone.KindOf(err), phone.NotYet) // a failure is not kept
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Same(ctx, "201", hour)
	is.True(errors.Is(err, context.Canceled) && phone.KindOf(err) == "")
}
