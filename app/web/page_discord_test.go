package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestAddADiscordWebhook(t *testing.T) {
	is := is.New(t)
	m := newMessengers(t)
	m.discord.Add("9", hookToken, "Sales")
	const add = "/settings/destinations/discord"
	address := "https://discord.com/api/webhooks/9/" + hookToken
	b := m.enter(t, "owner@example.com")
	says(t, b.get(t, add+"/new"), "Copy Webhook URL") // it says where the URL is found

	for _, tt := range []struct{ name, title, address, says string }{
		{"nothing", "", "", "Give a name of 1 to 80 characters"},
		{"another site", "Sales", "https://evil.example/api/webhooks/9/" + hookToken, "This is not the URL of a Discord webhook"},
		{"one that Discord does not know", "Sales", "https://discord.com/api/webhooks/404/" + hookToken, "This is not the URL of a Discord webhook"},
	} {
		page := b.post(t, add, "name", tt.title, "webhookUrl", tt.address)
		is.Equal(page.status, 422)                          // refused: the case
		says(t, page, tt.says)                              // at the field, in words
		is.True(!strings.Contains(page.body, hookToken))    // without the secret
		is.True(strings.Contains(page.body, `open aria-l`)) // in the form, which is still open
	}
	page := b.follow(t, add, "name", " Sales ", "webhookUrl", address)
	says(t, page, "Added; rules can send there now")
	says(t, page, "Sales")
	is.True(!strings.Contains(page.body, hookToken)) // the URL is never shown again
	list, err := m.DiscordWebhooks(t.Context(), m.Business.ID)
	is.NoErr(err)
	is.Equal(len(list), 1)
	is.Equal(list[0].Name, "Sales")                                                                 // it is kept
	says(t, b.post(t, add, "name", "Again", "webhookUrl", address), "This webhook is here already") // once
	m.User(t, "viewer@example.com", app.Viewer)
	is.Equal(m.enter(t, "viewer@example.com").post(t, add, "name", "x", "webhookUrl", address).status, 403) // not by who may only look
}
