package store_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

// TestClockThatWasAhead: what was planned by a clock that was a year ahead is
// done once the clock is right.
func TestClockThatWasAhead(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	f := storetest.New(t)
	soon := f.Clock.Now().Add(time.Hour)
	is.NoErr(f.QueueJob(ctx, app.Job{Kind: app.JobFetch, BusinessID: f.Business.ID, Key: "planned", RunAt: soon}))
	f.Clock.Advance(365 * 24 * time.Hour)
	is.NoErr(f.QueueJob(ctx, app.Job{Kind: app.JobDeliver, BusinessID: f.Business.ID, Key: "late"}))
	f.Clock.Advance(-365 * 24 * time.Hour)
	due := func(kind app.JobKind) int {
		jobs, err := f.ClaimJobs(ctx, kind, 10, time.Minute)
		is.NoErr(err)
		return len(jobs)
	}
	is.Equal(due(app.JobDeliver), 0) // it would wait for a year
	is.NoErr(f.MendClock(ctx))
	is.Equal(due(app.JobDeliver), 1) // and is due
	is.Equal(due(app.JobFetch), 0)   // what was planned by the right clock keeps its time
	f.Clock.Advance(time.Hour)
	is.Equal(due(app.JobFetch), 1)
}

// TestLeaseOverAJump: a lease that a jump forward ends is given back, and its
// holder is told; a jump back ends none.
func TestLeaseOverAJump(t *testing.T) {
	is, ctx := is.New(t), t.Context()
	f := storetest.New(t)
	is.NoErr(f.QueueJob(ctx, app.Job{Kind: app.JobFetch, BusinessID: f.Business.ID, Key: "k"}))
	held, err := f.ClaimJobs(ctx, app.JobFetch, 1, time.Minute)
	is.NoErr(err)
	is.Equal(len(held), 1)
	f.Clock.Advance(-24 * time.Hour)
	is.NoErr(f.ReleaseExpiredJobs(ctx))
	is.NoErr(f.RenewJob(ctx, held[0], time.Minute)) // still held
	f.Clock.Advance(48 * time.Hour)
	is.NoErr(f.ReleaseExpiredJobs(ctx))
	is.True(f.RenewJob(ctx, held[0], time.Minute) != nil) // the holder stops
	again, err := f.ClaimJobs(ctx, app.JobFetch, 1, time.Minute)
	is.NoErr(err)
	is.Equal(len(again), 1) // and it is done again, once
}
