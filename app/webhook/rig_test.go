package webhook_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"crk/app"
	"crk/app/egress"
	"crk/app/webhook"
	"crk/store"
	"crk/store/storetest"
)

// onLoopback lets the tests reach their own receivers.
var onLoopback = egress.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// A rig is a courier on a real store.
type rig struct {
	*storetest.Fixture
	*webhook.Courier
	log *bytes.Buffer
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return on(storetest.New(t), onLoopback.Clients(egress.Webhook, 0).Trusting)
}

// on puts a courier on a store, as a start of the appliance does.
func on(f *storetest.Fixture, client webhook.Client) *rig {
	log := &bytes.Buffer{}
	return &rig{f, webhook.New(webhook.Options{
		DB: f.Store, Client: client, Version: "1.2", Log: slog.New(slog.NewTextHandler(log, nil)),
	}), log}
}

// Drain delivers what is due: the courier's, not the queue's.
func (r *rig) Drain(ctx context.Context) { r.Courier.Drain(ctx) }

// hook makes a webhook of the rig's business, for all events where none are
// named.
func (r *rig) hook(t testing.TB, url string, events ...app.EventType) (app.Webhook, app.Secret) {
	t.Helper()
	if len(events) == 0 {
		events = []app.EventType{app.AllEvents}
	}
	secret := app.NewWebhookSecret()
	w, err := r.CreateWebhook(t.Context(), app.Webhook{BusinessID: r.Business.ID, URL: url, Events: events, Active: true}, secret)
	if err != nil {
		t.Fatal("create webhook:", err)
	}
	return w, secret
}

// happen makes an event happen.
func (r *rig) happen(t testing.TB, dataID string) app.Recording {
	t.Helper()
	call, _, _, err := r.SaveRecording(t.Context(), r.Business.ID, nil,
		store.GivenRecording{DataID: dataID, CallAt: storetest.Start, Direction: app.In}, false)
	if err != nil {
		t.Fatal("save recording:", err)
	}
	return call
}

// deliveries returns a webhook's deliveries, newest first.
func (r *rig) deliveries(t testing.TB, w app.Webhook) []app.WebhookDelivery {
	t.Helper()
	list, _, err := r.WebhookDeliveries(t.Context(), w.BusinessID, w.ID, "", "", 200)
	if err != nil {
		t.Fatal("deliveries:", err)
	}
	return list
}

// reread returns a webhook as it is now.
func (r *rig) reread(t testing.TB, w app.Webhook) app.Webhook {
	t.Helper()
	w, err := r.Store.Webhook(t.Context(), w.BusinessID, w.ID)
	if err != nil {
		t.Fatal("webhook:", err)
	}
	return w
}

// feed returns the titles of the feed, newest first.
func (r *rig) feed(t testing.TB) []string {
	t.Helper()
	items, err := r.Feed(t.Context(), r.Business.ID, r.Owner.ID, 0, false, 100)
	if err != nil {
		t.Fatal("feed:", err)
	}
	out := []string{}
	for _, f := range items {
		out = append(out, f.Title)
	}
	return out
}

// run runs the courier. stop tells it to end, wait waits until it has.
func (r *rig) run(t testing.TB) (stop, wait func()) {
	t.Helper()
	r.Notify(nil, r.Wake)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error("run:", err)
		}
	})
	return cancel, running.Wait
}

// A request is what a receiver got.
type request struct {
	header http.Header
	body   string
}

// A receiver is a business's own software.
type receiver struct {
	*httptest.Server
	got chan request // each, as it comes

	mu       sync.Mutex
	answer   http.HandlerFunc
	requests []request
}

func newReceiver(t testing.TB, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer, got: make(chan request, 1000)}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP notes the request and answers as it was told.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.requests = append(r.requests, request{req.Header, string(body)})
	answer := r.answer
	r.mu.Unlock()
	r.got <- request{req.Header, string(body)}
	answer(w, req)
}

// then changes how the receiver answers.
func (r *receiver) then(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// seen returns the requests so far.
func (r *receiver) seen() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.requests...)
}

// next returns the next request that was not returned by next before. It waits
// for less than a courier that nobody woke would sleep.
func (r *receiver) next(t testing.TB) request {
	t.Helper()
	select {
	case req := <-r.got:
		return req
	case <-time.After(10 * time.Second):
		t.Fatal("the receiver got nothing")
		return request{}
	}
}

// with answers a status with headers, names and values by turns.
func with(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "answer "+http.StatusText(status))
	}
}
