package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/notify/notifytest"
	"crk/store"
)

// settled waits until the bot knows how it fares.
func (m *messengers) settled(t *testing.T) {
	t.Helper()
	m.startBot(t)
	deadline := time.After(30 * time.Second)
	for {
		s, err := m.gateway.BotStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Healthy || s.Problem != "" {
			return
		}
		select {
		case <-deadline:
			t.Fatal("the bot does not settle")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestCheckPage(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	b := m.enter(t, "owner@example.com")
	says(t, b.get(t, "/notifications/check"), "Telegram has not been asked yet") // nothing is claimed before
	m.settled(t)
	m.handled(t, m.telegram.Say(annChat, "hello"))
	m.link(t, annChat, 0)
	hook := m.hook(t, m.Key(t), "9")
	page := b.get(t, "/notifications/check")
	for _, want := range []string{"@crk_bot", "Telegram answers", "Nobody else asks", "come here", "apart from Telegram's clock", "1 ready"} {
		says(t, page, want)
	}
	is.True(!strings.Contains(page.body, "class=\"fix\"")) // where all is well there is nothing to mend

	_, err := m.AddDelivery(t.Context(), app.Delivery{
		BusinessID: m.Business.ID, Channel: app.ChannelDiscord, Destination: "discord:" + hook, WebhookID: hook, Title: "T", Severity: app.Info,
	}, store.Outcome{Tried: true, Code: notify.WebhookGone, State: app.ChatGone})
	is.NoErr(err)
	page = b.get(t, "/notifications/check")
	says(t, page, "Cannot be written to: Sales")
	says(t, page, "make a new one and add it") // with what to do
	is.True(!strings.Contains(page.body, "secret_part"))
	m.User(t, "viewer@example.com", app.Viewer)
	says(t, m.enter(t, "viewer@example.com").get(t, "/notifications/check"), "@crk_bot") // who may look may look
}

func TestCheckPageNamesTheTrouble(t *testing.T) {
	for _, tt := range []struct {
		name    string
		trouble func(sim *notifytest.Telegram)
		broken  string // the check that fails
		fix     string
	}{
		{"another poller", func(sim *notifytest.Telegram) { sim.Fail("getUpdates", notifytest.OtherPoller) }, "Only this program uses the bot", "Another program uses the same token"},
		{"a webhook", func(sim *notifytest.Telegram) { sim.SetWebhook("https://crm.example.com/hook") }, "No other program's webhook", "The bot has another program's webhook; remove that first"},
		{"a refused token", func(sim *notifytest.Telegram) { sim.Fail("getMe", notifytest.Unauthorized) }, "The bot's token", "Telegram refuses the token; check it with @BotFather"},
		{"no connection", func(sim *notifytest.Telegram) { sim.Fail("getMe", notifytest.BadGateway) }, "Telegram can be reached", "Telegram cannot be reached"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			m := newMessengers(t)
			tt.trouble(m.telegram)
			m.settled(t)
			page := m.enter(t, "owner@example.com").get(t, "/notifications/check")
			says(t, page, tt.broken+" This keeps messages from people "+tt.fix)
			is.Equal(strings.Count(words(page.body), "This keeps messages from people"), 1) // and nothing else is blamed
		})
	}
}

func TestCheckPageWithoutABot(t *testing.T) {
	s := newPages(t)
	page := s.enter(t, "owner@example.com").get(t, "/notifications/check")
	says(t, page, "No Telegram bot is set")
	says(t, page, "CRK_TELEGRAM_TOKEN")
}
