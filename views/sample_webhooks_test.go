package views_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

// events are what was sent to one webhook, in every state.
func events(t testing.TB) []app.WebhookDelivery {
	t.Helper()
	at := noon(t).Add(-time.Hour)
	attempt := func(n, status int, code string) app.WebhookAttempt {
		return app.WebhookAttempt{Number: n, At: at.Add(time.Duration(n) * time.Minute), Duration: 84 * time.Millisecond, Status: status, Error: code, Response: "<b>no</b>"}
	}
	many := make([]app.WebhookAttempt, 14)
	for i := range many {
		many[i] = attempt(i+1, 503, app.WebhookErrPeer)
	}
	body := []byte(`{"type":"recording.completed","data":{"url":"<script>alert(1)</script>"}}`)
	return []app.WebhookDelivery{
		{ID: "d1", Event: app.EventRecordingCompleted, Status: app.WebhookDelivered, Body: body, CreatedAt: at, Attempts: []app.WebhookAttempt{attempt(1, 200, "")}},
		{ID: "d2", Event: app.EventAutomationFired, Status: app.WebhookPending, Body: body, CreatedAt: at, NextAttemptAt: noon(t).Add(time.Hour),
			Attempts: []app.WebhookAttempt{attempt(1, 503, app.WebhookErrPeer), attempt(2, 0, app.WebhookErrTimeout)}},
		{ID: "d3", Event: app.EventSyncFailed, Status: app.WebhookFailed, Body: body, CreatedAt: at, Attempts: many},
		{ID: "d4", Event: app.EventAIFailed, Status: app.WebhookHeld, Body: body, CreatedAt: at},
		{ID: "d5", Event: app.EventAIFailed, Status: app.WebhookPending, Body: body, CreatedAt: at, NextAttemptAt: noon(t)},
		{ID: "d6", Event: app.EventRecordingCreated, Status: app.WebhookDelivered, Test: true, Body: []byte("{"), CreatedAt: at,
			Attempts: []app.WebhookAttempt{attempt(1, 500, app.WebhookErrPeer), attempt(2, 204, "")}},
	}
}

func webhookSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	crm := app.Webhook{ID: "w1", URL: "https://crm.siam.example:8443/hooks", Description: "CRM ของบริษัท", Events: []app.EventType{app.AllEvents}, Active: true, LastSuccessAt: noon(t)}
	failing, gone, paused := crm, crm, crm
	failing.ID, failing.FailingSince, failing.Description = "w2", noon(t).Add(-30*time.Hour), ""
	gone.ID, gone.Active, gone.Disabled = "w3", false, app.WebhookGone
	paused.ID, paused.Active, paused.Events = "w4", false, app.EventTypes()
	fresh := crm
	fresh.ID, fresh.LastSuccessAt = "w5", time.Time{}
	list := views.WebhooksPage{Items: []views.WebhookCard{
		{Webhook: crm, Recent: events(t)}, {Webhook: failing, Recent: events(t)[1:4]}, {Webhook: gone, Recent: events(t)[2:4]}, {Webhook: paused}, {Webhook: fresh},
	}}
	shown, drawer := list, list
	shown.Fresh = &views.WebhookSecret{Webhook: crm, Secret: "whsec_c2VjcmV0", Rotated: true}
	drawer.Form = &views.WebhookForm{ID: "w1", Form: views.Form{Values: url.Values{"events": {"*"}}, Errors: map[string]string{"events": "เลือกอย่างน้อยหนึ่ง", "url": "ใช้ไม่ได้"}}}
	here := frame("Webhooks", views.AtSettings)
	return map[string]templ.Component{
		"webhooks":        views.Webhooks(here, shown),
		"webhooks-none":   views.Webhooks(here, views.WebhooksPage{}),
		"webhooks-edit":   views.Webhooks(here, drawer),
		"webhook":         views.Webhook(here, views.WebhookPage{Webhook: crm, Recent: events(t), Items: events(t), Next: "c", Status: "failed", Older: true, Held: 3}),
		"webhook-stopped": views.Webhook(here, views.WebhookPage{Webhook: gone, Held: 212}),
		"webhook-paused":  views.Webhook(here, views.WebhookPage{Webhook: paused}),
		"webhook-failing": views.Webhook(here, views.WebhookPage{Webhook: failing, Pending: 12, Recent: events(t)[1:4]}),
	}
}
