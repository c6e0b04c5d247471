package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestDestinationsPage(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	m.startBot(t)
	chat := m.link(t, salesChat, 0)
	b := m.enter(t, "owner@example.com")
	page := b.get(t, "/settings/destinations")
	says(t, page, "Sales")
	says(t, page, "Ready")
	path := "/settings/destinations/telegram/" + chat.ID

	says(t, b.follow(t, path+"/test"), "The test message was sent")
	sent, err := m.telegram.WaitMessages(t.Context(), 1)
	is.NoErr(err)
	is.True(strings.Contains(sent[0].Text, "Acme Co")) // it says whose it is
	says(t, b.follow(t, path+"/active", "active", "false"), "Switched off")
	says(t, b.follow(t, path+"/test"), "It did not arrive") // a chat that is switched off gets nothing
	says(t, b.follow(t, path+"/active", "active", "true"), "Switched on")

	page = b.post(t, "/settings/destinations/telegram")
	is.Equal(page.status, 200)
	is.True(strings.Contains(page.body, "https://t.me/crk_bot?start="))      // a link for a chat
	is.True(strings.Contains(page.body, "https://t.me/crk_bot?startgroup=")) // and one for a group
	is.True(strings.Contains(page.body, `class="qr"`))                       // and a QR code
	says(t, page, "Good once, until 14:15")
	says(t, b.follow(t, path+"/delete"), "Unlinked")
	_, total, err := m.Chats(t.Context(), m.Business.ID, 1, 0)
	is.NoErr(err)
	is.Equal(total, 0) // it is gone
}

func TestDestinationsWithoutABot(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/settings/destinations")
	says(t, page, "No Telegram bot is set")
	says(t, page, "CRK_TELEGRAM_TOKEN")                                          // and what would change that
	says(t, b.follow(t, "/settings/destinations/telegram"), "cannot be reached") // no code without a bot
	s.User(t, "viewer@example.com", app.Viewer)
	is.True(!strings.Contains(s.enter(t, "viewer@example.com").get(t, "/settings/destinations").body, "/delete")) // who may only look is offered nothing
}
