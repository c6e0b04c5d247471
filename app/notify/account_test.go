package notify_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/notify/notifytest"
)

const otherToken = "5151:BBE-other_secret"

// newOwnRig is a rig whose gateway has no bot from its configuration, before a
// server that knows two.
func newOwnRig(t *testing.T) (r *rig, other *notifytest.Telegram) {
	t.Helper()
	r = newRig(t)
	other = notifytest.NewTelegram(otherToken, "other_bot")
	both := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/bot"+otherToken+"/") {
			other.ServeHTTP(w, req)
			return
		}
		r.telegram.ServeHTTP(w, req)
	}))
	t.Cleanup(both.Close)
	r.gateway = notify.New(notify.Options{DB: r.Store, Log: slog.New(slog.NewTextHandler(r.log, nil)), TelegramURL: both.URL})
	return r, other
}

func TestBotIsReplacedWhileItRuns(t *testing.T) {
	is := is.New(t)
	r, other := newOwnRig(t)
	r.start(t)
	s, err := r.gateway.BotStatus(t.Context())
	is.NoErr(err)
	is.True(!s.Configured) // there is none yet

	is.NoErr(r.gateway.SetToken(t.Context(), token))
	first := r.telegram.Say(ann, "hello")
	is.NoErr(r.telegram.WaitConfirmed(within(t), first)) // it polls, without a restart
	next, _, err := r.TelegramOffset(t.Context(), r.telegram.BotID())
	is.NoErr(err)

	is.NoErr(r.gateway.SetToken(t.Context(), otherToken))
	second := other.Say(ann, "hello")
	is.NoErr(other.WaitConfirmed(within(t), second)) // the other one polls now
	s, err = r.gateway.BotStatus(t.Context())
	is.NoErr(err)
	is.Equal(s.Username, "other_bot")
	kept, _, err := r.TelegramOffset(t.Context(), r.telegram.BotID())
	is.NoErr(err)
	is.Equal(kept, next) // how far the first had come is kept

	again := notify.New(notify.Options{DB: r.Store, Log: slog.New(slog.DiscardHandler)})
	s, err = again.BotStatus(t.Context())
	is.NoErr(err)
	is.True(s.Configured) // it is there after a restart

	is.NoErr(r.gateway.RemoveToken(t.Context()))
	s, err = r.gateway.BotStatus(t.Context())
	is.NoErr(err)
	is.True(!s.Configured)
	_, err = r.gateway.LinkCode(t.Context(), r.Business.ID, r.Owner.ID)
	is.True(app.IsKind(err, app.Unavailable)) // nobody can be linked to none

	file, err := os.ReadFile(r.Path)
	is.NoErr(err)
	wal, err := os.ReadFile(r.Path + "-wal")
	is.NoErr(err)
	for _, secret := range []string{"secret_part", "other_secret"} {
		is.True(!strings.Contains(string(file)+string(wal)+r.log.String(), secret)) // never in the clear
	}
	is.Equal(r.Text(t, `SELECT group_concat(action) FROM (SELECT action FROM audit_log WHERE action LIKE 'bot.%' ORDER BY seq)`), "bot.update,bot.update,bot.delete")
}

func TestTokenThatIsNotTaken(t *testing.T) {
	for _, tt := range []struct {
		name, token string
		kind        app.Kind
	}{
		{"nothing", "", app.Invalid},
		{"not a token", "4242", app.Invalid},
		{"a path", "4242:../x", app.Invalid},
		{"of no bot", "9:unknown", app.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r, _ := newOwnRig(t)
			is.True(app.IsKind(r.gateway.SetToken(t.Context(), app.Secret(tt.token)), tt.kind))
			kept, err := r.TelegramToken(t.Context())
			is.NoErr(err)
			is.Equal(kept, app.Secret("")) // nothing is kept that does not work
		})
	}
	t.Run("the configuration wins", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t)
		is.True(r.gateway.TokenFixed())
		is.True(app.IsKind(r.gateway.SetToken(t.Context(), otherToken), app.Conflict))
		is.True(app.IsKind(r.gateway.RemoveToken(t.Context()), app.Conflict))
	})
	t.Run("Telegram is away", func(t *testing.T) {
		is := is.New(t)
		r := newRig(t)
		away := httptest.NewServer(http.NotFoundHandler())
		away.Close()
		g := notify.New(notify.Options{DB: r.Store, Log: slog.New(slog.DiscardHandler), TelegramURL: away.URL})
		is.True(app.IsKind(g.SetToken(t.Context(), token), app.Unavailable))
	})
}
