package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func listed(n int) store.FoundCall {
	return store.FoundCall{
		DataID: fmt.Sprintf("dtac:pbx.example.com:%d", n), Remote: json.RawMessage(fmt.Sprintf(`{"id":"%d"}`, n)),
		CallAt: storetest.Start.Add(-time.Hour), Duration: 60, Direction: app.In,
		CustomerPhone: "0899998888", AgentNumber: "101", AgentName: "Nok",
	}
}

func recordings(t *testing.T, f *storetest.Fixture) []app.Recording {
	t.Helper()
	all, _, err := f.Recordings(t.Context(), f.Business.ID, app.RecordingFilter{Limit: 200})
	if err != nil {
		t.Fatal("recordings:", err)
	}
	return all
}

func fetches(t *testing.T, f *storetest.Fixture) int {
	t.Helper()
	counts, err := f.JobCounts(t.Context())
	if err != nil {
		t.Fatal("job counts:", err)
	}
	return counts[app.JobFetch]
}

// add takes calls in and returns how many were imported.
func add(t *testing.T, f *storetest.Fixture, p app.Provider, again bool, calls ...store.FoundCall) int {
	t.Helper()
	n, err := f.AddFound(t.Context(), p, calls, again)
	if err != nil {
		t.Fatal("add found:", err)
	}
	return n
}

func TestFoundCallsAreImportedOnce(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	p := provider(t, f, "A")
	var many []store.FoundCall
	for n := range 601 {
		many = append(many, listed(n))
	}
	is.Equal(add(t, f, p, false, many...), 601) // more than one commit takes
	is.Equal(fetches(t, f), 601)                // each has its download queued
	is.Equal(add(t, f, p, false, many...), 0)   // and is known from now on
	is.Equal(fetches(t, f), 601)

	r := recordings(t, f)[0]
	is.Equal(r.Source, app.SourceDTAC)
	is.Equal(r.ProviderID, p.ID)
	is.Equal(r.Status, app.AwaitingAudio)
	is.Equal(*r.Duration, 60)
	is.Equal(r.CustomerPhone, "0899998888")
	is.Equal(r.CustomerNormalized, "+66899998888")
	is.Equal(r.AgentNumber, "101")
	history, err := f.History(t.Context(), f.Business.ID, r.ID)
	is.NoErr(err)
	is.Equal(history[0].Stage, "found")

	d, err := f.Download(t.Context(), f.Business.ID, r.ID)
	is.NoErr(err)
	is.True(strings.HasPrefix(string(d.Remote), `{"id":"`)) // how the phone system names it
	is.Equal(d.Provider.ID, p.ID)
	is.Equal(d.Duration, 60)
	other, _ := f.OtherBusiness(t)
	_, err = f.Download(t.Context(), other.ID, r.ID)
	is.True(app.IsKind(err, app.NotFound))
}

func TestDownloadsUnderWayAreBounded(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	a, b := provider(t, f, "A"), provider(t, f, "B")
	for n := range 300 {
		old := listed(n)
		old.CallAt = storetest.Start.AddDate(0, 0, -3)
		add(t, f, a, false, old)
	}
	for n := range 40 {
		add(t, f, a, false, listed(1000+n))
		add(t, f, b, false, listed(2000+n))
	}
	under := map[string]int{}
	for {
		claimed, err := f.ClaimJobs(t.Context(), app.JobFetch, 128, time.Minute)
		is.NoErr(err)
		if len(claimed) == 0 {
			break
		}
		for _, j := range claimed {
			under[fmt.Sprintf("%t/%d", strings.HasPrefix(j.Lane, a.ID), j.Priority/app.PriorityBacklog)]++
		}
	}
	is.Equal(under, map[string]int{"true/0": 4, "true/1": 32, "false/0": 4}) // of each integration, and a backlog beside
}

func TestNewCallsGoBeforeABacklog(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	p := provider(t, f, "A")
	for n := range 20 {
		old := listed(n)
		old.CallAt = storetest.Start.AddDate(0, 0, -3)
		add(t, f, p, false, old)
	}
	add(t, f, p, false, listed(20))
	f.Clock.Advance(time.Second)
	claimed, err := f.ClaimJobs(t.Context(), app.JobFetch, 1, time.Minute)
	is.NoErr(err)
	r, err := f.Recording(t.Context(), f.Business.ID, nil, claimed[0].Key)
	is.NoErr(err)
	is.Equal(r.DataID, listed(20).DataID)
}

func TestSkippedCallsMayComeBack(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	p := provider(t, f, "A")
	skipped := listed(1)
	skipped.Skip = "too_short"
	is.Equal(add(t, f, p, false, skipped), 0)
	is.Equal(len(recordings(t, f)), 0)
	is.Equal(add(t, f, p, false, skipped), 0)
	is.Equal(add(t, f, p, false, listed(1)), 1) // the filters changed
	is.Equal(len(recordings(t, f)), 1)
	is.Equal(fetches(t, f), 1)
	is.Equal(add(t, f, p, false, skipped), 0) // and back: what is here stays
	is.Equal(len(recordings(t, f)), 1)
}

func TestDeletedCallsStayDeleted(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	p := provider(t, f, "A")
	add(t, f, p, false, listed(1))
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, recordings(t, f)[0].ID))
	is.Equal(add(t, f, p, true, listed(1)), 0)
	is.Equal(len(recordings(t, f)), 0)
	is.Equal(fetches(t, f), 0)
}

func TestAnIntegrationAddedAgainTakesOver(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	add(t, f, p, false, listed(1))
	is.NoErr(f.DeleteProvider(ctx, f.Business.ID, p.ID))
	is.Equal(len(recordings(t, f)), 1) // calls stay
	again := provider(t, f, "A")
	is.Equal(add(t, f, again, false, listed(1)), 0) // are not imported twice
	r := recordings(t, f)
	is.Equal(len(r), 1)
	is.Equal(r[0].ProviderID, again.ID) // and what was not downloaded yet can be
}

func TestListedDurationIsFollowed(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	p := provider(t, f, "A")
	add(t, f, p, false, listed(1))
	longer := listed(1)
	longer.Duration = 90
	is.Equal(add(t, f, p, false, longer), 0)
	is.Equal(*recordings(t, f)[0].Duration, 90)
	is.Equal(fetches(t, f), 1)
}

func TestGivenUpDownloadsAreTriedAgainWhenAsked(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	add(t, f, p, false, listed(1))
	claimed, err := f.ClaimJobs(ctx, app.JobFetch, 1, time.Minute)
	is.NoErr(err)
	is.NoErr(f.FailRecording(ctx, claimed[0], app.AudioGone))
	add(t, f, p, false, listed(1))
	is.Equal(fetches(t, f), 0) // not by itself
	add(t, f, p, true, listed(1))
	is.Equal(fetches(t, f), 1) // but when a person asks
	is.Equal(recordings(t, f)[0].Status, app.AwaitingAudio)
}

func TestAManualRunHurriesDownloads(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	add(t, f, p, false, listed(1))
	claimed, err := f.ClaimJobs(ctx, app.JobFetch, 1, time.Minute)
	is.NoErr(err)
	is.NoErr(f.RetryJob(ctx, claimed[0], f.Clock.Now().Add(6*time.Hour), "not there yet"))
	_, err = f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseManual)
	is.NoErr(err)
	at, err := f.NextJobAt(ctx, app.JobFetch, time.Time{})
	is.NoErr(err)
	is.Equal(at, f.Clock.Now())
}

func TestAnIDThatServesAgain(t *testing.T) {
	for _, tt := range []struct {
		name     string
		later    time.Duration // of the call that has the id
		reused   string
		imported int
	}{
		{"the same call", 0, "dtac:pbx.example.com:1@later", 0},
		{"the same call, told from another list", 29 * time.Minute, "dtac:pbx.example.com:1@later", 0},
		{"another call", 30 * time.Minute, "dtac:pbx.example.com:1@later", 1},
		{"another and older call", -24 * time.Hour, "dtac:pbx.example.com:1@later", 1},
		{"where ids serve once", 24 * time.Hour, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			p := provider(t, f, "A")
			is.Equal(add(t, f, p, false, listed(1)), 1)
			again := listed(1)
			again.CallAt, again.Reused = again.CallAt.Add(tt.later), tt.reused
			is.Equal(add(t, f, p, false, again), tt.imported)
			is.Equal(add(t, f, p, true, again, listed(1)), 0) // either is known from now on
			ids := map[string]time.Time{}
			for _, r := range recordings(t, f) {
				ids[r.DataID] = r.CallAt
			}
			is.Equal(ids["dtac:pbx.example.com:1"], listed(1).CallAt) // the first keeps its name
			if tt.imported == 1 {
				is.Equal(ids[tt.reused], again.CallAt)
			}
			is.Equal(len(ids), 1+tt.imported)
		})
	}
}

func TestAnIDThatServesAgainAfterItsCallWasDeleted(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	p := provider(t, f, "A")
	add(t, f, p, false, listed(1))
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, recordings(t, f)[0].ID))
	again := listed(1)
	again.CallAt, again.Reused = again.CallAt.Add(time.Hour), "dtac:pbx.example.com:1@later"
	is.Equal(add(t, f, p, false, again), 1) // the other call is not deleted with it
	is.Equal(recordings(t, f)[0].DataID, again.Reused)
}
