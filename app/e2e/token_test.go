package e2e_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/notify/notifytest"
)

const hookToken = "discord-simulated-hook-token_for-tests"

// TestTokensStayInside sends to Telegram and Discord through every fault, and
// looks for their tokens in all that comes out: the log at its most talkative,
// every answer, every file.
func TestTokensStayInside(t *testing.T) {
	is := is.New(t)
	w := newWorld(t)
	discord := notifytest.NewDiscord()
	discord.Add("123456789", hookToken, "Sales")
	w.env["CRK_DISCORD_API_URL"] = w.serve(discord)
	w.telegram.Fail("getUpdates", notifytest.Reset, notifytest.BadGateway, notifytest.ServerError)
	p := w.start()
	c := p.client(w.key("manage_all"))
	var said bytes.Buffer
	ask := func(status int, method, path string, body any) answer {
		a := c.call(status, method, path, body)
		for name, values := range a.header {
			said.WriteString(name + ": " + strings.Join(values, " ") + "\n")
		}
		said.Write(a.body)
		return a
	}
	chat := w.linkChat(c, owner)
	url := "https://discord.com/api/webhooks/123456789/" + hookToken
	hook := ask(201, "POST", "/notifications/discord", map[string]any{"name": "Sales", "webhookUrl": url}).at("id").(string)
	ask(409, "POST", "/notifications/discord", map[string]any{"name": "Again", "webhookUrl": url})
	ask(422, "POST", "/notifications/discord", map[string]any{"name": "Bad", "webhookUrl": "http" + strings.TrimPrefix(url, "https")})
	send := func(to map[string]any) {
		to["title"], to["body"] = "T", "B"
		ask(200, "POST", "/notifications/send", to)
	}
	for _, fault := range []notifytest.Fault{notifytest.Reset, notifytest.ServerError, notifytest.BadGateway} {
		w.telegram.FailChat(owner.ID, fault)
		discord.Fail("123456789", fault)
		send(map[string]any{"channel": "telegram", "chatId": chat})
		send(map[string]any{"channel": "discord", "webhookId": hook})
	}
	discord.Remove("123456789")
	send(map[string]any{"channel": "discord", "webhookId": hook})
	w.telegram.Shut(owner, notifytest.BlockedByUser)
	ask(200, "POST", "/telegram/chats/"+chat+"/test", nil)
	for _, path := range []string{
		"/telegram/status", "/telegram/chats", "/notifications/status", "/notifications/destinations", "/notifications/deliveries", "/notifications/feed",
	} {
		ask(200, "GET", path, nil)
	}
	is.NoErr(p.stop())

	out := map[string][]byte{"the log": []byte(p.log.text()), "an answer": said.Bytes()}
	is.NoErr(filepath.WalkDir(filepath.Dir(w.dir), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out[name], err = os.ReadFile(name)
		}
		return err
	}))
	is.True(len(out) > 3)                                           // the database and the key are among them
	is.True(strings.Contains(p.log.text(), "message was not sent")) // the log was talkative
	is.True(strings.Contains(said.String(), "webhook_gone"))        // and so were the answers
	_, botSecret, _ := strings.Cut(botToken, ":")
	for what, b := range out {
		for _, token := range []string{botSecret, hookToken} {
			if bytes.Contains(b, []byte(token)) {
				t.Errorf("%s holds the token %s", what, token)
			}
		}
	}
}
