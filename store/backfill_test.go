package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// TestBackfillsThatEndedEarlyAreReadOnceMore: the version before took the oldest call
// that was seen for the end of the way.
func TestBackfillsThatEndedEarlyAreReadOnceMore(t *testing.T) {
	is := is.New(t)
	path := filepath.Join(t.TempDir(), "crk.db")
	openAndClose(t, path)
	storetest.Exec(t, path, `ALTER TABLE backfills DROP COLUMN floor; DELETE FROM migrations WHERE version = 12;
		INSERT INTO businesses (id, slug, name, time_zone, language, created_at) VALUES ('b1', 'b', 'B', 'UTC', 'en', 0);
		INSERT INTO providers (id, business_id, kind, name, host, config, secret, interval_ms, backfill_from, created_at, updated_at)
			SELECT column1, 'b1', 'threecx', column1, 'h', '{}', x'04', 60000, 1000, 0, 0 FROM (VALUES ('done'), ('paused'), ('later'));
		INSERT INTO backfills (provider_id, state, since, until, reached, found, imported, next_at, started_at, finished_at) VALUES
			('done', 'done', 1000, 9000, 1000, 5, 5, 0, 0, 9500),
			('paused', 'paused', 1000, 9000, 4000, 5, 5, 0, 0, NULL),
			('later', 'done', 9000, 12000, 9000, 0, 0, 0, 0, 12500)`)
	openAndClose(t, path)
	row := `SELECT state || ' ' || since || ' ' || until || ' ' || reached || ' ' || found || ' ' || (finished_at IS NULL) || ' ' || (floor IS NULL)
		FROM backfills WHERE provider_id = `
	is.Equal(ask(t, path, row+`'done'`), "running 1000 9000 9000 0 1 1")
	is.Equal(ask(t, path, row+`'paused'`), "paused 1000 9000 9000 0 1 1")   // people's word stays
	is.Equal(ask(t, path, row+`'later'`), "running 1000 12000 12000 0 1 1") // also of what an earlier one was to read
	is.True(ask(t, path, `SELECT next_at > 1700000000000 FROM backfills WHERE provider_id = 'done'`) == "1")
}

// TestAStepOfABackfillThatBeganAnew: what was read before is not taken for read.
func TestAStepOfABackfillThatBeganAnew(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	now := f.Clock.Now()
	is.NoErr(f.ExtendBackfill(ctx, p, now.AddDate(0, 0, -90), now.AddDate(0, 0, -8)))
	b, _, err := f.Backfill(ctx, f.Business.ID, p.ID)
	is.NoErr(err)
	from := now.AddDate(0, 0, -90)
	f.Clock.Advance(time.Second)
	_, err = f.PatchProvider(ctx, f.Business.ID, p.ID, store.ProviderPatch{Config: []byte(`{"importInternal":true}`), Backfill: &from, Relist: true})
	is.NoErr(err)
	after, err := f.SaveBackfill(ctx, b, store.BackfillStep{Reached: b.Until.AddDate(0, 0, -1)}) // with the settings of before
	is.NoErr(err)
	is.Equal(after.Reached, b.Until)
	after, err = f.SaveBackfill(ctx, after, store.BackfillStep{Reached: b.Until.AddDate(0, 0, -1)})
	is.NoErr(err)
	is.Equal(after.Reached, b.Until.AddDate(0, 0, -1))
}

// TestABackfillEndsAtItsFloor and nowhere before.
func TestABackfillEndsAtItsFloor(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	p := provider(t, f, "A")
	now := f.Clock.Now()
	from := now.AddDate(-20, 0, 0)
	_, err := f.PatchProvider(ctx, f.Business.ID, p.ID, store.ProviderPatch{Backfill: &from})
	is.NoErr(err)
	is.NoErr(f.ExtendBackfill(ctx, p, from, now.AddDate(0, 0, -7)))
	b, _, err := f.Backfill(ctx, f.Business.ID, p.ID)
	is.NoErr(err)
	floor := now.AddDate(0, 0, -27)
	b, err = f.SaveBackfill(ctx, b, store.BackfillStep{Reached: now.AddDate(0, 0, -17), Floor: floor})
	is.NoErr(err)
	is.Equal(b.State, app.BackfillRunning)
	is.Equal(b.Done(), 0.5) // of what there is
	is.Equal(b.Since, from)
	b, err = f.SaveBackfill(ctx, b, store.BackfillStep{Reached: floor, Floor: floor})
	is.NoErr(err)
	is.Equal(b.State, app.BackfillDone)
}

// TestLostRunsEnd: a run that says nothing for a whole lease keeps no later one from
// beginning, and one that lives is left alone.
func TestLostRunsEnd(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	lost, lives := provider(t, f, "A"), provider(t, f, "B")
	on := true
	for _, p := range []app.Provider{lost, lives} {
		_, err := f.PatchProvider(ctx, f.Business.ID, p.ID, store.ProviderPatch{Active: &on})
		is.NoErr(err)
	}
	first, err := f.BeginRun(ctx, f.Business.ID, lost.ID, store.CauseSchedule)
	is.NoErr(err)
	second, err := f.BeginRun(ctx, f.Business.ID, lives.ID, store.CauseSchedule)
	is.NoErr(err)
	f.Clock.Advance(4 * time.Minute)
	is.NoErr(f.RenewRun(ctx, second.ID))
	is.NoErr(f.EndLostRuns(ctx))
	is.Equal(reread(t, f, lost.ID).LastSync.Status, store.RunRunning)
	f.Clock.Advance(2 * time.Minute)
	is.NoErr(f.EndLostRuns(ctx))
	is.Equal(reread(t, f, lost.ID).LastSync.Status, store.RunInterrupted)
	is.Equal(reread(t, f, lost.ID).NextSyncAt, f.Clock.Now())
	is.Equal(reread(t, f, lives.ID).LastSync.Status, store.RunRunning)
	is.Equal(f.RenewRun(ctx, first.ID), store.ErrLease)
}
