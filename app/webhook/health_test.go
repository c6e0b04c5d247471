package webhook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

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
