package webhook_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
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

	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return farConn{conn}, err
	}}}
	far := on(storetest.New(t), func(string) (*http.Client, error) { return client, nil })
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

// TestAuthorityOfItsOwn: a receiver with a certificate of the company's own is
// trusted by that authority alone.
func TestAuthorityOfItsOwn(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	crm := newReceiver(t, with(200))
	secure := httptest.NewUnstartedServer(crm)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of handshakes that fail, as they shall
	secure.StartTLS()
	t.Cleanup(secure.Close)
	w, _ := r.hook(t, secure.URL)
	latest := func() app.WebhookAttempt {
		t.Helper()
		d, err := r.Test(t.Context(), w.BusinessID, w.ID, "")
		is.NoErr(err)
		return d.Attempts[0]
	}
	trust := func(ca string) {
		t.Helper()
		_, err := r.PatchWebhook(t.Context(), w.BusinessID, w.ID, store.WebhookPatch{CA: &ca})
		is.NoErr(err)
	}
	is.Equal(latest().Error, app.WebhookErrTLS) // nobody vouches for it
	trust(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	is.Equal(latest().Error, "") // its own authority does
	trust("")
	is.Equal(latest().Error, app.WebhookErrTLS) // and not for longer than it is trusted
	is.Equal(len(crm.seen()), 1)                // nothing was sent where the certificate was not
}
