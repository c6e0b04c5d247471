package syncer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
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
// process, list and audio, and beside it runs a bare loop that downloads the same
// recordings, two at a time as well, into files that are on the disk when it goes
// on. Run it with -benchtime 1x; CRK_SYNC_CALLS says how many calls.
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
		bare := bareLoop(b, r, n)
		b.StartTimer()
		own, early, late := r.takeIn(n)
		b.ReportMetric(bare, "bare-calls/s")
		b.ReportMetric(own, "calls/s")
		b.ReportMetric(own/bare, "of-bare")
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

// bareLoop downloads the recordings as fast as files can be written durably, and
// returns how many a second.
func bareLoop(b *testing.B, r *rig, n int) float64 {
	b.Helper()
	login, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.url+"/orktrack/rest/user/login", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	login.SetBasicAuth(user, password)
	resp, err := http.DefaultClient.Do(login)
	if err != nil {
		b.Fatal(err)
	}
	var token struct {
		Value string `json:"accesstoken"`
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	ids := make(chan int)
	began := time.Now()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for id := range ids {
				if err := bareDownload(b.Context(), r.url, token.Value, id, dir); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		ids <- 10_000 + i
	}
	close(ids)
	wg.Wait()
	return float64(n) / time.Since(began).Seconds()
}

func bareDownload(ctx context.Context, url, token string, id int, dir string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/orktrack/rest/mediastream/"+strconv.Itoa(id), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("recording %d: %s", id, resp.Status)
	}
	f, err := os.Create(filepath.Join(dir, strconv.Itoa(id)))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, resp.Body); err != nil {
		return err
	}
	return f.Sync()
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
