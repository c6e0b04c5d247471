package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestWebhooks(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	first := hook(t, f, f.Business.ID, app.EventAIFailed)
	f.Clock.Advance(time.Second)
	second := hook(t, f, f.Business.ID)
	list, total, err := f.Webhooks(ctx, f.Business.ID, 1, 0)
	is.NoErr(err)
	is.Equal(total, 2)
	is.Equal(list[0].ID, second.ID) // newest first, by page
	got, err := f.Store.Webhook(ctx, f.Business.ID, first.ID)
	is.NoErr(err)
	is.Equal(got, first) // as it was made

	f.Clock.Advance(time.Second)
	got, err = f.PatchWebhook(ctx, f.Business.ID, first.ID, store.WebhookPatch{URL: ptr("http://10.0.0.5/in"), Description: ptr("CRM")})
	is.NoErr(err)
	is.Equal(got.URL+got.Description, "http://10.0.0.5/inCRM") // what is given changes
	is.Equal(got.Events, first.Events)                         // the rest stays
	is.Equal(got.UpdatedAt, f.Clock.Now())

	for range app.MaxWebhooks - 2 {
		hook(t, f, f.Business.ID)
	}
	_, err = f.CreateWebhook(ctx, app.Webhook{BusinessID: f.Business.ID, Events: first.Events}, app.NewWebhookSecret())
	is.True(app.IsKind(err, app.Conflict)) // not more than there may be
}

func TestWebhooksOfAnotherBusiness(t *testing.T) {
	f, ctx := storetest.New(t), t.Context()
	other, _ := f.OtherBusiness(t)
	w := hook(t, f, f.Business.ID)
	save(t, f, given("crm-1"))
	id := f.Text(t, `SELECT id FROM webhook_deliveries`)
	for name, try := range map[string]func() error{
		"read": func() error { _, err := f.Store.Webhook(ctx, other.ID, w.ID); return err },
		"change": func() error {
			_, err := f.PatchWebhook(ctx, other.ID, w.ID, store.WebhookPatch{Active: ptr(false)})
			return err
		},
		"delete":     func() error { return f.DeleteWebhook(ctx, other.ID, w.ID) },
		"rotate":     func() error { return f.RotateWebhookSecret(ctx, other.ID, w.ID, app.NewWebhookSecret()) },
		"target":     func() error { _, err := f.WebhookTarget(ctx, other.ID, w.ID); return err },
		"deliveries": func() error { _, _, err := f.WebhookDeliveries(ctx, other.ID, w.ID, "", "", 10); return err },
		"delivery":   func() error { _, err := f.WebhookDelivery(ctx, other.ID, w.ID, id); return err },
		"retry":      func() error { return f.RetryWebhookDelivery(ctx, other.ID, w.ID, id) },
		"recover":    func() error { _, err := f.RecoverWebhook(ctx, other.ID, w.ID, time.Time{}); return err },
		"test": func() error {
			_, err := f.AddWebhookTest(ctx, other.ID, w.ID, app.EventAIFailed, time.Minute)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			var e *app.Error
			is.True(errors.As(try(), &e))
			is.Equal(e.Code, "webhook_not_found") // as one that never was
		})
	}
	is := is.New(t)
	is.Equal(f.Text(t, `SELECT active || status FROM webhooks JOIN webhook_deliveries`), "1pending") // nothing was changed
	var e *app.Error
	is.True(errors.As(f.RetryWebhookDelivery(ctx, f.Business.ID, hook(t, f, f.Business.ID).ID, id), &e))
	is.Equal(e.Code, "delivery_not_found") // nor by way of another webhook
}

func TestWebhookSecrets(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	first := app.NewWebhookSecret()
	w, err := f.CreateWebhook(ctx, app.Webhook{BusinessID: f.Business.ID, URL: "https://crm.example.com/", Events: []app.EventType{app.AllEvents}}, first)
	is.NoErr(err)
	signs := func() []app.Secret {
		to, err := f.WebhookTarget(ctx, f.Business.ID, w.ID)
		is.NoErr(err)
		is.Equal(to.URL, "https://crm.example.com/")
		return to.Secrets
	}
	is.Equal(signs(), []app.Secret{first})
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_secrets WHERE instr(secret, ?)`, strings.TrimPrefix(first.Reveal(), "whsec_")), "0") // sealed

	f.Clock.Advance(time.Second)
	second := app.NewWebhookSecret()
	is.NoErr(f.RotateWebhookSecret(ctx, f.Business.ID, w.ID, second))
	is.Equal(signs(), []app.Secret{second, first}) // both sign
	f.Clock.Advance(store.WebhookOverlap - time.Millisecond)
	is.Equal(len(signs()), 2) // for a day
	f.Clock.Advance(time.Millisecond)
	is.Equal(signs(), []app.Secret{second}) // and then the new one alone
	for range 10 {
		f.Clock.Advance(time.Second)
		is.NoErr(f.RotateWebhookSecret(ctx, f.Business.ID, w.ID, app.NewWebhookSecret()))
	}
	is.Equal(len(signs()), 5) // however often it is done
}

// take claims everything that is due, up to n for each webhook.
func take(t testing.TB, f *storetest.Fixture, n int) []store.WebhookClaim {
	t.Helper()
	claims, err := f.ClaimWebhookDeliveries(t.Context(), func(string) int { return n }, time.Minute)
	if err != nil {
		t.Fatal("claim deliveries:", err)
	}
	return claims
}

func TestClaimsAreMadeForEachWebhook(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	busy, calm := hook(t, f, f.Business.ID), hook(t, f, f.Business.ID, app.EventRecordingDeleted)
	var last app.Recording
	for i := range 10 {
		last = save(t, f, given(fmt.Sprint("crm-", i)))
		f.Clock.Advance(time.Second)
	}
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, last.ID))
	claims := take(t, f, 4)
	of := map[string]int{}
	for _, c := range claims {
		of[c.WebhookID]++
	}
	is.Equal(of, map[string]int{busy.ID: 4, calm.ID: 1}) // a backlog stands in nobody's way
	claims = take(t, f, 3)
	is.Equal(len(claims), 3) // what is claimed is not claimed again
	is.Equal(len(take(t, f, 0)), 0)
	at, err := f.NextWebhookAt(t.Context(), nil)
	is.NoErr(err)
	is.Equal(at, storetest.Start.Add(7*time.Second)) // the longest due went first
	at, err = f.NextWebhookAt(t.Context(), []string{busy.ID})
	is.NoErr(err)
	is.True(at.IsZero()) // of the others nothing waits
}

func TestAttemptIsSavedByItsClaimAlone(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	w := hook(t, f, f.Business.ID)
	save(t, f, given("crm-1"))
	late := take(t, f, 1)[0]
	f.Clock.Advance(2 * time.Minute)
	is.NoErr(f.ReleaseExpiredWebhookDeliveries(ctx))
	c := take(t, f, 1)[0]
	is.Equal(c.DeliveryID, late.DeliveryID) // an expired claim is given back
	is.Equal(c.Attempts, 0)                 // as not tried
	is.True(errors.Is(f.SaveWebhookAttempt(ctx, late, app.WebhookAttempt{At: f.Clock.Now()}, store.WebhookOutcome{}), store.ErrLease))
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_attempts`), "0") // and its holder saves nothing

	is.NoErr(f.ReleaseWebhookClaims(ctx, []store.WebhookClaim{late})) // nor gives it back once more
	is.Equal(len(take(t, f, 1)), 0)
	is.NoErr(f.ReleaseWebhookClaims(ctx, []store.WebhookClaim{c}))
	c = take(t, f, 1)[0] // its present one does

	is.NoErr(f.SaveWebhookAttempt(ctx, c, app.WebhookAttempt{At: f.Clock.Now(), Duration: 20 * time.Millisecond, Status: 204, Response: "ok"}, store.WebhookOutcome{}))
	d, err := f.WebhookDelivery(ctx, f.Business.ID, w.ID, c.DeliveryID)
	is.NoErr(err)
	is.Equal(d.Status, app.WebhookDelivered)
	is.Equal(d.Attempts, []app.WebhookAttempt{{Number: 1, At: f.Clock.Now(), Duration: 20 * time.Millisecond, Status: 204, Response: "ok"}})
	is.True(d.NextAttemptAt.IsZero())
	is.Equal(f.Text(t, `SELECT quantity FROM usage_totals WHERE meter = 'webhooks'`), "1") // counted once

	is.NoErr(f.RetryWebhookDelivery(ctx, f.Business.ID, w.ID, c.DeliveryID))
	c = take(t, f, 1)[0] // what was delivered can be sent again
	is.NoErr(f.RetryWebhookDelivery(ctx, f.Business.ID, w.ID, c.DeliveryID))
	is.Equal(len(take(t, f, 1)), 0) // but not twice at once
	is.NoErr(f.DeleteWebhook(ctx, f.Business.ID, w.ID))
	is.True(errors.Is(f.SaveWebhookAttempt(ctx, c, app.WebhookAttempt{}, store.WebhookOutcome{}), store.ErrLease)) // the webhook is gone
}

func TestWebhookDeliveriesPage(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	w := hook(t, f, f.Business.ID)
	for i := range 5 {
		save(t, f, given(fmt.Sprint("crm-", i))) // all at the same time
	}
	var seen []string
	cursor := ""
	for page := 0; page == 0 || cursor != ""; page++ {
		list, next, err := f.WebhookDeliveries(ctx, f.Business.ID, w.ID, app.WebhookPending, cursor, 2)
		is.NoErr(err)
		for _, d := range list {
			seen = append(seen, d.ID)
		}
		cursor = next
	}
	is.Equal(strings.Join(seen, ","), f.Text(t, `SELECT group_concat(id) FROM (SELECT id FROM webhook_deliveries ORDER BY id DESC)`)) // each once, newest first
	_, _, err := f.WebhookDeliveries(ctx, f.Business.ID, w.ID, "", "nonsense", 2)
	is.True(app.IsKind(err, app.Malformed)) // a cursor of nobody's
}

func TestWebhookLogIsBounded(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	w, other := hook(t, f, f.Business.ID), hook(t, f, f.Business.ID)
	old := save(t, f, given("old")).ID
	for _, c := range take(t, f, 1) {
		if c.WebhookID == w.ID {
			is.NoErr(f.SaveWebhookAttempt(ctx, c, app.WebhookAttempt{At: f.Clock.Now(), Status: 200}, store.WebhookOutcome{}))
		}
	}
	f.Clock.Advance(30*24*time.Hour + time.Second)
	save(t, f, given("new"))
	is.NoErr(f.PruneWebhooks(ctx))
	list, _, err := f.WebhookDeliveries(ctx, f.Business.ID, w.ID, "", "", 10)
	is.NoErr(err)
	is.Equal(len(list), 1) // what is done and old is gone
	list, _, err = f.WebhookDeliveries(ctx, f.Business.ID, other.ID, "", "", 10)
	is.NoErr(err)
	is.Equal(len(list), 2)                                                                    // what is pending stays, however old
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_attempts`), "0")                         // with its log
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_events WHERE instr(body, ?)`, old), "1") // its event is still needed
	is.NoErr(f.DeleteWebhook(ctx, f.Business.ID, other.ID))
	is.NoErr(f.PruneWebhooks(ctx))
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_events WHERE instr(body, ?)`, old), "0") // until nobody needs it
}

func TestWebhookLogKeepsTheNewest(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	w := hook(t, f, f.Business.ID)
	f.Exec(t, `INSERT INTO webhook_events (id, business_id, type, body, created_at)
		WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50700) SELECT 'e' || i, ?, 'ai.failed', x'7b7d', ? + i FROM n`,
		f.Business.ID, storetest.Start.UnixMilli())
	f.Exec(t, `INSERT INTO webhook_deliveries (id, business_id, webhook_id, event_id, status, next_at, created_at)
		SELECT 'd' || id, business_id, ?, id, 'held', 0, created_at FROM webhook_events`, w.ID)
	f.Clock.Advance(time.Hour)
	is.NoErr(f.PruneWebhooks(t.Context()))
	is.Equal(f.Text(t, `SELECT min(created_at) FROM webhook_deliveries`), fmt.Sprint(storetest.Start.UnixMilli()+700)) // the newest, 50,000 and one
	is.Equal(f.Text(t, `SELECT min(created_at) FROM webhook_events`), fmt.Sprint(storetest.Start.UnixMilli()+700))     // with their events
}

func TestWebhookLogHasASize(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	w := hook(t, f, f.Business.ID)
	f.Exec(t, `INSERT INTO webhook_events (id, business_id, type, body, created_at)
		WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70) SELECT 'e' || i, ?, 'ai.failed', zeroblob(1024 * 1024 - 512), ? + i FROM n`,
		f.Business.ID, storetest.Start.UnixMilli())
	f.Exec(t, `INSERT INTO webhook_deliveries (id, business_id, webhook_id, event_id, status, next_at, created_at)
		SELECT 'd' || id, business_id, ?, id, CASE id WHEN 'e1' THEN 'pending' ELSE 'delivered' END, 0, created_at FROM webhook_events`, w.ID)
	is.NoErr(f.PruneWebhooks(t.Context()))
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_deliveries`), "65") // 64 MiB of the newest, and what is pending
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'`), "1")
	is.Equal(f.Text(t, `SELECT min(created_at) FROM webhook_deliveries WHERE status <> 'pending'`), fmt.Sprint(storetest.Start.UnixMilli()+7))
	is.NoErr(f.PruneWebhooks(t.Context()))
	is.Equal(f.Text(t, `SELECT count(*) FROM webhook_deliveries`), "65") // again changes nothing
}
