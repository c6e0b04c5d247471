package web_test

import (
	"crk/app"
	"crk/store/storetest"
)

// unaudited are the routes that change things and leave no line in the audit
// log, each with the reason.
var unaudited = map[string]string{
	"POST /api/v1/providers/test":                     "asks a phone system; nothing is changed",
	"POST /api/v1/providers/:id/test":                 "asks a phone system; what it finds out is not a person's change",
	"POST /settings/providers/try":                    "asks a phone system; nothing is changed",
	"POST /settings/analysis/try":                     "asks an AI server; nothing is changed",
	"POST /settings/providers/ai/:task/try":           "asks an AI server; nothing is changed",
	"POST /settings/providers/ai/:task/test":          "asks an AI server; what it finds out is not a person's change",
	"POST /settings/providers/:id/try":                "asks a phone system; nothing is changed",
	"POST /settings/providers/:id/test":               "asks a phone system; what it finds out is not a person's change",
	"POST /api/v1/telegram/chats/:id/test":            "a message: it is in the log of deliveries",
	"POST /settings/destinations/telegram/:id/test":   "a message: it is in the log of deliveries",
	"POST /settings/system/telegram":                  "a line of the appliance; see TestBotIsSetOnThePage",
	"POST /settings/system/telegram/remove":           "a line of the appliance; see TestBotIsSetOnThePage",
	"POST /api/v1/notifications/send":                 "a message: it is in the log of deliveries",
	"POST /notifications/deliveries/:id/retry":        "a message: it is in the log of deliveries",
	"POST /api/v1/webhooks/:id/test":                  "an event: it is in the log of deliveries",
	"POST /settings/webhooks/:id/test":                "an event: it is in the log of deliveries",
	"POST /api/v1/notifications/automations/:id/test": "tries a rule; nothing is sent or changed",
	"POST /api/v1/notifications/feed/read-all":        "what somebody has read",
	"POST /api/v1/notifications/feed/:id/read":        "what somebody has read",
	"POST /notifications/read-all":                    "what somebody has read",
	"POST /notifications/:id/read":                    "what somebody has read",
	"PATCH /api/v1/notifications/preferences":         "how somebody likes it",
	"POST /notifications/preferences":                 "how somebody likes it",
	"POST /settings/privacy/person":                   "what somebody looks at",
	"POST /settings/privacy/person/export":            "what somebody takes away: it is in the access log",
	"POST /language":                                  "how somebody likes it",
	"POST /steps/hide":                                "how somebody likes it",
	"POST /automations/preview":                       "draws what is typed; nothing is kept",
	"POST /automations/flow/try":                      "tries a rule; nothing is sent or changed",
	"POST /theme":                                     "how somebody likes it",
	"POST /settings/system/backup":                    "leaves one; see TestBackUpNow",
	"POST /business":                                  "what somebody looks at",
	"POST /settings/two-step":                         "nothing is asked for until a code was shown",
}

// byNobody are the routes of who is not signed in yet, or not for long.
var byNobody = []string{"POST /login", "POST /login/code", "POST /setup", "POST /invite/:token", "POST /invite/:token/accept", "POST /settings/business/new"}

// A change is a request that changes something, and the line that it leaves.
// {name} in the path and in form values is the id of a thing made for the purpose;
// see auditRig.thing.
type change struct {
	route  string // as it is registered
	path   string
	body   any // a form ([]string: names and values by turns), or JSON of the API
	action app.Action
}

// drawn is a body that the flow editor sends.
type drawn struct{ version string }

func changes() []change {
	rule := map[string]any{"name": "r", "conditions": []any{}, "message": "m", "inApp": true}
	ruleForm := []string{"name", "Rule", "match", "all", "severity", "info", "message", "m", "inApp", "true"}
	return []change{
		{"POST /settings/people/invitations", "", []string{"role", "viewer"}, "invitation.create"},
		{"POST /settings/people/invitations/:id/delete", "{invitation}", []string{}, "invitation.delete"},
		{"POST /settings/people/:id", "{person}", []string{"role", "viewer"}, "member.update"},
		{"POST /settings/people/:id/active", "{person}", []string{"active", "false"}, "member.update"},
		{"POST /settings/people/:id/delete", "{person}", []string{}, "member.delete"},
		{"POST /settings/two-step/confirm", "", []string{"code", "{code}"}, "user.update"},
		{"POST /settings/two-step/codes", "", []string{"current", storetest.Password}, "user.update"},
		{"POST /settings/two-step/off", "{two-step}", []string{"current", storetest.Password}, "user.update"},
		{"POST /settings/business", "", []string{"business", "Acme", "timeZone", "Asia/Bangkok", "language", "th", "days", "1", "from", "08:00", "until", "18:00"}, "business.update"},
		{"POST /automations/flow", "", drawn{}, "automation.create"},
		{"POST /automations/:id/flow", "{automation}", drawn{version: "{version}"}, "automation.update"},
		{"POST /api/v1/recordings", "", brought("crm-9"), "recording.create"},
		{"PATCH /api/v1/recordings/:id", "{call}", map[string]any{"note": "n"}, "recording.update"},
		{"DELETE /api/v1/recordings/:id", "{call}", nil, "recording.delete"},
		{"PUT /api/v1/recordings/:id/audio", "{awaiting}", string(speech(1)), "recording.upload"},
		{"PUT /api/v1/uploads/:token", "{upload}", string(speech(1)), "recording.upload"},
		{"POST /api/v1/recordings/:id/reextract", "{call}", nil, "recording.reextract"},
		{"PUT /api/v1/recordings/:id/review", "{call}", map[string]any{"score": 50}, "review.update"},
		{"DELETE /api/v1/recordings/:id/review", "{call}", nil, "review.delete"},
		{"POST /calls/upload", "", nil, "recording.upload"},
		{"POST /calls/:id", "{call}", []string{"direction", "out", "note", "n"}, "recording.update"},
		{"POST /calls/:id/review", "{call}", []string{"score", "50"}, "review.update"},
		{"POST /calls/:id/review/delete", "{call}", []string{}, "review.delete"},
		{"POST /calls/:id/reextract", "{call}", []string{}, "recording.reextract"},
		{"POST /calls/:id/delete", "{call}", []string{}, "recording.delete"},
		{"POST /calls/:id/retry", "{failed}", []string{}, "recording.reextract"},
		{"POST /calls/:id/collections", "{call}", []string{"collection", "{collection}"}, "collection.add"},
		{"POST /calls/:id/collections/remove", "{call}", []string{"collection", "{holds}"}, "collection.remove"},
		{"POST /calls/bulk", "", []string{"action", "delete", "sure", "1", "id", "{call}"}, "recording.delete"},
		{"POST /collections", "", []string{"name", "c", "color", "#2563EB"}, "collection.create"},
		{"POST /collections/:id", "{collection}", []string{"name", "d", "color", "#2563EB"}, "collection.update"},
		{"POST /collections/:id/remove", "{holds}", []string{"id", "{call}"}, "collection.remove"},
		{"POST /collections/:id/delete", "{collection}", []string{}, "collection.delete"},
		{"POST /agents/name", "", []string{"key", "1001", "name", "Somchai J."}, "agent.update"},
		{"POST /agents/members", "", []string{"key", "1001", "user", "{owner}"}, "member.update"},
		{"POST /settings/privacy", "", []string{"audioDays", "90", "textDays", "0", "logDays", "0"}, "privacy.update"},
		{"POST /settings/privacy/person/erase", "", []string{"phone", "081 999 9999"}, "person.erase"},

		{"POST /api/v1/collections", "", map[string]any{"name": "c"}, "collection.create"},
		{"PATCH /api/v1/collections/:id", "{collection}", map[string]any{"name": "d"}, "collection.update"},
		{"DELETE /api/v1/collections/:id", "{collection}", nil, "collection.delete"},
		{"POST /api/v1/collections/:id/items", "{collection}", map[string]any{"callRecordingIds": []string{"{call}"}}, "collection.add"},
		{"DELETE /api/v1/collections/:id/items", "{filled}", nil, "collection.remove"},

		{"POST /api/v1/providers", "", map[string]any{"kind": "dtac", "name": "pbx", "config": map[string]any{"username": "u", "password": "p"}}, "provider.create"},
		{"PATCH /api/v1/providers/:id", "{provider}", map[string]any{"name": "renamed"}, "provider.update"},
		{"DELETE /api/v1/providers/:id", "{provider}", nil, "provider.delete"},
		{"POST /api/v1/providers/:id/default", "{provider}", nil, "provider.default"},
		{"POST /api/v1/providers/:id/sync", "{active}", nil, "provider.sync"},
		{"POST /settings/providers", "", []string{"kind", "dtac", "name", "pbx", "username", "u", "password", "p", "syncIntervalMinutes", "30"}, "provider.create"},
		{"POST /settings/providers/:id", "{provider}", []string{"kind", "dtac", "name", "branch", "baseUrl", "https://onecallvoicerecord.dtac.co.th", "username", "u", "password", "p", "syncIntervalMinutes", "30"}, "provider.update"},
		{"POST /settings/providers/:id/default", "{provider}", []string{}, "provider.default"},
		{"POST /settings/providers/:id/sync", "{active}", []string{}, "provider.sync"},
		{"POST /settings/providers/:id/active", "{provider}", []string{"active", "true"}, "provider.update"},
		{"POST /settings/providers/:id/delete", "{provider}", []string{}, "provider.delete"},
		{"POST /settings/providers/:id/compare", "{active}", []string{}, "provider.sync"},
		{"POST /settings/providers/:id/retry", "{active}", []string{}, "provider.sync"},
		{"POST /settings/providers/:id/backfill", "{active}", []string{"backfillFrom", "2026-10-01"}, "provider.update"},
		{"POST /settings/providers/:id/backfill/pause", "{backfill}", []string{}, "provider.update"},
		{"POST /settings/providers/:id/backfill/resume", "{backfill}", []string{}, "provider.update"},
		{"POST /settings/providers/:id/backfill/nights", "{backfill}", []string{"nights", "true"}, "provider.update"},

		{"POST /api/v1/telegram/link-code", "", nil, "linkcode.create"},
		{"PATCH /api/v1/telegram/chats/:id", "{chat}", map[string]any{"isActive": false}, "chat.update"},
		{"DELETE /api/v1/telegram/chats/:id", "{chat}", nil, "chat.delete"},
		{"POST /api/v1/notifications/discord", "", map[string]any{"name": "d", "webhookUrl": "https://discord.com/api/webhooks/51/" + hookToken}, "discord.create"},
		{"DELETE /api/v1/notifications/discord/:id", "{discord}", nil, "discord.delete"},
		{"POST /settings/destinations/telegram", "", []string{}, "linkcode.create"},
		{"POST /settings/destinations/telegram/:id/active", "{chat}", []string{"active", "false"}, "chat.update"},
		{"POST /settings/destinations/telegram/:id/delete", "{chat}", []string{}, "chat.delete"},
		{"POST /settings/destinations/discord", "", []string{"name", "d", "webhookUrl", "https://discord.com/api/webhooks/52/" + hookToken}, "discord.create"},
		{"POST /settings/destinations/discord/:id/delete", "{discord}", []string{}, "discord.delete"},

		{"POST /api/v1/notifications/automations", "", rule, "automation.create"},
		{"PUT /api/v1/notifications/automations/:id", "{automation}", rule, "automation.update"},
		{"PATCH /api/v1/notifications/automations/:id", "{automation}", map[string]any{"enabled": false}, "automation.update"},
		{"DELETE /api/v1/notifications/automations/:id", "{automation}", nil, "automation.delete"},
		{"POST /automations", "", ruleForm, "automation.create"},
		{"POST /automations/:id", "{automation}", ruleForm, "automation.update"},
		{"POST /automations/:id/enabled", "{automation}", []string{"enabled", "false"}, "automation.update"},
		{"POST /automations/:id/delete", "{automation}", []string{}, "automation.delete"},

		{"POST /api/v1/webhooks", "", map[string]any{"url": "https://8.8.8.8/h", "events": []string{"*"}}, "webhook.create"},
		{"PATCH /api/v1/webhooks/:id", "{webhook}", map[string]any{"isActive": false}, "webhook.update"},
		{"DELETE /api/v1/webhooks/:id", "{webhook}", nil, "webhook.delete"},
		{"POST /api/v1/webhooks/:id/rotate-secret", "{webhook}", nil, "webhook.rotate"},
		{"POST /api/v1/webhooks/:id/recover", "{webhook}", map[string]any{"since": "2026-11-01T00:00:00Z"}, "webhook.recover"},
		{"POST /api/v1/webhooks/:id/deliveries/:deliveryId/retry", "{webhook}/{delivery}", nil, "webhook.retry"},
		{"POST /settings/webhooks", "", []string{"url", "https://8.8.8.8/h", "events", "*"}, "webhook.create"},
		{"POST /settings/webhooks/:id", "{webhook}", []string{"url", "https://8.8.8.8/i", "events", "*"}, "webhook.update"},
		{"POST /settings/webhooks/:id/active", "{webhook}", []string{"active", "false"}, "webhook.update"},
		{"POST /settings/webhooks/:id/secret", "{webhook}", []string{}, "webhook.rotate"},
		{"POST /settings/webhooks/:id/recover", "{webhook}", []string{"since", "2026-11-01"}, "webhook.recover"},
		{"POST /settings/webhooks/:id/deliveries/:deliveryId/retry", "{webhook}/{delivery}", []string{}, "webhook.retry"},
		{"POST /settings/webhooks/:id/delete", "{webhook}", []string{}, "webhook.delete"},
		{"POST /settings/providers/ai/:task", "analysis", []string{"url", "https://8.8.8.8/v1", "key", "sk-" + hookToken, "model", "m"}, "aiserver.update"},
		{"POST /settings/providers/ai/:task/delete", "{aiserver}", []string{}, "aiserver.delete"},
		{"POST /settings/analysis", "", briefForm(app.DefaultBrief("en"), "do", "save"), "brief.update"},
		{"POST /settings/analysis/versions/:version/restore", "", []string{}, "brief.update"},
		{"POST /usage/prices", "", []string{"task", "analysis", "server", "ai.invalid", "model", "gpt-4o-mini", "input", "5", "output", "20", "currency", "THB"}, "price.create"},
		{"POST /settings/providers/ai/channel", "", []string{"agentChannel", "left"}, "channel.update"},
		{"POST /usage/budget", "", []string{"limit", "60", "thresholds", "50", "onLimit", "notify"}, "budget.update"},

		{"POST /settings/tokens", "", []string{"name", "CRM", "account", "false", "scopes", "view_usage", "expires", "90"}, "key.create"},
		{"POST /settings/tokens/:id/revoke", "{key}", []string{}, "key.revoke"},
		{"POST /settings/profile", "", []string{"name", "Renamed", "language", "en"}, "user.update"},
		{"POST /settings/sessions/:id/revoke", "{session}", []string{}, "session.end"},
		{"POST /settings/sessions/revoke-others", "{session}", []string{}, "session.end"},
		{"POST /settings/password", "", []string{"current", storetest.Password, "password", "a new sentence"}, "user.password"},
		{"POST /logout", "", []string{}, "session.end"},
	}
}
