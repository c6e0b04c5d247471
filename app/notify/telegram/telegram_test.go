package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify/notifytest"
	"crk/app/notify/telegram"
)

const token = "4242:AAE-secret_part"

// start returns a client of a simulated server.
func start(t *testing.T) (*notifytest.Telegram, *telegram.Client) {
	t.Helper()
	sim := notifytest.NewTelegram(token, "crk_bot")
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return sim, telegram.New(token, srv.URL, nil)
}

// answering returns a client of a server that gives everybody one answer.
func answering(t *testing.T, status int, header map[string]string, body string) *telegram.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return telegram.New(token, srv.URL, nil)
}

func TestMe(t *testing.T) {
	is := is.New(t)
	_, c := start(t)
	me, err := c.Me(t.Context())
	is.NoErr(err)                                              // the token serves
	is.Equal(me, telegram.User{ID: 4242, Username: "crk_bot"}) // the bot is told
	skew, known := c.Skew()
	is.True(known)                     // the clock was compared
	is.True(skew.Abs() <= time.Second) // and is the same machine's
}

func TestSkew(t *testing.T) {
	is := is.New(t)
	c := answering(t, 200, map[string]string{"Date": time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)},
		`{"ok":true,"result":{"id":1}}`)
	_, known := c.Skew()
	is.True(!known) // nothing is claimed before an answer
	_, err := c.Me(t.Context())
	is.NoErr(err)
	skew, known := c.Skew()
	is.True(known && (skew+time.Hour).Abs() <= 2*time.Second) // the server is an hour behind
}

func TestWebhookInfo(t *testing.T) {
	is := is.New(t)
	sim, c := start(t)
	sim.SetWebhook("https://crm.example.com/hook")
	info, err := c.WebhookInfo(t.Context())
	is.NoErr(err)
	is.Equal(info.URL, "https://crm.example.com/hook") // the foreign webhook is shown
	_, err = c.Updates(t.Context(), 0, 0)
	is.Equal(telegram.KindOf(err), telegram.WebhookSet) // and told apart from another poller
}

func TestLeaveAndCommands(t *testing.T) {
	is := is.New(t)
	var bodies []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(b)
		bodies = append(bodies, strings.TrimPrefix(r.URL.Path, "/bot"+token)+string(b))
		fmt.Fprint(w, `{"ok":true,"result":true}`)
	}))
	defer srv.Close()
	c := telegram.New(token, srv.URL+"/", nil)
	is.NoErr(c.Leave(t.Context(), -1001234567890))
	is.NoErr(c.SetCommands(t.Context(), "", []telegram.Command{{Command: "stop", Description: "Stop"}}))
	is.NoErr(c.SetCommands(t.Context(), "th", nil))
	is.Equal(bodies, []string{
		`/leaveChat{"chat_id":-1001234567890}`,                                 // long ids stay whole
		`/setMyCommands{"commands":[{"command":"stop","description":"Stop"}]}`, // for everybody
		`/setMyCommands{"commands":null,"language_code":"th"}`,                 // for one language
	}) // the calls are the documented ones
}

func TestErrors(t *testing.T) {
	refusal := func(code int, words, more string) string {
		return fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q%s}`, code, words, more)
	}
	for _, tt := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		want   telegram.Kind
		after  time.Duration
		moved  int64
	}{
		{"retry after", 429, nil, refusal(429, "Too Many Requests: retry after 7", `,"parameters":{"retry_after":7}`), telegram.RateLimited, 7 * time.Second, 0},
		{"retry after in the header", 429, map[string]string{"Retry-After": "9"}, refusal(429, "", ""), telegram.RateLimited, 9 * time.Second, 0},
		{"retry after not told", 429, nil, refusal(429, "", ""), telegram.RateLimited, 5 * time.Second, 0},
		{"retry after beyond reason", 429, nil, refusal(429, "", `,"parameters":{"retry_after":99999999999}`), telegram.RateLimited, 24 * time.Hour, 0},
		{"migrated", 400, nil, refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", `,"parameters":{"migrate_to_chat_id":-1001234567890}`), telegram.Migrated, 0, -1001234567890},
		{"not found", 400, nil, refusal(400, "Bad Request: chat not found", ""), telegram.ChatNotFound, 0, 0},
		{"topic", 400, nil, refusal(400, "Bad Request: message thread not found", ""), telegram.ThreadNotFound, 0, 0},
		{"topic deleted", 400, nil, refusal(400, "Bad Request: TOPIC_DELETED", ""), telegram.ThreadNotFound, 0, 0},
		{"entities", 400, nil, refusal(400, "Bad Request: can't parse entities: Unsupported start tag", ""), telegram.EntitiesRefused, 0, 0},
		{"button", 400, nil, refusal(400, "Bad Request: BUTTON_URL_INVALID", ""), telegram.ButtonRefused, 0, 0},
		{"button in other words", 400, nil, refusal(400, "Bad Request: inline keyboard button URL 'http://x/' is invalid: Wrong HTTP URL", ""), telegram.ButtonRefused, 0, 0},
		{"no rights", 400, nil, refusal(400, "Bad Request: not enough rights to send text messages to the chat", ""), telegram.Rejected, 0, 0},
		{"blocked", 403, nil, refusal(403, notifytest.BlockedByUser, ""), telegram.Blocked, 0, 0},
		{"kicked", 403, nil, refusal(403, notifytest.KickedFromGroup, ""), telegram.Blocked, 0, 0},
		{"not a member", 403, nil, refusal(403, notifytest.NotAMember, ""), telegram.Blocked, 0, 0},
		{"deactivated", 403, nil, refusal(403, notifytest.Deactivated, ""), telegram.Blocked, 0, 0},
		{"deleted", 403, nil, refusal(403, notifytest.GroupDeleted, ""), telegram.Blocked, 0, 0},
		{"other poller", 409, nil, refusal(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", ""), telegram.OtherPoller, 0, 0},
		{"webhook", 409, nil, refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", ""), telegram.WebhookSet, 0, 0},
		{"bad token", 401, nil, refusal(401, "Unauthorized", ""), telegram.BadToken, 0, 0},
		{"no such bot", 404, nil, refusal(404, "Not Found", ""), telegram.BadToken, 0, 0},
		{"server error", 500, nil, refusal(500, "Internal Server Error", ""), telegram.PeerError, 0, 0},
		{"no code but a status", 403, nil, `{"ok":false,"description":"Forbidden: bot was blocked by the user"}`, telegram.Blocked, 0, 0},
		{"page of a proxy", 502, nil, "<html>502 Bad Gateway</html>", telegram.PeerError, 0, 0},
		{"page with a status that means something", 403, nil, "<html>403 Forbidden</html>", telegram.PeerError, 0, 0},
		{"page with 200", 200, nil, "<html>Log in to the hotel's network</html>", telegram.PeerError, 0, 0},
		{"JSON of another kind", 200, nil, `[1,2]`, telegram.PeerError, 0, 0},
		{"result of another kind", 200, nil, `{"ok":true,"result":"yes"}`, telegram.PeerError, 0, 0},
		{"not ok with 200", 200, nil, `{"ok":false}`, telegram.PeerError, 0, 0},
		{"redirect", 302, map[string]string{"Location": "https://example.com/"}, "", telegram.PeerError, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c := answering(t, tt.status, tt.header, tt.body)
			_, err := c.Me(t.Context())
			var e *telegram.Error
			is.True(errors.As(err, &e))      // the error is typed
			is.Equal(e.Kind, tt.want)        // with the kind the case wants
			is.Equal(e.RetryAfter, tt.after) // and the time to wait
			is.Equal(e.MigratedTo, tt.moved) // and the new id
		})
	}
}

func TestNetworkFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault notifytest.Fault
		want  telegram.Kind
	}{
		{"reset", notifytest.Reset, telegram.Unreachable},
		{"cut JSON", notifytest.CutJSON, telegram.Unreachable},
		{"HTML 502", notifytest.BadGateway, telegram.PeerError},
		{"hang", notifytest.Hang, telegram.Timeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t)
			sim.Fail("getMe", tt.fault, tt.fault) // twice: idempotent requests may be tried again by net/http
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := c.Me(ctx)
			is.Equal(telegram.KindOf(err), tt.want)   // the kind the case wants
			is.True(telegram.KindOf(err).Retryable()) // and worth another try
		})
	}
}

func TestStopIsKnownAsSuch(t *testing.T) {
	is := is.New(t)
	_, c := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Me(ctx)
	is.True(errors.Is(err, context.Canceled)) // a stop is no failure of the peer
}

func TestTokenNeverShows(t *testing.T) {
	echo := answering(t, 400, nil, `{"ok":false,"error_code":400,"description":"bad path /bot`+token+`/getMe"}`)
	srv := httptest.NewServer(nil)
	srv.Close()
	for _, tt := range []struct {
		name   string
		client *telegram.Client
	}{
		{"nobody listens", telegram.New(token, srv.URL, nil)},
		{"no such host", telegram.New(token, "http://host.invalid", nil)},
		{"unknown scheme", telegram.New(token, "gopher://example.com", nil)},
		{"no URL", telegram.New(token, "http://[::1", nil)},
		{"the peer echoes it", echo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := tt.client.Me(t.Context())
			is.True(err != nil)
			for _, form := range []string{"%v", "%+v", "%#v", "%q"} {
				is.True(!strings.Contains(fmt.Sprintf(form, err), "secret_part"))       // not in the error
				is.True(!strings.Contains(fmt.Sprintf(form, tt.client), "secret_part")) // nor in the client
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				is.True(!strings.Contains(e.Error(), "secret_part")) // nor in what it wraps
			}
			is.True(strings.HasPrefix(err.Error(), "telegram: getMe")) // which says what was tried
		})
	}
}

func TestTokenIsPathSafe(t *testing.T) {
	is := is.New(t)
	var path string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		fmt.Fprint(w, `{"ok":true,"result":{}}`)
	}))
	defer srv.Close()
	_, err := telegram.New(app.Secret("1:a/../b?c#d"), srv.URL, nil).Me(t.Context())
	is.NoErr(err)
	is.Equal(path, "/bot1:a%2F..%2Fb%3Fc%23d/getMe") // a mistyped token cannot lead to another path
}
