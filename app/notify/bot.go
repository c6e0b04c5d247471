package notify

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"crk/app"
	"crk/app/notify/pace"
	"crk/app/notify/telegram"
	"crk/store"
)

// The codes of what is wrong with the bot.
const (
	BotUnreachable = "unreachable" // Telegram cannot be reached, or is in trouble
	BotToken       = "token"       // Telegram refuses the token
	BotConflict    = "conflict"    // another program polls with the same token
	BotWebhook     = "webhook"     // the updates go to somebody's webhook
)

// BotStatus is how the bot fares.
type BotStatus struct {
	Configured   bool
	Username     string // without @; empty until Telegram has told it
	Healthy      bool   // updates can be had
	Problem      string // a code of what is wrong; empty before anything is known
	LastUpdateAt time.Time
	Skew         time.Duration // how far Telegram's clock is ahead of ours
}

// A bot receives what people write to it, and answers.
type bot struct {
	db       *store.Store
	log      *slog.Logger
	telegram *telegram.Client
	pace     *pace.Pacer
	replies  chan reply
	wrong    *tally // wrong codes, by chat

	mu      sync.Mutex
	self    telegram.User // zero until Telegram has told
	healthy bool
	problem string

	stuck   int64 // the update that could not be handled, and how often
	stuckAt int
}

func newBot(db *store.Store, log *slog.Logger, client *telegram.Client, p *pace.Pacer) *bot {
	return &bot{db: db, log: log, telegram: client, pace: p, replies: make(chan reply, 100), wrong: newTally()}
}

// run polls for updates and answers until ctx ends.
func (b *bot) run(ctx context.Context) {
	var answering sync.WaitGroup
	answering.Go(func() { b.answer(ctx) })
	defer answering.Wait()
	var p pauses
	for ctx.Err() == nil {
		began, patient := time.Now(), b.patience() > 0
		n, err := b.step(ctx)
		if ctx.Err() != nil {
			return
		}
		if b.note(err) && telegram.KindOf(err) == telegram.WebhookSet {
			b.tellWebhook(ctx)
		}
		wait := p.after(err, patient && n == 0 && time.Since(began) < shortPoll)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// step asks for updates once and handles them, in order. It returns how many
// were new.
func (b *bot) step(ctx context.Context) (int, error) {
	self, err := b.me(ctx)
	if err != nil {
		return 0, err
	}
	next, _, err := b.db.TelegramOffset(ctx, self.ID)
	if err != nil {
		return 0, err
	}
	updates, err := b.telegram.Updates(ctx, next, b.patience())
	if err != nil {
		return 0, err
	}
	fresh := 0
	for _, u := range updates {
		switch err := b.handleOrSkip(ctx, self, u); {
		case err == nil:
			fresh++
		case !errors.Is(err, store.ErrSeen):
			return fresh, err
		}
	}
	return fresh, nil
}

// patience is how long a poll waits for updates: not at all until one went well,
// so that whether they can be had is known at once.
func (b *bot) patience() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.healthy {
		return 0
	}
	return telegram.PollWait
}

// me returns who the bot is, asking Telegram the first time. That it answers
// says nothing of its updates.
func (b *bot) me(ctx context.Context) (telegram.User, error) {
	b.mu.Lock()
	self := b.self
	b.mu.Unlock()
	if self.ID != 0 {
		return self, nil
	}
	self, err := b.telegram.Me(ctx)
	if err != nil {
		return self, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.self.ID == 0 {
		b.log.Info("the Telegram bot is ready", "bot", "@"+self.Username)
	}
	b.self = self
	return self, nil
}

// setMenu tells Telegram what to show when people type "/". A bot without it
// works as well.
func (b *bot) setMenu(ctx context.Context) {
	for language, text := range map[string]string{"": "Stop notifications here", "th": "หยุดส่งการแจ้งเตือนมาที่นี่"} {
		if err := b.telegram.SetCommands(ctx, language, []telegram.Command{{Command: "stop", Description: text}}); err != nil && ctx.Err() == nil {
			b.log.Info("set the bot's menu", "err", err)
		}
	}
}

// note keeps how the last poll went, and logs and reports when that changes.
func (b *bot) note(err error) (changed bool) {
	problem := ""
	switch telegram.KindOf(err) {
	case telegram.BadToken:
		problem = BotToken
	case telegram.OtherPoller:
		problem = BotConflict
	case telegram.WebhookSet:
		problem = BotWebhook
	default:
		if err != nil {
			problem = BotUnreachable
		}
	}
	b.mu.Lock()
	changed = problem != b.problem
	b.healthy, b.problem = err == nil, problem
	if problem == BotToken {
		b.self = telegram.User{} // ask again before polling again
	}
	b.mu.Unlock()
	switch {
	case changed && err != nil:
		b.log.Warn("the Telegram bot gets no updates", "problem", problem, "err", err)
	case changed:
		b.log.Info("the Telegram bot gets updates again")
	}
	return changed
}

// tellWebhook logs whose webhook takes the bot's updates. It is left alone: it
// may be another system's. Only its host is told; the rest may be a secret.
func (b *bot) tellWebhook(ctx context.Context) {
	info, err := b.telegram.WebhookInfo(ctx)
	if err != nil {
		return
	}
	if u, err := url.Parse(info.URL); err == nil {
		b.log.Warn("the Telegram bot's updates go to a webhook; take it away with deleteWebhook to have them here", "host", u.Hostname())
	}
}

// status returns how the bot fares.
func (b *bot) status(ctx context.Context) (BotStatus, error) {
	b.mu.Lock()
	s := BotStatus{Configured: true, Username: b.self.Username, Healthy: b.healthy, Problem: b.problem}
	id := b.self.ID
	b.mu.Unlock()
	s.Skew, _ = b.telegram.Skew()
	var err error
	if id != 0 {
		_, s.LastUpdateAt, err = b.db.TelegramOffset(ctx, id)
	}
	return s, err
}

// BotStatus returns how the bot fares.
func (g *Gateway) BotStatus(ctx context.Context) (BotStatus, error) {
	a := g.account()
	if a == nil {
		return BotStatus{}, nil
	}
	return a.bot.status(ctx)
}

// A LinkCode ties a chat to a business when it is sent to the bot.
type LinkCode struct {
	Code      app.Secret
	DeepLink  string // opens a private chat and sends the code
	GroupLink string // adds the bot to a group and sends the code there
}

const askTimeout = 5 * time.Second

// LinkCode makes a code for a business, in a user's name. It is Unavailable
// without a bot, or while Telegram cannot say what the bot is called.
func (g *Gateway) LinkCode(ctx context.Context, business app.BusinessID, user app.UserID) (LinkCode, error) {
	a := g.account()
	if a == nil {
		return LinkCode{}, errNotConfigured(nil)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	self, err := a.bot.me(ctx)
	if telegram.KindOf(err) == telegram.BadToken {
		return LinkCode{}, errNotConfigured(err)
	}
	if err != nil {
		return LinkCode{}, &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "Telegram cannot be reached. Try again later.", Err: err}
	}
	code, err := g.db.CreateLinkCode(ctx, business, user)
	if err != nil {
		return LinkCode{}, err
	}
	link := "https://t.me/" + self.Username
	return LinkCode{Code: code, DeepLink: link + "?start=" + code.Reveal(), GroupLink: link + "?startgroup=" + code.Reveal()}, nil
}

func errNotConfigured(err error) *app.Error {
	return &app.Error{
		Kind: app.Unavailable, Code: NotConfigured, Err: err,
		Message: "The appliance has no Telegram bot that works; its administrator sets one under Settings → System, or with CRK_TELEGRAM_TOKEN.",
	}
}
