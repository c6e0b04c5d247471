package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify/notifytest"
	"crk/app/web"
)

const sendPath = apiBase + "/notifications/send"

func TestSendByTheAPI(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	key := m.Key(t, app.ManageNotifications)
	c, hook := m.link(t, salesChat, 0), m.hook(t, key, "9")
	for name, body := range map[string]map[string]any{
		"by the row's id":          {"channel": "telegram", "chatId": c.ID},
		"by Telegram's id":         {"channel": "telegram", "chatId": "-1001234567890"},
		"by Telegram's id, number": {"channel": "telegram", "chatId": -1001234567890},
		"to Discord":               {"channel": "discord", "webhookId": hook},
		"to the feed":              {"channel": "in_app"},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			body["title"], body["body"], body["severity"] = "Order <4711>", "is on its way", "critical"
			a := m.call(t, "POST", sendPath, key, body)
			is.Equal(a.status, 200)
			id := a.json(t)["id"].(string)
			is.Equal(a.body, `{"ok":true,"id":"`+id+`"}`) // it went
		})
	}
	is.Equal(len(m.telegram.Messages()), 3)
	is.Equal(m.telegram.Messages()[0].Text, "🔴 Order <4711>\n\nis on its way") // as it was written
	is.Equal(m.discord.Posts()[0].Embeds[0].Title, "Order <4711>")
}

func TestSendToTheFeed(t *testing.T) {
	for _, tt := range []struct {
		name string
		body map[string]any
		data string
	}{
		{"nothing more", map[string]any{}, `{}`},
		{"data", map[string]any{"data": map[string]any{"orderId": 7}}, `{"orderId":7}`},
		{"a link", map[string]any{"link": "https://crm.example/o/7"}, `{"link":"https://crm.example/o/7"}`},
		{"a link in the data", map[string]any{"data": map[string]any{"link": "http://crm.example/o/7"}}, `{"link":"http://crm.example/o/7"}`},
		{"both", map[string]any{"link": "https://wins.example", "data": map[string]any{"a": 1, "link": "https://loses.example"}}, `{"a":1,"link":"https://wins.example"}`},
		{"null", map[string]any{"data": nil}, `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			s := newServer(t)
			key := s.Key(t)
			tt.body["channel"], tt.body["title"], tt.body["body"] = "in_app", "T", "B"
			a := s.call(t, "POST", sendPath, key, tt.body)
			is.Equal(a.status, 200)
			feed := s.call(t, "GET", apiBase+"/notifications/feed", key, nil).json(t)["items"].([]any)
			item := feed[0].(map[string]any)
			is.Equal(item["id"], a.json(t)["id"])                                                                            // the feed has it under the answer's id
			is.Equal(item["severity"], "info")                                                                               // unless said otherwise
			is.Equal(fmt.Sprint(item["ruleId"]), "<nil>")                                                                    // no rule made it
			is.True(strings.Contains(s.call(t, "GET", apiBase+"/notifications/feed", key, nil).body, `"data":`+tt.data+`,`)) // with its data
		})
	}
}

func TestSendRefuses(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	chat := s.Chat(t, s.Business.ID)
	other, _ := s.OtherBusiness(t)
	theirs, hook := s.Chat(t, other.ID), s.Webhook(t, other.ID)
	ok := func(change func(map[string]any)) map[string]any {
		b := map[string]any{"channel": "in_app", "title": "T", "body": "B"}
		change(b)
		return b
	}
	set := func(name string, v any) map[string]any { return ok(func(b map[string]any) { b[name] = v }) }
	for _, tt := range []struct {
		name   string
		body   any
		status int
		code   string
		field  string
	}{
		{"no JSON", `{`, 400, "invalid_json", ""},
		{"everything at once", `{}`, 422, "validation_failed", "title"},
		{"unknown channel", set("channel", "sms"), 422, "validation_failed", "channel"},
		{"no title", set("title", "  "), 422, "validation_failed", "title"},
		{"long title", set("title", strings.Repeat("ก", 201)), 422, "validation_failed", "title"},
		{"no body", ok(func(b map[string]any) { delete(b, "body") }), 422, "validation_failed", "body"},
		{"long body", set("body", strings.Repeat("ก", 4001)), 422, "validation_failed", "body"},
		{"title of another type", set("title", 7), 422, "validation_failed", "title"},
		{"link with another scheme", set("link", "javascript:alert(1)"), 422, "validation_failed", "link"},
		{"link without a host", set("link", "https:///x"), 422, "validation_failed", "link"},
		{"long link", set("link", "https://x.example/"+strings.Repeat("a", 2048)), 422, "validation_failed", "link"},
		{"unknown severity", set("severity", "fatal"), 422, "validation_failed", "severity"},
		{"empty severity", set("severity", ""), 422, "validation_failed", "severity"},
		{"data that is no object", set("data", []int{1}), 422, "validation_failed", "data"},
		{"much data", set("data", map[string]any{"a": strings.Repeat("x", 8<<10)}), 422, "validation_failed", "data"},
		{"bad link in the data", set("data", map[string]any{"link": "javascript:alert(1)"}), 422, "validation_failed", "data.link"},
		{"link in the data of another type", set("data", map[string]any{"link": 7}), 422, "validation_failed", "data.link"},
		{"telegram without a chat", set("channel", "telegram"), 422, "validation_failed", "chatId"},
		{"discord without a webhook", set("channel", "discord"), 422, "validation_failed", "webhookId"},
		{"a chat of another type", ok(func(b map[string]any) { b["channel"], b["chatId"] = "telegram", []string{chat} }), 422, "validation_failed", "chatId"},
		{"a fraction", ok(func(b map[string]any) { b["channel"], b["chatId"] = "telegram", 1.5 }), 422, "validation_failed", "chatId"},
		{"an unknown chat", ok(func(b map[string]any) { b["channel"], b["chatId"] = "telegram", "nobody" }), 404, "chat_not_found", ""},
		{"another's chat", ok(func(b map[string]any) { b["channel"], b["chatId"] = "telegram", theirs }), 404, "chat_not_found", ""},
		{"another's webhook", ok(func(b map[string]any) { b["channel"], b["webhookId"] = "discord", hook }), 404, "discord_webhook_not_found", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "POST", sendPath, key, tt.body)
			is.Equal(a.status, tt.status) // refused as the case says
			is.Equal(a.json(t)["error"], tt.code)
			is.True(tt.field == "" || strings.Contains(a.body, `"field":"`+tt.field+`"`)) // naming the field
		})
	}
	is := is.New(t)
	is.Equal(s.Text(t, `SELECT count(*) FROM deliveries`), "0") // nothing of all that was kept
}

func TestSendAtTheLimits(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a := s.call(t, "POST", sendPath, s.Key(t), map[string]any{
		"channel": "in_app", "title": strings.Repeat("ก", 200), "body": strings.Repeat("ก", 4000), "link": "https://x.example/" + strings.Repeat("a", 2030),
		"data": map[string]any{"a": strings.Repeat("x", 8000)},
	})
	is.Equal(a.status, 200) // the limits themselves are allowed, and count characters
}

func TestSendFailsWithAnAnswer(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	key := m.Key(t)
	c := m.link(t, annChat, 0)
	m.telegram.FailChat(annChat.ID, notifytest.TooMany)
	a := m.call(t, "POST", sendPath, key, map[string]any{"channel": "telegram", "chatId": c.ID, "title": "T", "body": "B"}, "Idempotency-Key", "k1")
	is.Equal(a.status, 200) // the caller's request was right
	id := a.json(t)["id"].(string)
	is.Equal(a.body, `{"ok":false,"id":"`+id+`","error":"rate_limited","message":"Too many messages went there lately; send again later.","retryable":true,"retryAfterSec":2}`)
	m.Clock.Advance(2 * time.Second)
	a = m.call(t, "POST", sendPath, key, map[string]any{"channel": "telegram", "chatId": c.ID, "title": "T", "body": "B"}, "Idempotency-Key", "k1")
	is.Equal(a.json(t)["ok"], true) // a failure frees the idempotency key: the retry tries
	is.Equal(a.header.Get("Idempotency-Replayed"), "")
	again := m.call(t, "POST", sendPath, key, map[string]any{"channel": "telegram", "chatId": c.ID, "title": "T", "body": "B"}, "Idempotency-Key", "k1")
	is.Equal(again.header.Get("Idempotency-Replayed"), "true") // what was sent is not sent again
	is.Equal(again.body, a.body)
	is.Equal(len(m.telegram.Messages()), 1)

	d := m.call(t, "GET", apiBase+"/notifications/deliveries?status=failed", key, nil)
	is.True(strings.Contains(d.body, `"id":"`+id+`"`)) // the failure can be looked up
	is.True(strings.Contains(d.body, `"error":"rate_limited"`))
}

func TestDeliveriesByTheAPI(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	key := m.Key(t)
	c := m.link(t, annChat, 0)
	var ids []string
	for i, channel := range []string{"telegram", "in_app", "telegram"} {
		a := m.call(t, "POST", sendPath, key, map[string]any{"channel": channel, "chatId": c.ID, "title": fmt.Sprint("T", i), "body": "B"})
		ids = append(ids, a.json(t)["id"].(string))
		m.Clock.Advance(time.Second)
	}
	first := m.call(t, "GET", apiBase+"/notifications/deliveries?limit=2", key, nil)
	is.Equal(first.status, 200)
	is.True(strings.HasPrefix(first.body, `{"items":[{"id":"`+ids[2]+`","channel":"telegram","destination":"telegram:`+c.ID+`","chatId":"`+c.ID+`","webhookId":null,`+
		`"automationId":null,"recordingId":null,"title":"T2","body":"B","severity":"info","status":"sent","attempts":1,"error":null,"nextAttemptAt":null,`+
		`"createdAt":"2026-11-16T07:00:02.000Z","sentAt":"2026-11-16T07:00:02.000Z"},{"id":"`+ids[1]+`"`)) // newest first, with all there is to know
	cursor := first.json(t)["nextCursor"].(string)
	rest := m.call(t, "GET", apiBase+"/notifications/deliveries?limit=2&cursor="+cursor, key, nil)
	is.True(strings.Contains(rest.body, ids[0]) && !strings.Contains(rest.body, ids[1])) // and on
	is.Equal(rest.json(t)["nextCursor"], nil)                                            // to the end
	inApp := m.call(t, "GET", apiBase+"/notifications/deliveries?channel=in_app&status=sent", key, nil)
	is.Equal(len(inApp.json(t)["items"].([]any)), 1) // by channel and status

	for _, query := range []string{"channel=sms", "status=lost", "limit=0", "limit=201", "cursor=x"} {
		bad := m.call(t, "GET", apiBase+"/notifications/deliveries?"+query, key, nil)
		is.Equal(bad.status, 400)
		is.Equal(bad.json(t)["error"], "invalid_query") // other values are refused
	}
}

func TestNotificationStatus(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	key := m.Key(t)
	c := m.link(t, annChat, 0)
	hook := m.hook(t, key, "9")
	m.telegram.Shut(annChat, notifytest.NotFound)
	m.call(t, "POST", sendPath, key, map[string]any{"channel": "telegram", "chatId": c.ID, "title": "T", "body": "B"})
	m.call(t, "POST", sendPath, key, map[string]any{"channel": "discord", "webhookId": hook, "title": "T", "body": "B"})
	a := m.call(t, "GET", apiBase+"/notifications/status", key, nil)
	is.Equal(a.status, 200)
	is.Equal(a.body, `{"discord":{"enabled":true,"destinations":1,"sent24h":1,"failed24h":0,"lastError":null},`+
		`"in_app":{"enabled":true,"destinations":1,"sent24h":0,"failed24h":0,"lastError":null},`+
		`"telegram":{"enabled":true,"destinations":0,"sent24h":0,"failed24h":1,"lastError":"chat_gone"}}`)

	d := m.call(t, "GET", apiBase+"/notifications/destinations", key, nil)
	is.Equal(d.body, `{"discordWebhooks":[{"id":"`+hook+`","name":"Sales","isActive":true}],`+
		`"telegramChats":[{"id":"`+c.ID+`","chatId":"77","title":"Ann","isActive":true}]}`) // without any URL
}

func TestMetricsCountWhatWasSent(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t, func(o *web.Options) { o.MetricsToken = "watch" })
	chat := m.link(t, annChat, 0)
	m.telegram.Shut(annChat, notifytest.BlockedByUser)
	for _, body := range []map[string]any{{"channel": "in_app"}, {"channel": "telegram", "chatId": chat.ID}} {
		body["title"], body["body"] = "T", "B"
		is.Equal(m.call(t, "POST", apiBase+"/notifications/send", m.Key(t), body).status, 200)
	}
	a := m.call(t, "GET", "/metrics", "watch", nil)
	for _, want := range []string{
		`crk_notifications_total{channel="in_app",code="ok"} 1`, `crk_notifications_total{channel="telegram",code="chat_blocked"} 1`,
		`crk_notification_seconds_count{channel="in_app"} 1`, `crk_notification_seconds_count{channel="telegram"} 1`,
	} {
		is.True(strings.Contains(a.body, want)) // by channel and by what came of it
	}
	is.True(!strings.Contains(a.body, "secret_part"))
}
