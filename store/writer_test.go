package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestWriterCommitsWhatWaitsTogether(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			email := string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@example.com"
			if _, err := f.CreateUser(t.Context(), app.User{Email: email}, storetest.Password); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_, err := f.UserByEmail(t.Context(), "aa@example.com")
	is.NoErr(err) // the first is there
	_, err = f.UserByEmail(t.Context(), "lc@example.com")
	is.NoErr(err) // the last is there
}

func TestFailedOperationLeavesNothing(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	_, _, err := f.SetUp(t.Context(), app.User{Email: "second@example.com"}, storetest.Password, app.Business{Name: "Second"})
	is.True(errors.Is(err, store.ErrSetUp)) // set up once only
	_, err = f.BusinessBySlug(t.Context(), "second")
	is.True(app.IsKind(err, app.NotFound)) // nothing of the second set-up is left
}

func TestWriteOfACancelledCallerIsNotBegun(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.CreateBusiness(ctx, app.Business{Name: "Late"}, f.Owner.ID)
	is.True(errors.Is(err, context.Canceled)) // the caller is told
	_, err = f.BusinessBySlug(t.Context(), "late")
	is.True(app.IsKind(err, app.NotFound)) // and nothing was written
}

func TestJobIsHeldByOneClaim(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	queueTwo(t, f)
	first, err := f.ClaimJobs(t.Context(), app.JobDeliver, 10, time.Minute)
	is.NoErr(err)
	is.Equal(len(first), 2) // two lanes run at once, the third job waits for its lane
	again, err := f.ClaimJobs(t.Context(), app.JobDeliver, 10, time.Minute)
	is.NoErr(err)
	is.Equal(len(again), 0) // what is held is not given out twice

	is.NoErr(f.FinishJob(t.Context(), first[0]))
	next, err := f.ClaimJobs(t.Context(), app.JobDeliver, 10, time.Minute)
	is.NoErr(err)
	is.Equal(len(next), 1)                // the lane is free again
	is.Equal(next[0].Lane, first[0].Lane) // for the job that waited for it
}

func TestExpiredLeaseIsNoAttemptAndOldClaimCannotFinish(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	queueTwo(t, f)
	held, err := f.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Minute)
	is.NoErr(err)
	f.Clock.Advance(2 * time.Minute)
	is.NoErr(f.ReleaseExpiredJobs(t.Context()))
	again, err := f.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Minute)
	is.NoErr(err)
	is.Equal(again[0].ID, held[0].ID) // the same job
	is.Equal(again[0].Attempts, 0)    // cut off is no attempt
	is.NoErr(f.FinishJob(t.Context(), held[0]))
	is.True(errors.Is(f.RenewJob(t.Context(), held[0], time.Minute), store.ErrLease)) // the old claim holds nothing
	is.NoErr(f.RenewJob(t.Context(), again[0], time.Minute))                          // the new one does
}

func TestRetriedJobWaits(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	queueTwo(t, f)
	held, err := f.ClaimJobs(t.Context(), app.JobDeliver, 10, time.Minute)
	is.NoErr(err)
	is.NoErr(f.RetryJob(t.Context(), held[1], f.Clock.Now().Add(time.Hour), "timeout"))
	jobs, err := f.ClaimJobs(t.Context(), app.JobDeliver, 10, time.Minute)
	is.NoErr(err)
	is.Equal(len(jobs), 0) // not before its time
	f.Clock.Advance(time.Hour)
	jobs, err = f.ClaimJobs(t.Context(), app.JobDeliver, 10, time.Minute)
	is.NoErr(err)
	is.Equal(len(jobs), 1)
	is.Equal(jobs[0].ID, held[1].ID)
	is.Equal(jobs[0].Attempts, 1) // a failed attempt counts
}

// queueTwo queues three deliveries over two lanes.
func queueTwo(t *testing.T, f *storetest.Fixture) {
	t.Helper()
	for _, j := range []app.Job{{Key: "1", Lane: "a"}, {Key: "2", Lane: "a"}, {Key: "3", Lane: "b"}} {
		j.Kind, j.BusinessID = app.JobDeliver, f.Business.ID
		if err := f.QueueJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(time.Second)
	}
}
