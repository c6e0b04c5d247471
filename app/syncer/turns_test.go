package syncer_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/dtac"
	"crk/store"
)

// TestBackfillsTakeTurns: more long ways back than go on at a time end none of them
// and no comparison late.
func TestBackfillsTakeTurns(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	since := before(40 * day)
	var ids []string
	for i := range 6 {
		p := r.provider
		if i > 0 {
			name := user + string(rune('a'+i))
			r.sim.AddAccount(name, password)
			p = r.integrate(func(c *dtac.Config) { c.Username = name })
		}
		ids = append(ids, p.ID)
		if i == 5 {
			break // this one is compared
		}
		_, err := r.PatchProvider(t.Context(), r.Business.ID, p.ID, store.ProviderPatch{Backfill: &since})
		is.NoErr(err)
	}
	for d := 8; d < 40; d++ { // so that every way has its days
		r.record(before(time.Duration(d)*day), 1)
	}
	for _, id := range ids {
		_, err := r.engine.Sync(t.Context(), r.Business.ID, id, store.CauseDefault)
		is.NoErr(err)
	}
	compared := ids[5]
	asked, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var lists atomic.Int32
	r.onRequest(func(req *http.Request) {
		if req.URL.Path != listPath {
			return
		}
		if lists.Add(1) == 4 { // four back-fills hold all there is to hold
			close(asked)
		}
		wait := goOn
		if req.URL.Query().Get("startdate") < before(30*day).Format("20060102_150405") {
			wait = done // none gets so far before the comparison is done
		}
		select {
		case <-wait:
		case <-req.Context().Done():
		}
	})
	r.live()
	<-asked
	is.NoErr(r.engine.Reconcile(t.Context(), r.Business.ID, compared))
	is.True(!r.engine.Reconciling(compared)) // it waits
	close(goOn)
	checked := func() bool {
		h, err := r.SyncHealth(t.Context(), r.Business.ID, compared)
		is.NoErr(err)
		return !h.CheckedAt.IsZero()
	}
	r.eventually("the comparison", checked)
	for _, id := range ids[:5] {
		b, _, err := r.Backfill(t.Context(), r.Business.ID, id)
		is.NoErr(err)
		is.Equal(b.State, app.BackfillRunning) // it had its seven turns before they had their thirty
	}
	close(done)
	for _, id := range ids[:5] { // none waits for another's end
		r.eventually("the end of the back-fill", func() bool {
			b, _, err := r.Backfill(t.Context(), r.Business.ID, id)
			return err == nil && b.State == app.BackfillDone
		})
	}
}

// TestARunWhoseEndWasNotSaved: its integration goes on once the lease has run out, in
// the same process.
func TestARunWhoseEndWasNotSaved(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.live()
	r.eventually("the first sync", func() bool { return r.status() == store.RunSucceeded })
	r.Clock.Advance(time.Second) // it is the later of two
	lost, err := r.BeginRun(t.Context(), r.Business.ID, r.provider.ID, store.CauseSchedule)
	is.NoErr(err)
	r.Clock.Advance(6 * time.Minute)
	r.record(r.Clock.Now().Add(-time.Hour), 1)
	r.engine.Wake() // as within a minute of itself
	r.eventually("a sync that ends", func() bool {
		last := r.reread(r.provider.ID).LastSync
		return last.ID != lost.ID && last.Status == store.RunSucceeded
	})
	runs, _, err := r.SyncRuns(t.Context(), r.Business.ID, r.provider.ID, "", 10)
	is.NoErr(err)
	is.Equal(runs[1].ID, lost.ID)
	is.Equal(runs[1].Status, store.RunInterrupted) // as people see it
	is.Equal(len(r.recordings()), 1)
}
