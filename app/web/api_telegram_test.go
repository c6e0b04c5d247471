package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify/notifytest"
)

func TestLinkAChat(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	m.startBot(t)
	key := m.Key(t, app.ManageNotifications)

	a := m.call(t, "POST", apiBase+"/telegram/link-code", key, nil)
	is.Equal(a.status, 200) // a code is made
	code := a.json(t)["code"].(string)
	is.Equal(a.body, `{"code":"`+code+`","deepLink":"https://t.me/crk_bot?start=`+code+`","expiresInSec":900,"groupLink":"https://t.me/crk_bot?startgroup=`+code+`"}`)
	m.handled(t, m.telegram.Say(annChat, "/start "+code))

	list := m.call(t, "GET", apiBase+"/telegram/chats", key, nil)
	is.Equal(list.status, 200)
	id := list.json(t)["items"].([]any)[0].(map[string]any)["id"].(string)
	is.Equal(list.body, `{"items":[{"id":"`+id+`","chatId":"77","threadId":null,"title":"Ann","type":"private","isActive":true,"state":"ok",`+
		`"linkedAt":"2026-11-16T07:00:00.000Z","lastDeliveryAt":null,"lastError":null}],"total":1,"limit":200,"offset":0}`) // the chat is there

	status := m.call(t, "GET", apiBase+"/telegram/status", key, nil)
	is.Equal(status.body, `{"botUsername":"crk_bot","chats":1,"configured":true,"healthy":true,"lastUpdateAt":"2026-11-16T07:00:00.000Z","mode":"polling","problem":null}`)

	sent := m.call(t, "POST", apiBase+"/telegram/chats/"+id+"/test", key, nil)
	is.Equal(sent.status, 200)
	is.True(strings.HasPrefix(sent.body, `{"ok":true,`)) // a test message goes through
	all := m.telegram.Messages()
	is.True(strings.Contains(all[len(all)-1].Text, "This chat is linked to Acme Co")) // and says what it is
}

func TestChatsByTheAPI(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	key := m.Key(t, app.ManageNotifications)
	c := m.link(t, salesChat, 9)
	path := apiBase + "/telegram/chats/" + c.ID

	off := m.call(t, "PATCH", path, key, `{"isActive":false}`)
	is.Equal(off.status, 200) // it can be switched off
	is.Equal(off.json(t)["isActive"], false)
	is.Equal(off.json(t)["chatId"], "-1001234567890") // a long id stays exact
	is.Equal(off.json(t)["threadId"], "9")
	tested := m.call(t, "POST", path+"/test", key, nil)
	is.Equal(tested.status, 200)
	is.Equal(tested.json(t)["error"], "chat_inactive") // then it gets nothing
	is.Equal(tested.json(t)["retryable"], false)

	on := m.call(t, "PATCH", path, key, `{"isActive":true}`)
	is.Equal(on.json(t)["isActive"], true) // and on again
	for _, tt := range []struct {
		name, body, field string
	}{{"nothing", `{}`, "isActive"}, {"no boolean", `{"isActive":"yes"}`, "isActive"}} {
		bad := m.call(t, "PATCH", path, key, tt.body)
		is.Equal(bad.status, 422)                             // what cannot be read is refused
		is.True(strings.Contains(bad.body, `"`+tt.field+`"`)) // by name
	}

	is.Equal(m.call(t, "DELETE", path, key, nil).status, 204) // it can be unlinked
	for _, gone := range []answer{
		m.call(t, "DELETE", path, key, nil), m.call(t, "PATCH", path, key, `{"isActive":true}`), m.call(t, "POST", path+"/test", key, nil),
	} {
		is.Equal(gone.status, 404)
		is.Equal(gone.json(t)["error"], "chat_not_found") // and is then unknown
	}
	is.Equal(m.telegram.Calls("leaveChat"), 1) // the bot has left the group
}

func TestTelegramWithoutABot(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	a := s.call(t, "POST", apiBase+"/telegram/link-code", key, nil)
	is.Equal(a.status, 503)
	is.Equal(a.json(t)["error"], "telegram_not_configured") // says what is missing
	status := s.call(t, "GET", apiBase+"/telegram/status", key, nil)
	is.Equal(status.body, `{"botUsername":null,"chats":0,"configured":false,"healthy":false,"lastUpdateAt":null,"mode":"polling","problem":null}`)
	chat := s.Chat(t, s.Business.ID)
	for _, call := range []answer{
		s.call(t, "POST", apiBase+"/telegram/chats/"+chat+"/test", key, nil),
		s.call(t, "POST", apiBase+"/notifications/send", key, map[string]any{"channel": "telegram", "chatId": chat, "title": "T", "body": ""}),
	} {
		is.Equal(call.status, 200) // neither answers 503
		is.Equal(call.json(t)["error"], "telegram_not_configured")
	}
}

func TestBlockedChatIsTriedAgain(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	m.startBot(t)
	key := m.Key(t)
	c := m.link(t, annChat, 0)
	m.telegram.Shut(annChat, notifytest.BlockedByUser)
	send := func() map[string]any {
		m.Clock.Advance(time.Minute)
		a := m.call(t, "POST", apiBase+"/notifications/send", key, map[string]any{"channel": "telegram", "chatId": c.ID, "title": "T", "body": "B"})
		is.Equal(a.status, 200)
		return a.json(t)
	}
	is.Equal(send()["error"], "chat_blocked")
	calls := m.telegram.Calls("sendMessage")
	is.Equal(send()["error"], "chat_blocked")
	is.Equal(m.telegram.Calls("sendMessage"), calls) // a chat known to be blocked is left alone
	list := m.call(t, "GET", apiBase+"/telegram/chats", key, nil)
	is.True(strings.Contains(list.body, `"state":"blocked"`)) // which is shown
	is.True(strings.Contains(list.body, `"lastError":"chat_blocked"`))
	feed := m.call(t, "GET", apiBase+"/notifications/feed", key, nil)
	is.Equal(strings.Count(feed.body, "blocked the bot"), 1) // and said once

	on := m.call(t, "PATCH", apiBase+"/telegram/chats/"+c.ID, key, `{"isActive":true}`)
	is.Equal(on.json(t)["state"], "ok")       // switched on, it gets another chance
	is.Equal(send()["error"], "chat_blocked") // which it did not deserve
	m.telegram.Reopen(annChat)
	m.handled(t, m.telegram.Say(annChat, "hello again"))
	is.Equal(send()["ok"], true) // let in, the bot writes again by itself
}

func TestTelegramScopes(t *testing.T) {
	m := newMessengers(t)
	c := m.link(t, annChat, 0)
	reader := m.Key(t, app.ViewNotifications)
	for _, tt := range []struct{ method, path string }{
		{"POST", "/telegram/link-code"}, {"POST", "/telegram/chats/" + c.ID + "/test"}, {"PATCH", "/telegram/chats/" + c.ID},
		{"DELETE", "/telegram/chats/" + c.ID}, {"POST", "/notifications/send"}, {"POST", "/notifications/discord"}, {"DELETE", "/notifications/discord/" + c.ID},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			is := is.New(t)
			a := m.call(t, tt.method, apiBase+tt.path, reader, `{}`)
			is.Equal(a.status, 403) // to look does not allow to act
			is.True(strings.Contains(a.body, "manage_notifications"))
		})
	}
	for _, path := range []string{"/telegram/status", "/telegram/chats", "/notifications/status", "/notifications/destinations", "/notifications/deliveries"} {
		t.Run(path, func(t *testing.T) {
			is := is.New(t)
			is.Equal(m.call(t, "GET", apiBase+path, reader, nil).status, 200)                  // but to look
			is.Equal(m.call(t, "GET", apiBase+path, m.Key(t, app.ViewUsage), nil).status, 403) // which others may not
		})
	}
}
