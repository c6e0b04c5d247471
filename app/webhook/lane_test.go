package webhook_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
)

// warm has a receiver take one event, so that the courier knows it to be quick
// and claims ahead for it.
func (r *rig) warm(t *testing.T, crm *receiver) {
	t.Helper()
	r.happen(t, "first")
	r.Drain(t.Context())
	if len(crm.seen()) != 1 {
		t.Fatal("the first event did not arrive")
	}
}

// TestPauseKeepsWhatWasClaimedAhead: what waits in memory for a webhook is not
// sent once a person has paused it.
func TestPauseKeepsWhatWasClaimedAhead(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(200))
	w, _ := r.hook(t, crm.URL)
	r.warm(t, crm)
	crm.then(func(res http.ResponseWriter, req *http.Request) {
		off := false
		if _, err := r.PatchWebhook(req.Context(), w.BusinessID, w.ID, store.WebhookPatch{Active: &off}); err != nil {
			t.Error(err)
		}
	})
	for n := range 30 {
		r.happen(t, fmt.Sprint("crm-", n))
	}
	r.Drain(t.Context())
	sent := len(crm.seen())
	is.True(sent <= 1+4) // only what was under way
	is.Equal(r.Text(t, `SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'`), fmt.Sprint(sent))
	is.Equal(r.Text(t, `SELECT count(*) FROM webhook_deliveries WHERE status = 'held' AND lease_until IS NULL`), fmt.Sprint(31-sent))
}

// TestFailureGivesBackWhatWasClaimedAhead: each delivery still has an attempt of
// its own, one.
func TestFailureGivesBackWhatWasClaimedAhead(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(200))
	w, _ := r.hook(t, crm.URL)
	r.warm(t, crm)
	crm.then(with(500))
	const n = 30
	for i := range n {
		r.happen(t, fmt.Sprint("crm-", i))
	}
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 1+n)
	for _, d := range r.deliveries(t, w)[:n] {
		is.Equal(len(d.Attempts), 1)
		is.Equal(d.Status, app.WebhookPending)
		is.True(d.NextAttemptAt.After(r.Clock.Now())) // by the schedule
	}
	is.Equal(r.Text(t, `SELECT count(*) FROM webhook_deliveries WHERE lease_until IS NOT NULL`), "0")
}

// TestStopGivesBackWhatWasClaimedAhead: the next start need not wait for a lease.
func TestStopGivesBackWhatWasClaimedAhead(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(200))
	r.hook(t, crm.URL)
	r.warm(t, crm)
	<-crm.got
	release := make(chan struct{})
	crm.then(func(http.ResponseWriter, *http.Request) { <-release })
	for i := range 30 {
		r.happen(t, fmt.Sprint("crm-", i))
	}
	stop, wait := r.run(t)
	for range 4 {
		crm.next(t)
	}
	stop()
	close(release)
	wait()
	is.Equal(len(crm.seen()), 5) // what was under way arrives, and no more begins
	is.Equal(r.Text(t, `SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'`), "5")
	is.Equal(r.Text(t, `SELECT count(*) FROM webhook_deliveries WHERE status = 'pending' AND attempts = 0 AND lease_until IS NULL`), "26")
}
