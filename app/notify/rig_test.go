package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"crk/app"
	"crk/app/jobs"
	"crk/app/notify"
	"crk/app/notify/notifytest"
	"crk/store"
	"crk/store/storetest"
)

const token = "4242:AAE-secret_part"

// A rig is a gateway on a real store, with simulated servers around it.
type rig struct {
	*storetest.Fixture
	telegram *notifytest.Telegram
	discord  *notifytest.Discord
	gateway  *notify.Gateway
	log      *syncBuffer
	updates  int64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{
		Fixture: storetest.New(t), telegram: notifytest.NewTelegram(token, "crk_bot"),
		discord: notifytest.NewDiscord(), log: &syncBuffer{},
	}
	tg, dc := httptest.NewServer(r.telegram), httptest.NewServer(r.discord)
	t.Cleanup(tg.Close)
	t.Cleanup(dc.Close)
	r.gateway = notify.New(notify.Options{
		DB: r.Store, Log: slog.New(slog.NewTextHandler(r.log, nil)), TelegramToken: token, TelegramURL: tg.URL, DiscordURL: dc.URL,
	})
	return r
}

// start runs the bot until the test ends.
func (r *rig) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.gateway.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
}

// within is how long tests wait for what happens beside them.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// link links a chat without the bot's help, and makes it known to Telegram.
func (r *rig) link(t *testing.T, c notifytest.Chat, thread int64) app.Chat {
	t.Helper()
	code, err := r.CreateLinkCode(t.Context(), r.Business.ID, r.Owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	r.updates++
	link, err := r.LinkChat(t.Context(), store.Update{Bot: 1, ID: r.updates}, code.Reveal(),
		app.Chat{ChatID: c.ID, ThreadID: thread, Title: c.Title + c.FirstName, Type: c.Type})
	if err != nil || !link.OK {
		t.Fatalf("link: %+v %v", link, err)
	}
	r.telegram.Say(c, "hello")
	return link.Chat
}

// webhook adds a webhook here and in Discord.
func (r *rig) webhook(t *testing.T, id string) app.DiscordWebhook {
	t.Helper()
	r.discord.Add(id, "hook-secret_part", "Sales")
	w, err := r.AddDiscordWebhook(t.Context(), app.DiscordWebhook{BusinessID: r.Business.ID, Name: "Sales", WebhookID: id, Token: "hook-secret_part"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// to is a message to a chat or webhook.
func (r *rig) to(destination any) app.Delivery {
	d := app.Delivery{BusinessID: r.Business.ID, Title: "Angry customer", Body: "Score 41", Severity: app.Warning}
	switch v := destination.(type) {
	case app.Chat:
		d.Channel, d.ChatID, d.Destination = app.ChannelTelegram, v.ID, "telegram:"+v.ID
	case app.DiscordWebhook:
		d.Channel, d.WebhookID, d.Destination = app.ChannelDiscord, v.ID, "discord:"+v.ID
	default:
		d.Channel, d.Destination = app.ChannelInApp, app.ChannelInApp
	}
	return d
}

// queue stores deliveries as a rule would, n of each, and returns the rule.
func (r *rig) queue(t *testing.T, n int, ds ...app.Delivery) app.Automation {
	t.Helper()
	a, err := r.CreateAutomation(t.Context(), r.Business.ID, app.Graph{
		Version: app.GraphVersion, Name: "Angry",
		Nodes: []app.Node{
			{ID: "start", Kind: app.NodeTrigger},
			{ID: "message", Kind: app.NodeMessage, Message: &app.MessageText{Text: "x", Severity: app.Info}},
			{ID: "feed", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelInApp}},
		},
		Edges: []app.Edge{{From: "start", To: "message"}, {From: "message", To: "feed"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		r.Call(t, r.Business.ID)
		claimed, err := r.ClaimJobs(t.Context(), app.JobAutomate, 1, time.Minute)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claim: %v %v", claimed, err)
		}
		run := store.AutomationRun{Automation: a, Decide: func(store.Used) store.Decision {
			return store.Decision{Trace: json.RawMessage(`{}`), Deliveries: ds}
		}}
		if err := r.SaveAutomationRuns(t.Context(), claimed[0], "an-1", []store.AutomationRun{run}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// work claims the delivery that is due and runs it as the runner would, which
// returns what it asks for next; nil: the job is done.
func (r *rig) work(t *testing.T) *jobs.Failure {
	t.Helper()
	claimed, err := r.ClaimJobs(t.Context(), app.JobDeliver, 1, time.Hour)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claim: %v %v", claimed, err)
	}
	h, j := r.gateway.Handler(), claimed[0]
	err = h.Run(t.Context(), j)
	var f *jobs.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f) && f.Blameless:
		err = r.ReleaseJob(t.Context(), j, r.Now().Add(f.After))
	case j.Attempts+1 >= h.Attempts:
		err = h.GiveUp(t.Context(), j, err)
	case errors.As(err, &f):
		err = r.RetryJob(t.Context(), j, r.Now().Add(f.After), err.Error())
	default:
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// only is the one delivery that there is.
func (r *rig) only(t *testing.T) app.Delivery {
	t.Helper()
	list, err := r.Deliveries(t.Context(), r.Business.ID, store.DeliveryFilter{Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatalf("deliveries: %v %v", list, err)
	}
	return list[0]
}

func (r *rig) jobs(t *testing.T) string {
	t.Helper()
	return r.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'deliver'`)
}

// A syncBuffer is a buffer that many may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var (
	ann   = notifytest.Chat{ID: 77, Type: "private", FirstName: "Ann"}
	group = notifytest.Chat{ID: -500, Type: "group", Title: "Sales"}
	super = notifytest.Chat{ID: -1001234567890, Type: "supergroup", Title: "Sales"}
)
