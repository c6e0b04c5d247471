package syncer_test

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crk/app"
	"crk/app/jobs"
	"crk/store"
	"crk/store/storetest"
)

// BenchmarkBackfill takes short calls in from a simulated OrkTrack in the same
// process, list and audio. Beside it run two loops that know their calls and
// download the same recordings, two at a time as well: a bare one, into plain files
// that are on the disk when it goes on, and an honest one, which does what nobody
// can leave out who is to lose nothing: it encrypts each file, has it and its name
// on the disk, and commits a row that says so, as many at once as the engine. Run it
// with -benchtime 1x; CRK_SYNC_CALLS says how many calls.
func BenchmarkBackfill(b *testing.B) {
	n := numberFrom(b, "CRK_SYNC_CALLS", 10_000)
	for b.Loop() {
		b.StopTimer()
		r := newRig(b, nil)
		r.setPageSize(500)
		gap := 50 * 24 * time.Hour / time.Duration(n)
		for i := range n {
			r.sim.Add(recorded(int64(10_000+i), storetest.Start.AddDate(0, 0, -8).Add(-gap*time.Duration(i))))
		}
		r.since(storetest.Start.AddDate(0, 0, -60))
		bare, honest := bareLoop(b, r, n), honestLoop(b, r, n)
		b.StartTimer()
		own, early, late := r.takeIn(n)
		b.ReportMetric(bare, "bare-calls/s")
		b.ReportMetric(honest, "honest-calls/s")
		b.ReportMetric(own, "calls/s")
		b.ReportMetric(own/bare, "of-bare")
		b.ReportMetric(own/honest, "of-honest")
		b.ReportMetric(early, "MB-early")
		b.ReportMetric(late, "MB-late")
	}
}

// takeIn takes n calls in by the engine, and returns how many a second, and the
// heap after a quarter of them and at the end.
func (r *rig) takeIn(n int) (rate, early, late float64) {
	r.t.Helper()
	ctx, stop := context.WithCancel(r.t.Context())
	defer stop()
	h := r.engine.Handler()
	fetched, run := atomic.Int64{}, h.Run
	h.Run = func(ctx context.Context, j app.Job) error {
		err := run(ctx, j)
		if fetched.Add(1) == int64(n/4) {
			early = heap()
		}
		return err
	}
	runner := jobs.New(r.Store, slog.New(slog.DiscardHandler), map[app.JobKind]jobs.Handler{app.JobFetch: h})
	r.Notify(func([]app.Change) {}, runner.Wake)
	began := time.Now()
	r.sync(store.CauseDefault)
	var wg sync.WaitGroup
	for _, part := range []func(context.Context) error{runner.Run, r.engine.Run} {
		wg.Go(func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				r.t.Error(err)
			}
		})
	}
	r.eventuallyWithin(20*time.Minute, "every recording", func() bool { return fetched.Load() >= int64(n) })
	took := time.Since(began)
	late = heap()
	stop()
	wg.Wait()
	return float64(n) / took.Seconds(), early, late
}

// heap is what is in use after a collection, in megabytes.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// TestKnownRowsCostNoWrite lists calls again that are here already, and counts what
// is written. CRK_SYNC_CALLS says how many.
func TestKnownRowsCostNoWrite(t *testing.T) {
	n := numberFrom(t, "CRK_SYNC_CALLS", 2000)
	r := newRig(t, nil)
	r.setPageSize(500)
	gap := 6 * 24 * time.Hour / time.Duration(n)
	for i := range n {
		r.sim.Add(recorded(int64(i+1), storetest.Start.Add(-time.Hour-gap*time.Duration(i))))
	}
	r.sync(store.CauseDefault)
	for _, table := range []string{"seen_calls", "recordings", "jobs", "providers", "sync_runs", "sync_health"} {
		for _, verb := range []string{"INSERT", "UPDATE", "DELETE"} {
			r.Exec(t, `CREATE TRIGGER count_`+table+`_`+verb+` AFTER `+verb+` ON `+table+` BEGIN INSERT INTO settings (name, value) VALUES ('w' || random(), CAST('`+table+`' AS BLOB)); END`)
		}
	}
	began := time.Now()
	run := r.sync(store.CauseManual)
	if run.Found != n || run.Imported != 0 {
		t.Fatalf("found %d of %d, imported %d", run.Found, n, run.Imported)
	}
	count := func(where string) int {
		v, err := strconv.Atoi(r.Text(t, `SELECT count(*) FROM settings WHERE name LIKE 'w%' AND `+where))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	t.Logf("%d known calls listed again in %v; rows written: %d", n, time.Since(began).Round(time.Millisecond), count("true"))
	if calls := count("CAST(value AS TEXT) IN ('seen_calls', 'recordings', 'jobs')"); calls != 0 {
		t.Errorf("%d rows of known calls were written, want none", calls)
	}
	if all := count("true"); all > 30 { // two a window of a day, and a few at both ends
		t.Errorf("%d rows were written for a run of seven windows", all)
	}
}
