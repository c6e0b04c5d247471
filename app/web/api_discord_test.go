package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/notify/notifytest"
	"crk/app/web"
)

const discordPath = apiBase + "/notifications/discord"

func TestDiscordByTheAPI(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	key := m.Key(t, app.ManageNotifications)
	id := m.hook(t, key, "9")
	again := m.call(t, "POST", discordPath, key, map[string]any{
		"name": "Other", "webhookUrl": "https://PTB.discordapp.com/api/v9/webhooks/9/" + hookToken + "/",
	})
	is.Equal(again.status, 409) // the same webhook in another form
	m.call(t, "POST", sendPath, key, map[string]any{"channel": "discord", "webhookId": id, "title": "T", "body": "B"})
	is.Equal(len(m.discord.Posts()), 1) // it can be posted to

	is.Equal(m.call(t, "DELETE", discordPath+"/"+id, key, nil).status, 204) // it can be removed
	gone := m.call(t, "DELETE", discordPath+"/"+id, key, nil)
	is.Equal(gone.status, 404)
	is.Equal(gone.json(t)["error"], "discord_webhook_not_found") // and is then unknown
	is.True(!strings.Contains(m.log.String(), "secret_part"))
}

func TestDiscordRefuses(t *testing.T) {
	m := newMessengers(t)
	key := m.Key(t)
	m.discord.AddKind("8", hookToken, "News", 2)
	url := func(id string) string { return "https://discord.com/api/webhooks/" + id + "/" + hookToken }
	for _, tt := range []struct {
		name string
		body map[string]any
		code string
	}{
		{"another host", map[string]any{"name": "x", "webhookUrl": "https://evil.example/api/webhooks/9/" + hookToken}, "discord_invalid_webhook"},
		{"plain http", map[string]any{"name": "x", "webhookUrl": "http://discord.com/api/webhooks/9/" + hookToken}, "discord_invalid_webhook"},
		{"no URL at all", map[string]any{"name": "x", "webhookUrl": "hello"}, "discord_invalid_webhook"},
		{"an empty URL", map[string]any{"name": "x", "webhookUrl": ""}, "discord_invalid_webhook"},
		{"one that Discord does not know", map[string]any{"name": "x", "webhookUrl": url("404")}, "discord_invalid_webhook"},
		{"one that only follows", map[string]any{"name": "x", "webhookUrl": url("8")}, "discord_invalid_webhook"},
		{"nothing", map[string]any{}, "validation_failed"},
		{"no name", map[string]any{"name": " ", "webhookUrl": url("9")}, "validation_failed"},
		{"a long name", map[string]any{"name": strings.Repeat("ก", 81), "webhookUrl": url("9")}, "validation_failed"},
		{"a URL of another type", map[string]any{"name": "x", "webhookUrl": 7}, "validation_failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := m.call(t, "POST", discordPath, key, tt.body)
			is.Equal(a.status, 422)
			is.Equal(a.json(t)["error"], tt.code)             // refused as the case says
			is.True(!strings.Contains(a.body, "secret_part")) // without repeating the secret
		})
	}
}

func TestDiscordThatCannotBeAskedIsBelieved(t *testing.T) {
	for _, fault := range []notifytest.Fault{notifytest.ServerError, notifytest.BadGateway, notifytest.TooMany, notifytest.Reset} {
		is := is.New(t)
		m := newMessengers(t)
		m.discord.Fail("9", fault)
		m.hook(t, m.Key(t), "9") // what cannot be checked now is found out by the first message
		is.True(!strings.Contains(m.log.String(), "secret_part"))
	}
	t.Run("something between that says 404", func(t *testing.T) {
		is := is.New(t)
		proxy := httptest.NewServer(http.NotFoundHandler())
		defer proxy.Close()
		s := newServer(t, func(o *web.Options) {
			o.Gateway = notify.New(notify.Options{DB: o.DB, Log: o.Log, DiscordURL: proxy.URL})
		})
		a := s.call(t, "POST", discordPath, s.Key(t), map[string]any{"name": "x", "webhookUrl": "https://discord.com/api/webhooks/9/" + hookToken})
		is.Equal(a.status, 201) // is not Discord's word
	})
}
