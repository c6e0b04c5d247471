package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// A stage whose job was taken back between the claim and its beginning must not
// show on the recording: what took its place goes by the status.
func TestStageBeginsOnlyWithItsJob(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	id := f.Call(t, f.Business.ID)
	before, err := f.Recording(t.Context(), f.Business.ID, nil, id)
	is.NoErr(err)
	is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobTranscribe, BusinessID: f.Business.ID, Key: id}))
	held, err := f.ClaimJobs(t.Context(), app.JobTranscribe, 1, time.Minute)
	is.NoErr(err)
	is.Equal(len(held), 1)
	is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobTranscribe, BusinessID: f.Business.ID, Key: id})) // anew

	_, err = f.BeginStage(t.Context(), held[0], app.Transcribing)
	is.True(errors.Is(err, store.ErrLease))
	r, err := f.Recording(t.Context(), f.Business.ID, nil, id)
	is.NoErr(err)
	is.Equal(r.Status, before.Status)

	again, err := f.ClaimJobs(t.Context(), app.JobTranscribe, 1, time.Minute)
	is.NoErr(err)
	r, err = f.BeginStage(t.Context(), again[0], app.Transcribing)
	is.NoErr(err)
	is.Equal(r.Status, app.Transcribing) // the present one does
}

func TestALongQueueHidesNoOther(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	var wg sync.WaitGroup
	queue := func(lane string, n int) {
		for i := range n {
			wg.Go(func() {
				err := f.QueueJob(t.Context(), app.Job{Kind: app.JobDeliver, BusinessID: f.Business.ID, Key: fmt.Sprint(lane, i), Lane: lane})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	queue("dead", 700)
	f.Clock.Advance(time.Second)
	queue("alive", 3)
	var lanes []string
	for {
		some, err := f.ClaimJobs(t.Context(), app.JobDeliver, 8, time.Minute)
		is.NoErr(err)
		if len(some) == 0 {
			break
		}
		for _, j := range some {
			lanes = append(lanes, j.Lane)
		}
	}
	is.Equal(lanes, []string{"dead", "alive"}) // one of each, however many wait before
}

func TestTheNextOfALane(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	for _, key := range []string{"a1", "a2", "b1", "c1"} {
		is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobDeliver, BusinessID: f.Business.ID, Key: key, Lane: key[:1]}))
		f.Clock.Advance(time.Millisecond)
	}
	next := func(lanes ...string) (keys []string, jobs []app.Job) {
		jobs, err := f.ClaimNext(t.Context(), app.JobDeliver, lanes, time.Minute)
		is.NoErr(err)
		for _, j := range jobs {
			keys = append(keys, j.Key)
		}
		slices.Sort(keys)
		return keys, jobs
	}
	keys, _ := next("b", "none", "c")
	is.Equal(keys, []string{"b1", "c1"}) // of the lanes that were asked for
	keys, held := next("a", "b")
	is.Equal(keys, []string{"a1"}) // the first of the lane
	keys, _ = next("a")
	is.Equal(len(keys), 0) // one runs already
	is.NoErr(f.FinishJob(t.Context(), held[0]))
	is.NoErr(f.FinishJob(t.Context(), held[0])) // what is done may be done again
	keys, _ = next("a")
	is.Equal(keys, []string{"a2"})
}

func TestClaimsGoByUrgency(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	for _, j := range []app.Job{
		{Key: "late", RunAt: f.Clock.Now().Add(time.Hour)}, {Key: "backlog", Priority: app.PriorityBacklog},
		{Key: "second", RunAt: f.Clock.Now().Add(-time.Second)}, {Key: "first", RunAt: f.Clock.Now().Add(-time.Minute)},
	} {
		j.Kind, j.BusinessID = app.JobAnalyse, f.Business.ID
		is.NoErr(f.QueueJob(t.Context(), j))
	}
	var keys []string
	for range 4 {
		some, err := f.ClaimJobs(t.Context(), app.JobAnalyse, 1, time.Minute)
		is.NoErr(err)
		for _, j := range some {
			keys = append(keys, j.Key)
		}
	}
	is.Equal(keys, []string{"first", "second", "backlog"}) // and what is not due waits
}
