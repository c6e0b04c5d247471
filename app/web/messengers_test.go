package web_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"crk/app"
	"crk/app/notify"
	"crk/app/notify/notifytest"
	"crk/app/web"
	"crk/store"
)

const (
	apiBase   = "/api/v1"
	botToken  = "4242:AAE-secret_part"
	hookToken = "hook-secret_part"
)

var (
	annChat   = notifytest.Chat{ID: 77, Type: "private", FirstName: "Ann"}
	salesChat = notifytest.Chat{ID: -1001234567890, Type: "supergroup", Title: "Sales"}
)

// messengers is a server with a simulated Telegram and Discord around it.
type messengers struct {
	*server
	telegram *notifytest.Telegram
	discord  *notifytest.Discord
	gateway  *notify.Gateway
}

func newMessengers(t *testing.T, change ...func(*web.Options)) *messengers {
	t.Helper()
	m := &messengers{telegram: notifytest.NewTelegram(botToken, "crk_bot"), discord: notifytest.NewDiscord()}
	tg, dc := httptest.NewServer(m.telegram), httptest.NewServer(m.discord)
	t.Cleanup(tg.Close)
	t.Cleanup(dc.Close)
	m.server = newServer(t, append(change, func(o *web.Options) {
		m.gateway = notify.New(notify.Options{DB: o.DB, Log: o.Log, TelegramToken: botToken, TelegramURL: tg.URL, DiscordURL: dc.URL})
		o.Gateway = m.gateway
	})...)
	return m
}

// startBot runs the bot until the test ends.
func (m *messengers) startBot(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := m.gateway.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

// link links a chat to the fixture's business without the bot's help.
func (m *messengers) link(t *testing.T, c notifytest.Chat, thread int64) app.Chat {
	t.Helper()
	code, err := m.CreateLinkCode(t.Context(), m.Business.ID, m.Owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := store.Update{Bot: 1, ID: m.telegram.Say(c, "hello")}
	link, err := m.LinkChat(t.Context(), at, code.Reveal(), app.Chat{ChatID: c.ID, ThreadID: thread, Title: c.Title + c.FirstName, Type: c.Type})
	if err != nil || !link.OK {
		t.Fatalf("link: %+v %v", link, err)
	}
	return link.Chat
}

// hook adds a Discord webhook by the API and returns its id.
func (m *messengers) hook(t *testing.T, key, id string) string {
	t.Helper()
	m.discord.Add(id, hookToken, "Sales")
	a := m.call(t, "POST", apiBase+"/notifications/discord", key, map[string]any{
		"name": "Sales", "webhookUrl": "https://discord.com/api/webhooks/" + id + "/" + hookToken,
	})
	if a.status != 201 {
		t.Fatalf("add a webhook: %d %s", a.status, a.body)
	}
	return a.json(t)["id"].(string)
}

// handled waits until the bot has handled an update.
func (m *messengers) handled(t *testing.T, update int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := m.telegram.WaitConfirmed(ctx, update); err != nil {
		t.Fatal(err)
	}
}
