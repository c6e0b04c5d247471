package discord_test

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify/discord"
)

const (
	hookID    = "1299737254929760256"
	hookToken = "aZ09_-secret"
)

func TestParseAccepts(t *testing.T) {
	const tail = "/webhooks/" + hookID + "/" + hookToken
	for _, tt := range []struct{ name, url, thread string }{
		{"as copied", "https://discord.com/api" + tail, ""},
		{"old host", "https://discordapp.com/api" + tail, ""},
		{"test build", "https://ptb.discord.com/api" + tail, ""},
		{"alpha build", "https://canary.discord.com/api" + tail, ""},
		{"test build of the old host", "https://ptb.discordapp.com/api" + tail, ""},
		{"alpha build of the old host", "https://canary.discordapp.com/api" + tail, ""},
		{"scheme and host in capitals", "HTTPS://Discord.COM/api" + tail, ""},
		{"oldest version", "https://discord.com/api/v6" + tail, ""},
		{"newest version", "https://discord.com/api/v10" + tail, ""},
		{"slash at the end", "https://discord.com/api" + tail + "/", ""},
		{"thread", "https://discord.com/api" + tail + "?thread_id=123", "123"},
		{"wait", "https://discord.com/api" + tail + "?wait=true", ""},
		{"wait and thread", "https://discord.com/api/v10" + tail + "/?wait=true&thread_id=9", "9"},
		{"blanks around", " \t\nhttps://discord.com/api" + tail + "\r\n ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			h, err := discord.Parse(tt.url)
			is.NoErr(err)                         // accepted
			is.Equal(h.ID, hookID)                // the id
			is.Equal(h.Token.Reveal(), hookToken) // the token
			is.Equal(h.Thread, tt.thread)         // the thread
		})
	}
	is := is.New(t)
	h, err := discord.Parse("https://discord.com/api/webhooks/1/a")
	is.NoErr(err)
	is.Equal(h, discord.Hook{ID: "1", Token: "a"}) // lengths are not documented: short ones pass
}

func TestParseRejects(t *testing.T) {
	const tail = "/webhooks/" + hookID + "/" + hookToken
	const good = "https://discord.com/api" + tail
	for _, bad := range []string{
		"", " ", "discord.com/api" + tail, "//discord.com/api" + tail, "http://discord.com/api" + tail, "ftp://discord.com/api" + tail,
		"https:/discord.com/api" + tail, "https:discord.com/api" + tail, "javascript:alert(1)",
		"https://@discord.com/api" + tail, "https://u:p@discord.com/api" + tail, "https://discord.com@evil.com/api" + tail,
		"https://discord.com:443/api" + tail, "https://discord.com:/api" + tail, "https://discord.com:8443/api" + tail,
		"https://discord.com./api" + tail, "https://www.discord.com/api" + tail, "https://cdn.discord.com/api" + tail,
		"https://discord.gg/api" + tail, "https://discord.com.evil.com/api" + tail, "https://evildiscord.com/api" + tail,
		"https://evil.com/api" + tail, "https://ptb.canary.discord.com/api" + tail, "https://ptb.evil.com/api" + tail, "https://.discord.com/api" + tail,
		"https://dіscord.com/api" + tail, "https://ｄiscord.com/api" + tail, "https://xn--dscord-q2a.com/api" + tail, "https://127.0.0.1/api" + tail, "https://[::1]/api" + tail,
		"https://discord.com\\@evil.com/api" + tail, "https://discord.com\\api" + tail, "https://discord .com/api" + tail,
		"https://discord.com/api\r\n" + tail, "https://discord.com/api" + tail + "\x00", "https://discord.com/api" + tail + "%00", "https://discord.com/api/%77ebhooks/1/a",
		good + "#x", good + "#", good + "?evil=1", good + "?thread_id=", good + "?thread_id=x", good + "?thread_id=1&thread_id=2", good + "?thread_name=x", good + "?wait=true&", good + "?wait=https://x",
		good + "/slack", good + "/github", good + "/messages/1", good + "//", good + "/..", "https://discord.com/api/../api" + tail, "https://discord.com/api//webhooks/1/a",
		"https://discord.com/API" + tail, "https://discord.com/api/Webhooks/1/a", "https://discord.com/api/v5" + tail, "https://discord.com/api/v99" + tail, "https://discord.com/api/v" + tail, "https://discord.com/api/V10" + tail,
		"https://discord.com/webhooks/1/a", "https://discord.com/api/webhooks/1", "https://discord.com/api/webhooks/1/", "https://discord.com/api/webhooks/x/a", "https://discord.com/api/webhooks/1/a.b",
		"https://discord.com/api/webhooks/123456789012345678901/a", "https://discord.com/api/webhooks/1/" + strings.Repeat("a", 129), good + "?wait=" + strings.Repeat("a", 600),
		"https://discord.com/api/webhooks/-1/a", "https://discord.com/api/webhooks/１/a",
	} {
		t.Run(bad, func(t *testing.T) {
			is := is.New(t)
			h, err := discord.Parse(bad)
			var e *app.Error
			is.True(errors.As(err, &e))                       // refused
			is.Equal(e.Code, discord.InvalidWebhook)          // as the API says
			is.Equal(e.Kind, app.Invalid)                     // 422
			is.Equal(h, discord.Hook{})                       // nothing of it is kept
			is.True(!strings.Contains(err.Error(), "secret")) // and nothing repeated
		})
	}
}

func TestParseNamesOtherFormats(t *testing.T) {
	for _, kind := range []string{"slack", "github"} {
		t.Run(kind, func(t *testing.T) {
			_, err := discord.Parse("https://discord.com/api/webhooks/1/a/" + kind)
			is.New(t).True(strings.Contains(fmt.Sprint(err), "/"+kind)) // the message says which part to leave away
		})
	}
}

var idForm, tokenForm = regexp.MustCompile(`^[0-9]{1,20}$`), regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// FuzzParse holds Parse against the standard library's parser: whatever is
// accepted must mean Discord's host to it as well.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"https://discord.com/api/webhooks/1/a", "https://PTB.discordapp.com/api/v10/webhooks/1/a/?thread_id=1&wait=true",
		"https://discord.com@evil.com/api/webhooks/1/a", "https://discord.com\\@evil.com/", "https://discord.com:443/api/webhooks/1/a",
	} {
		f.Add(s)
	}
	hosts := []string{"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com", "ptb.discordapp.com", "canary.discordapp.com"}
	f.Fuzz(func(t *testing.T, raw string) {
		h, err := discord.Parse(raw)
		if err != nil {
			if h != (discord.Hook{}) {
				t.Fatal("a refused URL left something behind")
			}
			return
		}
		u, err := url.Parse(strings.TrimSpace(raw))
		if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" || !slices.Contains(hosts, strings.ToLower(u.Host)) {
			t.Fatalf("accepted %q: %v %v", raw, u, err)
		}
		if !idForm.MatchString(h.ID) || !tokenForm.MatchString(h.Token.Reveal()) || (h.Thread != "" && !idForm.MatchString(h.Thread)) {
			t.Fatalf("accepted %q as %q %q %q", raw, h.ID, h.Token.Reveal(), h.Thread)
		}
		if !strings.Contains(u.Path, "/webhooks/"+h.ID+"/"+h.Token.Reveal()) {
			t.Fatalf("%q was read as another webhook", raw)
		}
	})
}
