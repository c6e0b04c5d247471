// Package notify takes messages to where people read them: Telegram chats,
// Discord channels and the feed in the dashboard.
//
// It promises:
//
//   - A message of a rule arrives at least once or is said to have failed: it is
//     a job until then, tried five times over an hour, longer where the peer says
//     when. What was under way in a crash may arrive twice.
//   - A message sent by hand is tried once, within ten seconds, and the answer
//     says what came of it.
//   - Both keep to the same pace. A burst is delayed and never dropped, and a
//     destination that is slow or dead holds up no other.
//   - A chat that blocked the bot and a webhook that was deleted are not called
//     again until that changes, which the feed says once.
//   - The bot's updates take effect exactly once: the effect and the offset are
//     one transaction.
//   - Nothing is sent inside a transaction, and no token leaves this package.
//
// It knows nothing of rules, of sockets or of HTTP requests to the appliance.
package notify

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"crk/app"
	"crk/app/notify/discord"
	"crk/app/notify/pace"
	"crk/store"
)

// Options are what a Gateway works with. DB and Log are required.
type Options struct {
	DB            *store.Store
	Log           *slog.Logger
	TelegramToken app.Secret   // of the appliance's bot; empty: people may give one, see SetToken
	TelegramURL   string       // base of every call; empty: Telegram's own server
	DiscordURL    string       // base of every call; empty: Discord's own
	Client        *http.Client // how the internet is reached; nil: directly
}

// A Gateway sends messages. Its methods may be called concurrently.
type Gateway struct {
	db      *store.Store
	log     *slog.Logger
	discord *discord.Client
	pace    *pace.Pacer
	metrics metrics
	grace   time.Duration // for a message on its way when the appliance stops

	telegramURL string
	client      *http.Client
	fixed       bool          // the configuration names the bot
	changed     chan struct{} // there is another bot
	mu          sync.Mutex
	present     *account // nil: there is no bot
	known       bool     // present was read from the database
}

// New returns a gateway. It sends nothing yet; the bot answers once Run runs.
func New(o Options) *Gateway {
	g := &Gateway{
		db: o.DB, log: o.Log, discord: discord.New(o.DiscordURL, o.Client), pace: pace.New(o.DB.Now), metrics: newMetrics(),
		grace: stopGrace, telegramURL: o.TelegramURL, client: o.Client, changed: make(chan struct{}, 1),
	}
	if o.TelegramToken != "" {
		g.present, g.known, g.fixed = g.newAccount(o.TelegramToken), true, true
	}
	return g
}

// Run lets the bot answer, if there is one, and keeps what was sent within its
// bounds, until ctx ends.
func (g *Gateway) Run(ctx context.Context) error {
	var pruning sync.WaitGroup
	pruning.Go(func() { g.prune(ctx) })
	g.poll(ctx)
	pruning.Wait()
	return nil
}

const pruneEvery = time.Hour

// prune deletes what is too old or too much: at the start, and every hour.
func (g *Gateway) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if err := g.db.PruneNotifications(ctx); err != nil && ctx.Err() == nil {
			g.log.Error("prune the feed and the deliveries", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Unlink takes a chat from a business. A group that no business is linked to any
// more is left: the bot has no business reading there.
func (g *Gateway) Unlink(ctx context.Context, business app.BusinessID, id string) error {
	c, last, err := g.db.DeleteChat(ctx, business, id)
	a := g.account()
	if err != nil || !last || c.Type == "private" || a == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := a.telegram.Leave(ctx, c.ChatID); err != nil {
		g.log.Info("leave a group that was unlinked", "err", err)
	}
	return nil
}
