package ai

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"crk/app"
	"crk/app/ai/openai"
	"crk/app/jobs"
	"crk/store"
)

const (
	pauseTime    = time.Hour // that a server is left alone which a person must mend
	longestWait  = time.Hour // for which a server's Retry-After is believed
	quickRetries = 8         // failures after which it is no longer believed to be short
	firstPause   = 5 * time.Second
	longestPause = 30 * time.Minute
	longestHold  = 6 * time.Hour // until a budget that is used up is looked at again
	attempts     = 57            // whose pauses, doubling from the first to the longest, add up to a day
)

// Why a job waits that has not failed.
var (
	errShut   = errors.New("ai: the server is left alone for now")
	errBudget = errors.New("ai: the month's budget is used up")
)

// A gate keeps jobs from servers that would only refuse them. It forgets when
// the process ends: whoever restarts it may have mended what was wrong.
type gate struct {
	db  *store.Store
	log *slog.Logger

	mu   sync.Mutex
	shut map[string]closure // by server and model
}

type closure struct {
	until time.Time
	why   error // what a person must mend; nil where the server asked to wait
}

func newGate(db *store.Store, log *slog.Logger) *gate {
	return &gate{db: db, log: log, shut: map[string]closure{}}
}

// enter returns the error with which a job waits until the business's budget has
// room and the server's gate opens, or nil. What is under way already goes on, so
// a budget is overrun by as much as that.
func (g *gate) enter(ctx context.Context, j app.Job, cfg openai.Config) error {
	until, err := g.db.HeldUntil(ctx, j.BusinessID)
	if err != nil {
		return err
	}
	if left := until.Sub(g.db.Now()); left > 0 {
		return jobs.Wait(errBudget, min(left, longestHold))
	}
	g.mu.Lock()
	c := g.shut[cfg.BaseURL+" "+cfg.Model]
	g.mu.Unlock()
	left := c.until.Sub(g.db.Now())
	if left <= 0 {
		return nil
	}
	if c.why != nil {
		if err := g.tell(ctx, j); err != nil {
			return err
		}
	}
	return jobs.Wait(cmp.Or(c.why, errShut), left)
}

// close shuts the server's gate for a time, if that is longer than it is shut
// already, and reports whether it was open.
func (g *gate) close(cfg openai.Config, d time.Duration, why error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	server, now := cfg.BaseURL+" "+cfg.Model, g.db.Now()
	was := g.shut[server].until
	if until := now.Add(d); until.After(was) {
		g.shut[server] = closure{until, why}
	}
	return !was.After(now)
}

// verdict says what becomes of a job whose request failed: it waits for a server
// that a person must mend, it is tried again where the server is busy or away,
// and it is given up where no further attempt would change anything.
func (g *gate) verdict(ctx context.Context, err error, j app.Job, cfg openai.Config) error {
	var e *openai.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Paused():
		if g.close(cfg, pauseTime, err) {
			g.log.Error("an AI server must be mended; its calls wait", "stage", j.Kind, "again", pauseTime, "err", err)
		}
		return cmp.Or(g.tell(ctx, j), jobs.Wait(err, pauseTime))
	case !e.Retryable():
		return jobs.Permanent(err)
	case e.RetryAfter <= 0:
		return err
	}
	after := min(e.RetryAfter, longestWait)
	g.close(cfg, after, nil)
	if j.Attempts >= quickRetries { // or the attempts would be used up within minutes
		after = longestPause
	}
	return jobs.RetryAfter(err, after)
}

// tell says in the business's feed that calls wait, once a day for each stage.
func (g *gate) tell(ctx context.Context, j app.Job) error {
	business, err := g.db.Business(ctx, j.BusinessID)
	if err != nil {
		return err
	}
	item := app.FeedItem{BusinessID: business.ID, Severity: app.Warning,
		Title: "Calls wait for an AI server", Body: "It does not accept its key, its model or its bill. The calls go on by themselves once that is mended."}
	if business.Language != "en" {
		item.Title = "สายกำลังรอเซิร์ฟเวอร์ AI"
		item.Body = "เซิร์ฟเวอร์ไม่รับคีย์ โมเดล หรือยอดเงินของบัญชี เมื่อแก้ไขแล้ว สายที่รออยู่จะทำงานต่อเอง"
	}
	return g.db.AddFeedOnce(ctx, item, "ai-paused:"+string(j.Kind)+":"+g.db.Now().UTC().Format(time.DateOnly))
}

// handler is a stage's job handler: slots at once, tried for a day, then given
// up with giveUp.
func handler(run func(context.Context, app.Job) error, giveUp func(context.Context, app.Job, error) error, slots int) jobs.Handler {
	return jobs.Handler{
		Run: run, GiveUp: giveUp, Slots: slots,
		Attempts: attempts, Backoff: jobs.Exponential(firstPause, longestPause),
	}
}
