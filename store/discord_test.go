package store_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestDiscordWebhooks(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	in := app.DiscordWebhook{BusinessID: f.Business.ID, Name: "Sales", WebhookID: "123", Token: "token-never-shown", ThreadID: "9"}
	w, err := f.AddDiscordWebhook(ctx, in)
	is.NoErr(err)
	is.True(w.Active && w.State == app.ChatOK) // ready to be posted to
	read, err := f.DiscordWebhook(ctx, f.Business.ID, w.ID)
	is.NoErr(err)
	is.Equal(read, w)                                  // read as it was written
	is.Equal(read.Token.Reveal(), "token-never-shown") // with its token
	list, err := f.DiscordWebhooks(ctx, f.Business.ID)
	is.NoErr(err)
	w.Token = ""
	is.Equal(list, []app.DiscordWebhook{w}) // lists do without

	_, err = f.AddDiscordWebhook(ctx, in)
	is.True(app.IsKind(err, app.Conflict)) // twice is a conflict
	thread := in
	thread.ThreadID = ""
	_, err = f.AddDiscordWebhook(ctx, thread)
	is.NoErr(err) // another thread is another place
	other, _ := f.OtherBusiness(t)
	theirs := in
	theirs.BusinessID = other.ID
	_, err = f.AddDiscordWebhook(ctx, theirs)
	is.NoErr(err) // another business has its own

	_, err = f.DiscordWebhook(ctx, other.ID, w.ID)
	is.True(app.IsKind(err, app.NotFound)) // another's is as if it were not there
	is.True(app.IsKind(f.DeleteDiscordWebhook(ctx, other.ID, w.ID), app.NotFound))
	a, err := f.CreateAutomation(ctx, f.Business.ID, graph("A", nil, []string{w.ID}, false))
	is.NoErr(err)
	is.NoErr(f.DeleteDiscordWebhook(ctx, f.Business.ID, w.ID))
	a, err = f.Automation(ctx, f.Business.ID, a.ID)
	is.NoErr(err)
	is.True(!a.Graph.Sends()) // deleted, it leaves the rules
	_, err = f.DiscordWebhook(ctx, f.Business.ID, w.ID)
	is.True(app.IsKind(err, app.NotFound))
}

func TestDiscordTokenIsSealed(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	_, err := f.AddDiscordWebhook(t.Context(), app.DiscordWebhook{BusinessID: f.Business.ID, Name: "x", WebhookID: "1", Token: "token-never-shown"})
	is.NoErr(err)
	for _, name := range []string{f.Path, f.Path + "-wal"} {
		b, err := os.ReadFile(name)
		is.NoErr(err)
		is.True(!bytes.Contains(b, []byte("token-never-shown"))) // not on the disk in clear
	}
}

func TestLostWebhookIsSaidOnce(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	w, err := f.AddDiscordWebhook(ctx, app.DiscordWebhook{BusinessID: f.Business.ID, Name: "Sales", WebhookID: "1", Token: "x"})
	is.NoErr(err)
	for range 2 {
		_, err = f.AddDelivery(ctx, app.Delivery{
			BusinessID: f.Business.ID, Channel: app.ChannelDiscord, Destination: "discord:" + w.ID, WebhookID: w.ID, Title: "T", Severity: app.Info,
		}, store.Outcome{Tried: true, Code: "webhook_gone", State: app.ChatGone})
		is.NoErr(err)
	}
	w, err = f.DiscordWebhook(ctx, f.Business.ID, w.ID)
	is.NoErr(err)
	is.Equal(w.State, app.ChatGone)
	is.Equal(w.LastError, "webhook_gone")
	is.Equal(f.Text(t, `SELECT group_concat(title) FROM feed`), "Discord webhook is gone: Sales") // once
}
