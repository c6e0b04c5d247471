package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/jobs"
	"crk/store/storetest"
)

var errBroken = errors.New("broken")

// drive runs the runner until done is closed, and then to its end.
func drive(t *testing.T, f *storetest.Fixture, h jobs.Handler, done <-chan struct{}) {
	t.Helper()
	r := jobs.New(f.Store, slog.New(slog.DiscardHandler), map[app.JobKind]jobs.Handler{app.JobDeliver: h})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("the job did not come to its end")
	}
	cancel()
	wg.Wait()
}

func add(t *testing.T, f *storetest.Fixture, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if err := f.QueueJob(t.Context(), app.Job{Kind: app.JobDeliver, BusinessID: f.Business.ID, Key: k, Lane: k}); err != nil {
			t.Fatal(err)
		}
	}
}

func left(t *testing.T, f *storetest.Fixture) int {
	t.Helper()
	counts, err := f.JobCounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return counts[app.JobDeliver]
}

func TestEveryJobRunsAndIsRemoved(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	add(t, f, "a", "b", "c")
	var mu sync.Mutex
	ran := map[string]int{}
	done := make(chan struct{})
	drive(t, f, jobs.Handler{Slots: 2, Run: func(_ context.Context, j app.Job) error {
		mu.Lock()
		defer mu.Unlock()
		if ran[j.Key]++; len(ran) == 3 {
			close(done)
		}
		return nil
	}}, done)
	is.Equal(ran, map[string]int{"a": 1, "b": 1, "c": 1}) // each once
	is.Equal(left(t, f), 0)                               // and none is left
}

func TestFailuresAreRetriedUntilGivenUp(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	add(t, f, "a")
	runs := 0
	done := make(chan struct{})
	drive(t, f, jobs.Handler{
		Attempts: 3,
		Backoff:  func(int) time.Duration { return 0 },
		Run:      func(context.Context, app.Job) error { runs++; return errBroken },
		GiveUp: func(ctx context.Context, j app.Job, err error) error {
			defer close(done)
			is.True(errors.Is(err, errBroken)) // the last error is handed over
			return f.FinishJob(ctx, j)
		},
	}, done)
	is.Equal(runs, 3)
	is.Equal(left(t, f), 0)
}

func TestPermanentFailureIsGivenUpAtOnce(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	add(t, f, "a")
	runs := 0
	done := make(chan struct{})
	drive(t, f, jobs.Handler{
		Run: func(context.Context, app.Job) error { runs++; return jobs.Permanent(errBroken) },
		GiveUp: func(ctx context.Context, j app.Job, _ error) error {
			defer close(done)
			return f.FinishJob(ctx, j)
		},
	}, done)
	is.Equal(runs, 1)
}

func TestPanicIsAFailureOfTheJobAlone(t *testing.T) {
	f := storetest.New(t)
	add(t, f, "a")
	done := make(chan struct{})
	drive(t, f, jobs.Handler{
		Attempts: 1,
		Run:      func(context.Context, app.Job) error { panic("boom") },
		GiveUp: func(ctx context.Context, j app.Job, _ error) error {
			defer close(done)
			return f.FinishJob(ctx, j)
		},
	}, done)
}

func TestStopIsNoAttempt(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	add(t, f, "a")
	begun := make(chan struct{})
	drive(t, f, jobs.Handler{
		Attempts: 1,
		Run: func(ctx context.Context, _ app.Job) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		},
	}, begun)
	held, err := f.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Minute)
	is.NoErr(err)
	is.Equal(len(held), 1)        // given back at once
	is.Equal(held[0].Attempts, 0) // with its attempts as they were
}

func TestWaitingIsNoAttempt(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	add(t, f, "a")
	ran := make(chan struct{})
	drive(t, f, jobs.Handler{Attempts: 1, Run: func(context.Context, app.Job) error {
		close(ran)
		return jobs.Wait(errBroken, time.Hour)
	}}, ran)
	f.Clock.Advance(time.Hour)
	held, err := f.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Minute)
	is.NoErr(err)
	is.Equal(len(held), 1)
	is.Equal(held[0].Attempts, 0)
}

func TestALaneThatIsBusyHoldsUpNoOther(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r := jobs.New(f.Store, slog.New(slog.DiscardHandler), map[app.JobKind]jobs.Handler{app.JobDeliver: {}})
	queue := func(key, lane string, in time.Duration) {
		is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobDeliver, BusinessID: f.Business.ID, Key: key, Lane: lane, RunAt: f.Clock.Now().Add(in)}))
	}
	queue("under way", "slow", 0)
	queue("behind it", "slow", 0)
	looked := f.Clock.Now()
	_, err := f.ClaimJobs(t.Context(), app.JobDeliver, 8, time.Minute)
	is.NoErr(err)
	is.Equal(r.Pause(t.Context(), app.JobDeliver, looked), 15*time.Second) // nothing to wake up for

	queue("soon", "quick", time.Second)
	is.Equal(r.Pause(t.Context(), app.JobDeliver, looked), time.Second) // whatever waits behind the slow one
	f.Clock.Advance(time.Second)
	is.True(r.Pause(t.Context(), app.JobDeliver, looked) < time.Second) // also where it came to be due meanwhile
}

func TestALaneIsWorkedOffWithoutAPause(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	for _, key := range []string{"1", "2", "3", "4", "5"} {
		is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobDeliver, BusinessID: f.Business.ID, Key: key, Lane: "one"}))
		f.Clock.Advance(time.Millisecond)
	}
	var under, most atomic.Int64
	var order []string // by one job at a time, as is tested
	done := make(chan struct{})
	drive(t, f, jobs.Handler{Slots: 4, Run: func(_ context.Context, j app.Job) error {
		most.Store(max(most.Load(), under.Add(1)))
		defer under.Add(-1)
		if order = append(order, j.Key); len(order) == 5 {
			close(done)
		}
		return nil
	}}, done)
	is.Equal(order, []string{"1", "2", "3", "4", "5"}) // one after the other
	is.Equal(most.Load(), int64(1))                    // and never two at once
	is.Equal(left(t, f), 0)
}

func TestExponentialStaysWithinItsBounds(t *testing.T) {
	backoff := jobs.Exponential(5*time.Second, 30*time.Minute)
	for attempt := 1; attempt < 40; attempt++ {
		middle := min(5*time.Second<<min(attempt-1, 20), 30*time.Minute)
		if d := backoff(attempt); d < middle*3/4 || d > middle*5/4 {
			t.Errorf("after attempt %d: %v, not within a quarter of %v", attempt, d, middle)
		}
	}
}

func TestHeldKindsWait(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	id := f.Call(t, f.Business.ID) // with a job that runs its automations
	var held atomic.Bool
	held.Store(true)
	asked, ran := make(chan struct{}, 1), make(chan string, 1)
	r := jobs.New(f.Store, slog.New(slog.DiscardHandler), map[app.JobKind]jobs.Handler{
		app.JobAutomate: {Run: func(_ context.Context, j app.Job) error { ran <- j.Key; return nil }, Slots: 1},
	})
	r.Hold(func(app.JobKind) bool {
		select {
		case asked <- struct{}{}:
		default:
		}
		return held.Load()
	})
	outcomes := make(chan string, 1)
	r.Measure(func(kind, outcome string, _ time.Duration) { outcomes <- kind + " " + outcome })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	<-asked
	is.Equal(len(ran), 0) // nothing begins
	held.Store(false)
	r.Wake([]app.JobKind{app.JobAutomate})
	is.Equal(<-ran, id) // and then it does
	is.Equal(<-outcomes, "automate done")
	stop()
	is.NoErr(<-ended)
}
