package store_test

import (
	"errors"
	"fmt"
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
