package syncer_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

func TestUrgentDownloadsGoFirst(t *testing.T) {
	is := is.New(t)
	g := syncer.NewGate(1)
	is.NoErr(g.Enter(t.Context(), false))
	came := make(chan string, 4)
	var wg sync.WaitGroup
	wait := func(ctx context.Context, name string, urgent bool) {
		before := g.Waiting()
		wg.Go(func() {
			if err := g.Enter(ctx, urgent); err != nil {
				came <- name + " gave up"
				return
			}
			came <- name
			g.Leave()
		})
		for g.Waiting() == before {
			runtime.Gosched()
		}
	}
	wait(t.Context(), "old 1", false)
	wait(t.Context(), "old 2", false)
	impatient, stop := context.WithCancel(t.Context())
	wait(impatient, "impatient", true)
	wait(t.Context(), "new", true)
	stop()
	is.Equal(<-came, "impatient gave up")
	g.Leave()
	wg.Wait()
	is.Equal([]string{<-came, <-came, <-came}, []string{"new", "old 1", "old 2"})
	is.NoErr(g.Enter(t.Context(), false)) // and its turn is free again
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	is.True(errors.Is(g.Enter(ended, false), context.Canceled))
}

// Many downloads are claimed at once and wait for their turn. Once one of them shows
// that no more should be asked, those that wait ask no more.
func TestWaitingDownloadsHeedWhatTheOthersMet(t *testing.T) {
	for _, tc := range []struct {
		name string
		fail func(*rig)
		most int64 // what it takes to know, and the one beside it
	}{
		{"the password is refused", func(r *rig) { r.sim.AddAccount(user, "changed"); r.sim.EndSessions() }, 4},
		{"it is away", func(r *rig) { r.sim.Fail(phonetest.Faults{AudioStatus: http.StatusServiceUnavailable}) }, 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t, nil)
			r.record(storetest.Start.AddDate(0, 0, -3), 60)
			r.sync(store.CauseDefault)
			claimed, err := r.ClaimJobs(t.Context(), app.JobFetch, 64, time.Minute)
			is.NoErr(err)
			is.True(len(claimed) > 16)
			tc.fail(r)
			var audio atomic.Int64
			r.onRequest(func(req *http.Request) {
				if strings.Contains(req.URL.Path, "/mediastream/") {
					audio.Add(1)
				}
			})
			var wg sync.WaitGroup
			for _, j := range claimed {
				wg.Go(func() {
					if r.engine.Fetch(t.Context(), j) == nil {
						t.Error("a download came")
					}
				})
			}
			wg.Wait()
			asked := max(audio.Load(), int64(r.sim.Stats().LoginsRefused))
			t.Log("asked", audio.Load(), r.sim.Stats().LoginsRefused, "times for", len(claimed), "recordings")
			is.True(asked >= 1 && asked <= tc.most)
		})
	}
}
