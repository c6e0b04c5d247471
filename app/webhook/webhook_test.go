package webhook_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/egress"
)

// TestClaimOfAProcessThatIsNoMore: what one process had claimed when it was
// killed is delivered by the next.
func TestClaimOfAProcessThatIsNoMore(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(200))
	w, _ := r.hook(t, crm.URL)
	r.happen(t, "crm-1")
	claims, err := r.ClaimWebhookDeliveries(t.Context(), func(string) int { return 4 }, time.Minute)
	is.NoErr(err)
	is.Equal(len(claims), 1)
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 0) // nobody else sends it

	next := on(r.Fixture, onLoopback.Clients(egress.Webhook, 0).Trusting)
	stop, wait := next.run(t)
	is.Equal(crm.next(t).header.Get("webhook-id"), claims[0].EventID) // until the next start
	stop()
	wait()
	is.Equal(next.deliveries(t, w)[0].Status, app.WebhookDelivered)
	is.Equal(len(next.deliveries(t, w)[0].Attempts), 1) // of the cut-off attempt nothing is known
}

func TestStopLetsWhatIsUnderWayArrive(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	release := make(chan struct{})
	crm := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { <-release; w.WriteHeader(200) })
	w, _ := r.hook(t, crm.URL)
	stop, wait := r.run(t)
	r.happen(t, "crm-1")
	crm.next(t)
	stop()
	close(release)
	wait()
	is.Equal(r.deliveries(t, w)[0].Status, app.WebhookDelivered)
}

func TestStopIsNoAttempt(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	r.Hasten(time.Minute, 0)
	crm := newReceiver(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	w, _ := r.hook(t, crm.URL)
	stop, wait := r.run(t)
	r.happen(t, "crm-1")
	crm.next(t)
	stop()
	wait()
	d := r.deliveries(t, w)[0]
	is.Equal(d.Status, app.WebhookPending)
	is.Equal(len(d.Attempts), 0)                  // it was not the receiver's fault
	is.True(r.reread(t, w).FailingSince.IsZero()) // and counts against nobody
	is.Equal(d.NextAttemptAt, r.Clock.Now())      // it goes on at the next start
	crm.then(with(200))
	r.Drain(t.Context())
	is.Equal(r.deliveries(t, w)[0].Status, app.WebhookDelivered)
}

// TestSlowReceiverDelaysNobody: one that never answers has its four requests and
// holds up none of another's.
func TestSlowReceiverDelaysNobody(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	release := make(chan struct{})
	var atOnce, most atomic.Int64
	slow := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		n := atOnce.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-release
		atOnce.Add(-1)
	})
	quick := newReceiver(t, with(200))
	r.hook(t, slow.URL)
	r.hook(t, quick.URL)
	stop, wait := r.run(t)
	const n = 20
	for i := range n {
		r.happen(t, fmt.Sprint("crm-", i))
	}
	for range n {
		quick.next(t)
	}
	for range 4 {
		slow.next(t)
	}
	is.Equal(len(slow.seen()), 4) // all of the quick one's arrive while four wait
	close(release)
	for range n - 4 {
		slow.next(t)
	}
	stop()
	wait()
	is.Equal(most.Load(), int64(4)) // never more
	is.Equal(r.Text(t, `SELECT group_concat(DISTINCT status) FROM webhook_deliveries`), "delivered")
}
