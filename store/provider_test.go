package store_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// provider makes an integration of the fixture's business.
func provider(t *testing.T, f *storetest.Fixture, name string) app.Provider {
	t.Helper()
	p, err := f.AddProvider(t.Context(), app.Provider{
		BusinessID: f.Business.ID, Kind: app.SourceDTAC, Name: name, Host: "pbx.example.com",
		Config: json.RawMessage(`{"username":"nok"}`), Secret: "pbx-password",
		Interval: 15 * time.Minute, Backfill: storetest.Start.AddDate(0, 0, -7),
	})
	if err != nil {
		t.Fatal("add provider:", err)
	}
	return p
}

func reread(t *testing.T, f *storetest.Fixture, id string) app.Provider {
	t.Helper()
	p, err := f.Provider(t.Context(), f.Business.ID, id)
	if err != nil {
		t.Fatal("provider:", err)
	}
	return p
}

func TestProviders(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	first := provider(t, f, "First")
	f.Clock.Advance(time.Second)
	second := provider(t, f, "Second")

	got := reread(t, f, first.ID)
	is.Equal(got.Name, "First")
	is.Equal(got.Secret.Reveal(), "pbx-password") // the secret opens again
	is.Equal(string(got.Config), `{"username":"nok"}`)
	is.Equal(got.Interval, 15*time.Minute)
	is.True(!got.Active && !got.Default) // new ones do nothing
	is.True(got.NextSyncAt.IsZero())
	is.Equal(got.LastSync, nil)

	all, total, err := f.Providers(ctx, f.Business.ID, 10, 0)
	is.NoErr(err)
	is.Equal(total, 2)
	is.Equal([]string{all[0].ID, all[1].ID}, []string{second.ID, first.ID}) // newest first
	is.Equal(all[0].Secret, app.Secret(""))                                 // lists hold no secret

	file, err := os.ReadFile(f.Path + "-wal")
	is.NoErr(err)
	is.True(!bytes.Contains(file, []byte("pbx-password"))) // nor does the disk, readable

	other, _ := f.OtherBusiness(t)
	_, err = f.Provider(ctx, other.ID, first.ID)
	is.True(app.IsKind(err, app.NotFound)) // another business does not see it
	_, err = f.PatchProvider(ctx, other.ID, first.ID, store.ProviderPatch{})
	is.True(app.IsKind(err, app.NotFound)) // nor change it
	is.True(app.IsKind(f.DeleteProvider(ctx, other.ID, first.ID), app.NotFound))
	is.True(app.IsKind(f.SetDefaultProvider(ctx, other.ID, first.ID), app.NotFound))

	is.NoErr(f.DeleteProvider(ctx, f.Business.ID, first.ID))
	_, err = f.Provider(ctx, f.Business.ID, first.ID)
	is.True(app.IsKind(err, app.NotFound))
}

func TestOneDefaultForEachKind(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	a, b := provider(t, f, "A"), provider(t, f, "B")
	is.NoErr(f.SetDefaultProvider(ctx, f.Business.ID, a.ID))
	is.NoErr(f.SetDefaultProvider(ctx, f.Business.ID, b.ID))
	a, b = reread(t, f, a.ID), reread(t, f, b.ID)
	is.True(!a.Default && b.Default)      // the last one named
	is.True(a.Active && b.Active)         // the other goes on
	is.Equal(b.NextSyncAt, f.Clock.Now()) // the first sync is due
	due, err := f.ScheduledProviders(ctx)
	is.NoErr(err)
	is.Equal(len(due), 2)
}

func TestPatchProvider(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	change := func(c store.ProviderPatch) app.Provider {
		t.Helper()
		got, err := f.PatchProvider(ctx, f.Business.ID, p.ID, c)
		is.NoErr(err)
		return got
	}
	name, on, off := "B", true, false
	got := change(store.ProviderPatch{Name: &name, Config: json.RawMessage(`{"username":"lek"}`)})
	is.Equal(got.Name, "B")
	is.Equal(string(got.Config), `{"username":"lek"}`)
	is.Equal(got.Secret.Reveal(), "pbx-password") // kept where none is given
	is.True(got.NextSyncAt.IsZero())              // still inactive

	secret := app.Secret("another")
	is.Equal(change(store.ProviderPatch{Secret: &secret}).Secret.Reveal(), "another")

	is.Equal(change(store.ProviderPatch{Active: &on}).NextSyncAt, f.Clock.Now()) // due at once
	run, err := f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseSchedule)
	is.NoErr(err)
	is.NoErr(f.SaveWindow(ctx, run, got, f.Clock.Now()))
	run.Status = store.RunSucceeded
	is.NoErr(f.FinishRun(ctx, run))
	is.Equal(reread(t, f, p.ID).NextSyncAt, f.Clock.Now().Add(15*time.Minute))

	long, short := time.Hour, 5*time.Minute
	is.Equal(change(store.ProviderPatch{Interval: &long}).NextSyncAt, f.Clock.Now().Add(15*time.Minute)) // what is planned stays
	is.Equal(change(store.ProviderPatch{Interval: &short}).NextSyncAt, f.Clock.Now().Add(5*time.Minute)) // unless it is sooner now

	later, earlier := got.Backfill.AddDate(0, 0, 1), got.Backfill.AddDate(0, 0, -30)
	is.Equal(change(store.ProviderPatch{Backfill: &later}).Cursor, f.Clock.Now()) // nothing more to read
	is.True(change(store.ProviderPatch{Backfill: &earlier}).Cursor.IsZero())      // everything is listed again
	is.True(change(store.ProviderPatch{Active: &off}).NextSyncAt.IsZero())        // paused
}

func TestRuns(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	is.NoErr(f.SetDefaultProvider(ctx, f.Business.ID, p.ID))
	run, err := f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseSchedule)
	is.NoErr(err)
	_, err = f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseManual)
	is.True(app.IsKind(err, app.Conflict)) // one at a time

	run.Found, run.Imported, run.Skipped, run.Failed = 4, 2, 1, 1
	is.NoErr(f.SaveWindow(ctx, run, p, f.Clock.Now().Add(-time.Hour)))
	is.NoErr(f.SaveWindow(ctx, run, p, f.Clock.Now().Add(-2*time.Hour)))
	is.Equal(reread(t, f, p.ID).Cursor, f.Clock.Now().Add(-time.Hour)) // a cursor does not go back
	is.NoErr(f.SaveWindow(ctx, run, p, time.Time{}))                   // and may stay where it is

	last := reread(t, f, p.ID).LastSync
	is.Equal(last.Status, store.RunRunning) // a run shows while it runs
	is.Equal(last.Found, 4)
	f.Clock.Advance(time.Minute)
	run.Status = store.RunSucceeded
	is.NoErr(f.FinishRun(ctx, run))
	got := reread(t, f, p.ID)
	is.Equal(got.LastSync.Imported, 2)
	is.Equal(got.LastSync.FinishedAt, f.Clock.Now())
	is.Equal(got.NextSyncAt, f.Clock.Now().Add(p.Interval))

	run, err = f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseManual)
	is.NoErr(err) // the next may begin
	is.NoErr(f.InterruptRuns(ctx))
	got = reread(t, f, p.ID)
	is.Equal(got.LastSync.Status, store.RunInterrupted) // the process that had begun it is gone
	is.Equal(got.NextSyncAt, f.Clock.Now())             // so it is due
	run.Status = store.RunSucceeded
	is.NoErr(f.FinishRun(ctx, run)) // and cannot end any more
	is.Equal(reread(t, f, p.ID).LastSync.Status, store.RunInterrupted)
}

func TestCursorWaitsForAnEarlierBackfill(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	run, err := f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseManual)
	is.NoErr(err)
	earlier := p.Backfill.AddDate(0, 0, -30)
	_, err = f.PatchProvider(ctx, f.Business.ID, p.ID, store.ProviderPatch{Backfill: &earlier})
	is.NoErr(err)
	is.NoErr(f.SaveWindow(ctx, run, p, f.Clock.Now()))
	is.True(reread(t, f, p.ID).Cursor.IsZero()) // the run under way does not know of the days before
}

func TestFailuresSlowAndStop(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	is.NoErr(f.SetDefaultProvider(ctx, f.Business.ID, p.ID))
	fail := func(code string) app.Provider {
		t.Helper()
		f.Clock.Advance(time.Second)
		run, err := f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseSchedule)
		is.NoErr(err)
		run.Status, run.Error = store.RunFailed, code
		is.NoErr(f.FinishRun(ctx, run))
		return reread(t, f, p.ID)
	}
	for range 4 {
		got := fail("unreachable")
		is.Equal(got.State, app.ProviderFailing)
		is.Equal(got.NextSyncAt, f.Clock.Now().Add(p.Interval)) // it goes on
	}
	is.Equal(fail("unreachable").NextSyncAt, f.Clock.Now().Add(time.Hour)) // but slower after five
	fail("invalid_credentials")
	is.Equal(fail("invalid_credentials").State, app.ProviderFailing)
	got := fail("invalid_credentials")
	is.Equal(got.State, app.ProviderStopped) // three refusals
	is.True(got.NextSyncAt.IsZero())         // and nothing is planned
	due, err := f.ScheduledProviders(ctx)
	is.NoErr(err)
	is.Equal(len(due), 0)

	secret := app.Secret("right")
	got, err = f.PatchProvider(ctx, f.Business.ID, p.ID, store.ProviderPatch{Secret: &secret})
	is.NoErr(err)
	is.Equal(got.State, app.ProviderOK) // a person saw to it
	is.Equal(got.NextSyncAt, f.Clock.Now())

	for i := range 3 {
		stopped, err := f.RefuseProvider(ctx, f.Business.ID, p.ID)
		is.NoErr(err)
		is.Equal(stopped, i == 2) // downloads count too
	}
	run, err := f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseManual)
	is.NoErr(err)
	is.Equal(reread(t, f, p.ID).Refusals, 0) // who asks for a run knows what they do
	run.Status = store.RunSucceeded
	is.NoErr(f.FinishRun(ctx, run))
	is.Equal(reread(t, f, p.ID).State, app.ProviderOK)
}

func TestSyncRunsPage(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	var want []string
	for range 5 { // all in one millisecond
		run, err := f.BeginRun(ctx, f.Business.ID, p.ID, store.CauseManual)
		is.NoErr(err)
		run.Status = store.RunSucceeded
		is.NoErr(f.FinishRun(ctx, run))
		want = append([]string{run.ID}, want...)
	}
	var got []string
	for cursor := ""; ; {
		runs, next, err := f.SyncRuns(ctx, f.Business.ID, p.ID, cursor, 2)
		is.NoErr(err)
		for _, r := range runs {
			got = append(got, r.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	is.Equal(got, want) // newest first, each once
	for _, bad := range []string{"x", "eHg", "MTIz"} {
		_, _, err := f.SyncRuns(ctx, f.Business.ID, p.ID, bad, 2)
		is.True(app.IsKind(err, app.Malformed)) // not a cursor of ours
	}
	other, _ := f.OtherBusiness(t)
	_, _, err := f.SyncRuns(ctx, other.ID, p.ID, "", 2)
	is.True(app.IsKind(err, app.NotFound))
}
