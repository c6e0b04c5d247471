package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/egress"
	"crk/app/webhook"
	"crk/store"
	"crk/store/storetest"
)

func TestEventArrivesSigned(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(204))
	w, secret := r.hook(t, crm.URL+"/hook?token=t0ken")
	call := r.happen(t, "crm-1")
	r.Drain(t.Context())

	got := crm.seen()
	is.Equal(len(got), 1) // once
	h := got[0].header
	is.NoErr(verifier(t, secret).VerifyIgnoringTimestamp([]byte(got[0].body), h)) // as the official library verifies it
	is.Equal(h.Get("webhook-timestamp"), strconv.FormatInt(storetest.Start.Unix(), 10))
	is.Equal(h.Get("content-type"), "application/json")
	is.Equal(h.Get("user-agent"), "CRK/1.2")
	is.True(strings.Contains(got[0].body, `"recordingId":"`+call.ID+`"`)) // about what happened

	d := r.deliveries(t, w)[0]
	is.Equal(d.Status, app.WebhookDelivered)
	is.Equal(d.EventID, h.Get("webhook-id"))
	is.Equal(string(d.Body), got[0].body)
	is.Equal(len(d.Attempts), 1)
	a := d.Attempts[0]
	is.Equal([]any{a.Number, a.Status, a.Error, a.At}, []any{1, 204, "", storetest.Start})
	is.Equal(r.reread(t, w).LastSuccessAt, storetest.Start)
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 1) // and not again
	is.True(!strings.Contains(r.log.String(), "t0ken"))
}

func TestSchedule(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(500))
	w, secret := r.hook(t, crm.URL)
	r.happen(t, "crm-1")
	for i, base := range append([]time.Duration{0}, schedule...) {
		if i > 0 {
			wait := r.deliveries(t, w)[0].NextAttemptAt.Sub(r.Clock.Now())
			is.True(wait >= base*8/10 && wait <= base*12/10) // by the contract
			r.Clock.Advance(wait - time.Millisecond)
			r.Drain(t.Context())
			is.Equal(len(crm.seen()), i) // not before its time
			r.Clock.Advance(time.Millisecond)
		}
		r.Drain(t.Context())
		is.Equal(len(crm.seen()), i+1) // but then
	}
	r.Clock.Advance(1000 * time.Hour)
	r.Drain(t.Context())
	got := crm.seen()
	is.Equal(len(got), 10) // ten times, and no more
	times := map[string]bool{}
	for _, req := range got {
		is.Equal(req.header.Get("webhook-id"), got[0].header.Get("webhook-id")) // by the same id
		is.Equal(req.body, got[0].body)
		is.NoErr(verifier(t, secret).VerifyIgnoringTimestamp([]byte(req.body), req.header))
		times[req.header.Get("webhook-timestamp")] = true
	}
	is.Equal(len(times), 10) // at the time of each attempt
	d := r.deliveries(t, w)[0]
	is.Equal(d.Status, app.WebhookFailed)
	is.Equal(len(d.Attempts), 10)
	is.Equal(d.Attempts[9].Error, app.WebhookErrPeer)
	is.Equal(r.Text(t, `SELECT quantity FROM usage_ledger WHERE meter = 'webhooks' LIMIT 1`), "1")
	is.Equal(r.Text(t, `SELECT sum(quantity) FROM usage_totals WHERE meter = 'webhooks'`), "10") // each counted
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		code   string
	}{
		{"created", with(201), 201, ""},
		{"redirect", with(302, "Location", "http://127.0.0.1:1/"), 302, app.WebhookErrRedirect},
		{"not found", with(404), 404, app.WebhookErrRejected},
		{"too many", with(429), 429, app.WebhookErrRateLimited},
		{"in trouble", with(503), 503, app.WebhookErrPeer},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, app.WebhookErrUnreachable},
		{"too slow", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, 0, app.WebhookErrTimeout},
		{"taken, and then too slow", func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-req.Context().Done()
		}, 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			r.Hasten(300*time.Millisecond, 0)
			w, _ := r.hook(t, newReceiver(t, tt.answer).URL)
			r.happen(t, "crm-1")
			r.Drain(t.Context())
			d := r.deliveries(t, w)[0]
			is.Equal(len(d.Attempts), 1)
			is.Equal(d.Attempts[0].Status, tt.status)
			is.Equal(d.Attempts[0].Error, tt.code)
			is.Equal(d.Status == app.WebhookDelivered, tt.code == "") // 2xx alone is success
		})
	}
}

func TestAddressesThatCannotBeReached(t *testing.T) {
	is := is.New(t)
	closed := newReceiver(t, with(200))
	closed.Close()
	encrypted := httptest.NewTLSServer(with(200))
	t.Cleanup(encrypted.Close)
	for _, tt := range []struct {
		url, code string
	}{
		{closed.URL, app.WebhookErrUnreachable},
		{encrypted.URL, app.WebhookErrTLS},
		{strings.Replace(encrypted.URL, "https:", "http:", 1), app.WebhookErrRejected},
		{"http://169.254.169.254/latest", app.WebhookErrNotAllowed},
		{"http://10.1.2.3/", app.WebhookErrNotAllowed},
	} {
		r := newRig(t)
		w, _ := r.hook(t, tt.url)
		r.happen(t, "crm-1")
		r.Drain(t.Context())
		is.Equal(r.deliveries(t, w)[0].Attempts[0].Error, tt.code)
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm, calm := newReceiver(t, with(429, "Retry-After", "3600")), newReceiver(t, with(200))
	w, _ := r.hook(t, crm.URL)
	r.hook(t, calm.URL)
	r.happen(t, "crm-1")
	r.Drain(t.Context())
	is.Equal(r.deliveries(t, w)[0].NextAttemptAt, r.Clock.Now().Add(time.Hour)) // later than the schedule has it
	r.Clock.Advance(time.Hour - time.Second)
	r.happen(t, "crm-2")
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 1)  // nothing else goes there either
	is.Equal(len(calm.seen()), 2) // which is nobody else's concern
	crm.then(with(200))
	r.Clock.Advance(time.Second)
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 3) // and then everything

	crm.then(with(503, "Retry-After", "Mon, 16 Nov 2026 12:00:00 GMT"))
	r.happen(t, "crm-3")
	r.Drain(t.Context())
	d := r.deliveries(t, w)[0]
	is.Equal(d.NextAttemptAt, time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)) // a date serves as well
	crm.then(with(200))
	is.NoErr(r.RetryWebhookDelivery(t.Context(), r.Business.ID, w.ID, d.ID))
	r.Drain(t.Context())
	is.Equal(r.deliveries(t, w)[0].Status, app.WebhookDelivered) // a person need not wait
}

func TestGoneSwitchesOff(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm, other := newReceiver(t, with(410, "Retry-After", "1")), newReceiver(t, with(200))
	w, _ := r.hook(t, crm.URL)
	r.hook(t, other.URL, app.EventWebhookDisabled)
	r.happen(t, "crm-1")
	r.Drain(t.Context())
	r.happen(t, "crm-2")
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 1) // not asked again
	got := r.reread(t, w)
	is.True(!got.Active)
	is.Equal(got.Disabled, app.WebhookGone)
	is.Equal(r.feed(t), []string{"Webhook switched off"}) // people are told
	is.Equal(len(other.seen()), 1)                        // and programs
	is.True(strings.Contains(other.seen()[0].body, fmt.Sprintf(
		`"type":"webhook.disabled","timestamp":"2026-11-16T07:00:00Z","data":{"businessId":%q,"webhookId":%q,"description":"","reason":"gone"}`, r.Business.ID, w.ID)))
	list := r.deliveries(t, w)
	is.Equal(list[0].Status+list[1].Status, app.WebhookHeld+app.WebhookFailed) // what came later is kept
}

func TestFiveDaysOfFailuresSwitchOff(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(500))
	w, _ := r.hook(t, crm.URL)
	day := func(n int) []string {
		r.happen(t, fmt.Sprint("crm-", n))
		r.Drain(t.Context())
		said := r.feed(t)
		r.Clock.Advance(24 * time.Hour)
		return said
	}
	is.Equal(day(0), []string{})
	is.Equal(day(1), []string{})
	is.Equal(day(2), []string{})                                 // two days are nothing to speak of
	is.Equal(day(3), []string{"Webhook fails"})                  // half of the time has passed
	is.Equal(day(4), []string{"Webhook fails", "Webhook fails"}) // this is the last day
	r.happen(t, "crm-5")
	is.True(r.reread(t, w).Active) // a moment before
	r.Drain(t.Context())
	got := r.reread(t, w)
	is.True(!got.Active) // and that was it
	is.Equal(got.Disabled, app.WebhookFailing)
	is.Equal(r.feed(t), []string{"Webhook switched off", "Webhook fails", "Webhook fails"}) // said once
	for _, d := range r.deliveries(t, w) {
		is.True(d.Status == app.WebhookHeld || d.Status == app.WebhookFailed) // nothing is tried any more
	}

	crm.then(with(200))
	on := true
	got, err := r.PatchWebhook(t.Context(), r.Business.ID, w.ID, store.WebhookPatch{Active: &on})
	is.NoErr(err)
	is.True(got.Active && got.Disabled == "" && got.FailingSince.IsZero()) // a person gives it another chance
	r.Drain(t.Context())
	is.True(!slices.ContainsFunc(r.deliveries(t, w), func(d app.WebhookDelivery) bool { return d.Status == app.WebhookDelivered }))
	n, err := r.RecoverWebhook(t.Context(), r.Business.ID, w.ID, storetest.Start.Add(47*time.Hour))
	is.NoErr(err)
	is.Equal(n, int64(4)) // what happened since
	r.Drain(t.Context())
	delivered := 0
	for _, d := range r.deliveries(t, w) {
		if d.Status == app.WebhookDelivered {
			delivered++
		}
	}
	is.Equal(delivered, 4) // is sent after all
}

func TestOneSuccessForgivesFailures(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(500))
	w, _ := r.hook(t, crm.URL)
	for n := range 12 {
		answer := with(500)
		if n%4 == 3 {
			answer = with(200)
		}
		crm.then(answer)
		r.happen(t, fmt.Sprint("crm-", n))
		r.Drain(t.Context())
		is.Equal(r.reread(t, w).FailingSince.IsZero(), n%4 == 3)
		r.Clock.Advance(24 * time.Hour)
	}
	is.True(r.reread(t, w).Active) // never five days of nothing else
}

func TestPausedWebhookHolds(t *testing.T) {
	is := is.New(t)
	r, ctx := newRig(t), t.Context()
	crm := newReceiver(t, with(500))
	w, _ := r.hook(t, crm.URL)
	r.happen(t, "crm-1")
	r.Drain(ctx)
	off, on := false, true
	_, err := r.PatchWebhook(ctx, r.Business.ID, w.ID, store.WebhookPatch{Active: &off})
	is.NoErr(err)
	r.happen(t, "crm-2")
	r.Clock.Advance(time.Hour)
	r.Drain(ctx)
	is.Equal(len(crm.seen()), 1) // nothing goes there
	list := r.deliveries(t, w)
	is.Equal(list[0].Status+list[1].Status, app.WebhookHeld+app.WebhookHeld) // and nothing is lost
	_, err = r.RecoverWebhook(ctx, r.Business.ID, w.ID, storetest.Start)
	is.True(app.IsKind(err, app.Conflict)) // not while it is off
	is.True(app.IsKind(r.RetryWebhookDelivery(ctx, r.Business.ID, w.ID, list[0].ID), app.Conflict))

	crm.then(with(200))
	_, err = r.PatchWebhook(ctx, r.Business.ID, w.ID, store.WebhookPatch{Active: &on})
	is.NoErr(err)
	r.happen(t, "crm-3")
	r.Drain(ctx)
	is.Equal(len(crm.seen()), 2) // what happens now goes there
	n, err := r.RecoverWebhook(ctx, r.Business.ID, w.ID, storetest.Start)
	is.NoErr(err)
	is.Equal(n, int64(2))
	r.Drain(ctx)
	is.Equal(len(crm.seen()), 4) // and what was held when it is asked for
	n, err = r.RecoverWebhook(ctx, r.Business.ID, w.ID, storetest.Start)
	is.NoErr(err)
	is.Equal(n, int64(0)) // once
}

func TestSendingAgainBeginsTheScheduleAnew(t *testing.T) {
	for _, tt := range []struct {
		name  string
		again func(r *rig, d app.WebhookDelivery) error
	}{
		{"retry", func(r *rig, d app.WebhookDelivery) error {
			return r.RetryWebhookDelivery(t.Context(), d.BusinessID, d.WebhookID, d.ID)
		}},
		{"recover", func(r *rig, d app.WebhookDelivery) error {
			_, err := r.RecoverWebhook(t.Context(), d.BusinessID, d.WebhookID, storetest.Start)
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := newRig(t)
			w, _ := r.hook(t, newReceiver(t, with(500)).URL)
			r.happen(t, "crm-1")
			for range 10 {
				r.Drain(t.Context())
				r.Clock.Advance(30 * time.Hour)
			}
			d := r.deliveries(t, w)[0]
			is.Equal(d.Status, app.WebhookHeld) // switched off on the way: days passed
			on := true
			_, err := r.PatchWebhook(t.Context(), r.Business.ID, w.ID, store.WebhookPatch{Active: &on})
			is.NoErr(err)
			before := len(d.Attempts)
			is.NoErr(tt.again(r, d))
			r.Drain(t.Context())
			d = r.deliveries(t, w)[0]
			is.Equal(len(d.Attempts), before+1)
			wait := d.NextAttemptAt.Sub(r.Clock.Now())
			is.True(wait >= 4*time.Second && wait <= 6*time.Second) // the first pause again
		})
	}
}

func TestAnotherAddressIsTriedAtOnce(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm, next := newReceiver(t, with(429, "Retry-After", "86400")), newReceiver(t, with(200))
	w, _ := r.hook(t, crm.URL)
	r.happen(t, "crm-1")
	r.Drain(t.Context())
	got, err := r.PatchWebhook(t.Context(), r.Business.ID, w.ID, store.WebhookPatch{URL: &next.URL})
	is.NoErr(err)
	is.True(got.FailingSince.IsZero()) // the failures were those of the other address
	r.happen(t, "crm-2")
	r.Drain(t.Context())
	is.Equal(len(next.seen()), 1) // and so was its wish to be left alone
}

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

	next := on(r.Fixture, onLoopback.Client(egress.Webhook, 0))
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

func TestRotation(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(200))
	w, old := r.hook(t, crm.URL)
	r.Clock.Advance(time.Second)
	fresh := app.NewWebhookSecret()
	is.NoErr(r.RotateWebhookSecret(t.Context(), r.Business.ID, w.ID, fresh))
	verifies := func(secret app.Secret) bool {
		got := crm.seen()[len(crm.seen())-1]
		return verifier(t, secret).VerifyIgnoringTimestamp([]byte(got.body), got.header) == nil
	}
	r.happen(t, "crm-1")
	r.Drain(t.Context())
	is.True(verifies(old) && verifies(fresh)) // both serve
	r.Clock.Advance(24 * time.Hour)
	r.happen(t, "crm-2")
	r.Drain(t.Context())
	is.True(!verifies(old) && verifies(fresh)) // for a day
}

func TestTest(t *testing.T) {
	is := is.New(t)
	r, ctx := newRig(t), t.Context()
	crm := newReceiver(t, with(500))
	w, secret := r.hook(t, crm.URL, app.EventAIFailed, app.EventSyncFailed)
	off := false
	_, err := r.PatchWebhook(ctx, r.Business.ID, w.ID, store.WebhookPatch{Active: &off})
	is.NoErr(err)
	d, err := r.Test(ctx, r.Business.ID, w.ID, "")
	is.NoErr(err) // also while it is off
	is.Equal(d.Event, app.EventAIFailed)
	is.Equal(d.Status, app.WebhookFailed) // once, and not again
	is.True(d.Test)
	is.Equal(d.Attempts[0].Status, 500)
	is.True(r.reread(t, w).FailingSince.IsZero()) // trying is not failing
	got := crm.seen()[0]
	is.NoErr(verifier(t, secret).VerifyIgnoringTimestamp([]byte(got.body), got.header))
	is.True(strings.HasPrefix(got.body, `{"type":"ai.failed","timestamp":"2026-11-16T07:00:00Z","test":true,"data":{"businessId":"`+string(r.Business.ID)+`"`))

	crm.then(with(200))
	d, err = r.Test(ctx, r.Business.ID, w.ID, app.EventBillingThreshold)
	is.NoErr(err) // any event may be tried
	is.Equal(d.Status, app.WebhookDelivered)
	is.True(strings.Contains(crm.seen()[1].body, `"type":"billing.threshold"`))
	is.Equal(r.reread(t, w).LastSuccessAt, r.Clock.Now())
	r.Drain(ctx)
	is.Equal(len(crm.seen()), 2)
	on := true
	_, err = r.PatchWebhook(ctx, r.Business.ID, w.ID, store.WebhookPatch{Active: &on})
	is.NoErr(err)
	n, err := r.RecoverWebhook(ctx, r.Business.ID, w.ID, storetest.Start)
	is.NoErr(err)
	is.Equal(n, int64(0)) // an example that failed is nothing to recover
	_, err = r.Test(ctx, r.Business.ID, "nothing", "")
	is.True(app.IsKind(err, app.NotFound))

	_, err = r.AddWebhookTest(ctx, r.Business.ID, w.ID, app.EventAIFailed, time.Minute)
	is.NoErr(err)
	is.NoErr(r.ReleaseWebhookDeliveries(ctx))                 // a crash in the middle of one
	is.Equal(r.deliveries(t, w)[0].Status, app.WebhookFailed) // leaves it failed: nobody waits for it
}

func TestWebhookDeletedMeanwhile(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	var w app.Webhook
	crm := newReceiver(t, func(http.ResponseWriter, *http.Request) {
		if err := r.DeleteWebhook(context.Background(), r.Business.ID, w.ID); err != nil {
			t.Error(err)
		}
	})
	w, _ = r.hook(t, crm.URL)
	r.happen(t, "crm-1")
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 1)
	is.Equal(r.log.String(), "") // nothing to speak of
	is.Equal(r.Text(t, `SELECT count(*) FROM usage_ledger WHERE meter = 'webhooks'`), "0")
}

// A farConn is a connection whose other end claims to be far away.
type farConn struct{ net.Conn }

// RemoteAddr is a public address.
func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 80} }

func TestAnswersOfPrivateNetworksAreNotKept(t *testing.T) {
	is := is.New(t)
	long := strings.Repeat("ก", 5000)
	crm := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, "no such\x00 customer\n"+long)
	})
	near := newRig(t)
	w, _ := near.hook(t, crm.URL)
	near.happen(t, "crm-1")
	near.Drain(t.Context())
	is.Equal(near.deliveries(t, w)[0].Attempts[0].Response, "") // of a private network nothing is told

	far := on(storetest.New(t), &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return farConn{conn}, err
	}}})
	w, _ = far.hook(t, crm.URL)
	far.happen(t, "crm-1")
	far.Drain(t.Context())
	got := far.deliveries(t, w)[0].Attempts[0].Response
	is.True(strings.HasPrefix(got, "no such customer\nกกก")) // of others the beginning, as text
	is.True(len(got) <= 1024+2)
}

func TestSnippetOfAnything(t *testing.T) {
	is := is.New(t)
	is.Equal(webhook.Snippet([]byte("a\x1b[31mb\x7f\t\n\xff")), "a[31mb\t\n\uFFFD")
	is.Equal(webhook.Snippet(nil), "")
}

func TestErrorsOfTheApplianceAreNoAttempts(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(200))
	w, _ := r.hook(t, crm.URL)
	r.happen(t, "crm-1")
	r.Exec(t, `UPDATE webhook_secrets SET secret = x'00'`) // as with another key file
	r.Drain(t.Context())
	is.Equal(len(crm.seen()), 0) // nothing goes out unsigned
	is.Equal(len(r.deliveries(t, w)[0].Attempts), 0)
	is.True(strings.Contains(r.log.String(), "key file")) // and the log says what to mend
	_, err := r.Test(t.Context(), r.Business.ID, w.ID, "")
	is.True(err != nil && !errors.Is(err, store.ErrLease))
}
