package store_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// TestFailureTakesNoOtherOperationWithIt has operations that share a savepoint
// wait together, one of which fails after it wrote.
func TestFailureTakesNoOtherOperationWithIt(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	release := f.Hold()
	const n = 9
	var runs atomic.Int64
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			statements := []string{fmt.Sprintf(`INSERT INTO settings (name, value) VALUES ('often%d', x'00')`, i)}
			if i == 4 {
				statements = append(statements, `INSERT INTO settings (name, value) VALUES ('often4', x'00')`) // twice: refused
			}
			errs[i] = f.WriteOften(t.Context(), func() { runs.Add(1) }, statements...)
		})
	}
	for f.WritesWaiting() < n {
		runtime.Gosched()
	}
	release()
	wg.Wait()
	for i, err := range errs {
		is.Equal(err != nil, i == 4) // only the one that failed is told so
	}
	is.Equal(f.Text(t, `SELECT count(*) FROM settings WHERE name LIKE 'often%'`), fmt.Sprint(n-1)) // the others are there, once each
	is.True(runs.Load() > n)                                                                       // they shared a savepoint first
}

// The two tests that follow have patience without end: nothing but company can have
// what waits committed.

func TestWhatIsNotUrgentWaitsUntilThereIsEnough(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	commits, wait := writeSoon(t, f, store.Enough)
	wait()
	is.Equal(<-commits, store.Enough) // all in one
}

func TestWhatIsUrgentWaitsForNothing(t *testing.T) {
	f := storetest.New(t)
	_, wait := writeSoon(t, f, store.Enough-1)
	done := make(chan struct{})
	go func() { defer close(done); wait() }()
	for {
		select {
		case <-done: // taken along
			return
		default:
			if err := f.WriteOften(t.Context(), func() {}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// writeSoon has n operations that are not urgent wait for company. It returns how
// many changes each commit tells of, and what waits until all are written.
func writeSoon(t *testing.T, f *storetest.Fixture, n int) (commits chan int, wait func()) {
	t.Helper()
	f.WaitForCompany(time.Hour)
	commits = make(chan int, n)
	f.Notify(func(c []app.Change) { commits <- len(c) }, func([]app.JobKind) {})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f.WriteSoon(t.Context(), fmt.Sprintf("soon%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	return commits, wg.Wait
}

func TestCountsOfACommitAreOneRow(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	release := f.Hold()
	const n = 7
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := f.AddInApp(t.Context(), app.Delivery{BusinessID: f.Business.ID, Title: "x", Severity: app.Info}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() { // it counts nothing: its business is not there
		if _, err := f.AddInApp(t.Context(), app.Delivery{BusinessID: "nobody", Title: "x", Severity: app.Info}); err == nil {
			t.Error("a message to no business was taken")
		}
	})
	for f.WritesWaiting() < n+1 {
		runtime.Gosched()
	}
	release()
	wg.Wait()
	meter := app.ChannelMeter(app.ChannelInApp)
	is.Equal(f.Text(t, `SELECT count(*) || ' ' || sum(quantity) FROM usage_ledger WHERE meter = ?`, meter), fmt.Sprint(1, " ", n))
	is.Equal(f.Text(t, `SELECT sum(quantity) FROM usage_totals WHERE meter = ?`, meter), fmt.Sprint(n)) // each once
	is.Equal(f.Text(t, `SELECT subject IN (SELECT id FROM feed) FROM usage_ledger WHERE meter = ?`, meter), "1")
}
