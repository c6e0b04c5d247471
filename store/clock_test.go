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
	is.NoErr(f.QueueRetention(ctx)) // the night's work of a night in a year
	f.Clock.Advance(-365 * 24 * time.Hour)
	due := func(kind app.JobKind) int {
		jobs, err := f.ClaimJobs(ctx, kind, 10, time.Minute)
		is.NoErr(err)
		return len(jobs)
	}
	is.Equal(due(app.JobDeliver), 0) // it would wait for a year
	is.NoErr(f.MendClock(ctx, time.Time{}))
	is.Equal(due(app.JobDeliver), 1) // and is due
	is.Equal(due(app.JobRetain), 1)
	is.Equal(due(app.JobFetch), 0) // what was planned by the right clock keeps its time
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

// TestSyncsThatAClockAheadPlanned: an integration is due as soon as the clock is
// right, and one that the right clock planned keeps its time.
func TestSyncsThatAClockAheadPlanned(t *testing.T) {
	for _, tt := range []struct {
		name string
		next time.Duration // from now, as the database says it
		due  bool
	}{
		{"a year ahead", 365 * 24 * time.Hour, true},
		{"two hours ahead", 2*time.Hour + 15*time.Minute, true},
		{"within its interval", 15 * time.Minute, false},
		{"slowed to one an hour", time.Hour, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is, ctx := is.New(t), t.Context()
			f := storetest.New(t)
			p := provider(t, f, "DTAC")
			now := f.Clock.Now()
			f.Exec(t, `UPDATE providers SET interval_ms = 900000, next_sync_at = ? WHERE id = ?`, now.Add(tt.next).UnixMilli(), p.ID)
			is.NoErr(f.MendClock(ctx, time.Time{}))
			got, err := f.Provider(ctx, f.Business.ID, p.ID)
			is.NoErr(err)
			is.Equal(!got.NextSyncAt.After(now), tt.due) // as the case says
		})
	}
}

// TestBudgetOverAJump: each threshold of a month is told once, however the clock
// goes to and fro over the month's end, in zones where an hour comes twice or not
// at all; and what was used is counted in the month of that moment.
func TestBudgetOverAJump(t *testing.T) {
	for _, tt := range []struct {
		name, zone  string
		last, first time.Time // moments of two months that follow each other
	}{
		{"Bangkok", "Asia/Bangkok", time.Date(2026, 11, 30, 16, 59, 0, 0, time.UTC), time.Date(2026, 11, 30, 17, 0, 0, 0, time.UTC)},
		{"Berlin in summer", "Europe/Berlin", time.Date(2027, 3, 31, 21, 59, 0, 0, time.UTC), time.Date(2027, 3, 31, 22, 0, 0, 0, time.UTC)},
		{"Berlin, where summer ended", "Europe/Berlin", time.Date(2027, 10, 31, 22, 59, 0, 0, time.UTC), time.Date(2027, 10, 31, 23, 0, 0, 0, time.UTC)},
		{"New York in summer", "America/New_York", time.Date(2027, 4, 1, 3, 59, 0, 0, time.UTC), time.Date(2027, 4, 1, 4, 0, 0, 0, time.UTC)},
		{"New York in winter", "America/New_York", time.Date(2027, 12, 1, 4, 59, 0, 0, time.UTC), time.Date(2027, 12, 1, 5, 0, 0, 0, time.UTC)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is, ctx := is.New(t), t.Context()
			f := storetest.New(t)
			hook(t, f, f.Business.ID, app.EventBillingThreshold)
			f.Exec(t, `UPDATE businesses SET time_zone = ?`, tt.zone)
			f.Business.TimeZone = tt.zone
			is.NoErr(f.SetBudget(ctx, f.Business.ID, budget(10, app.OnLimitNotify)))
			at := func(now time.Time) { f.Clock.Advance(now.Sub(f.Clock.Now())) }
			at(tt.last)
			analyse(t, f, 310)
			is.Equal(thresholds(t, f), "50")
			at(tt.first)
			analyse(t, f, 310)
			is.Equal(thresholds(t, f), "50,50") // a new month
			at(tt.last)                         // set back
			analyse(t, f, 10)
			is.Equal(thresholds(t, f), "50,50") // which was told of
			analyse(t, f, 200)
			is.Equal(thresholds(t, f), "50,50,80")
			at(tt.first)
			analyse(t, f, 10)
			is.Equal(thresholds(t, f), "50,50,80")
			is.Equal(usage(t, f, tt.last.Add(-12*time.Hour).Format("2006-01")).AnalysedSeconds, int64(520))
			is.Equal(usage(t, f, tt.first.Add(12*time.Hour).Format("2006-01")).AnalysedSeconds, int64(320))
		})
	}
}
