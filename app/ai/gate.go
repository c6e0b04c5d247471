package ai

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
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
	stageSlots   = 32            // jobs of a stage at once, over all servers
	attempts     = 57            // whose pauses, doubling from the first to the longest, add up to a day
)

// ErrOverBudget says that the business has used up its month's budget.
var ErrOverBudget = errors.New("ai: the month's budget is used up")

// errShut is why a job waits that has not failed.
var errShut = errors.New("ai: the server is left alone for now")

// A gate keeps jobs from servers that would only refuse them. It forgets when
// the process ends: whoever restarts it may have mended what was wrong.
type gate struct {
	db  *store.Store
	log *slog.Logger

	mu   sync.Mutex
	shut map[string]closure // by server: one whose settings were changed is another
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
func (g *gate) enter(ctx context.Context, j app.Job, server Server) error {
	until, err := g.db.HeldUntil(ctx, j.BusinessID)
	if err != nil {
		return err
	}
	if left := until.Sub(g.db.Now()); left > 0 {
		return jobs.Wait(ErrOverBudget, min(left, longestHold))
	}
	g.mu.Lock()
	c := g.shut[server.id]
	g.mu.Unlock()
	left := c.until.Sub(g.db.Now())
	if left <= 0 {
		return nil
	}
	if c.why != nil {
		if err := g.tell(ctx, j, server); err != nil {
			return err
		}
	}
	return jobs.Wait(cmp.Or(c.why, errShut), left)
}

// close shuts the server's gate for a time, if that is longer than it is shut
// already, and reports whether it was open.
func (g *gate) close(server Server, d time.Duration, why error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.db.Now()
	maps.DeleteFunc(g.shut, func(_ string, c closure) bool { return !c.until.After(now) })
	was := g.shut[server.id].until
	if until := now.Add(d); until.After(was) {
		g.shut[server.id] = closure{until, why}
	}
	return !was.After(now)
}

// open lets jobs to the server again.
func (g *gate) open(server Server) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.shut, server.id)
}

// paused is until when a person must mend the server, the zero time where it
// works as far as is known.
func (g *gate) paused(server Server) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.shut[server.id]
	if c.why == nil || !c.until.After(g.db.Now()) {
		return time.Time{}
	}
	return c.until
}

// verdict says what becomes of a job whose request failed: it waits for a server
// that a person must mend, it is tried again where the server is busy or away,
// and it is given up where no further attempt would change anything.
func (g *gate) verdict(ctx context.Context, err error, j app.Job, server Server) error {
	var e *openai.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Paused():
		if g.close(server, pauseTime, err) {
			g.log.Error("an AI server must be mended; its calls wait", "stage", j.Kind, "again", pauseTime, "err", err)
		}
		return cmp.Or(g.tell(ctx, j, server), jobs.Wait(err, pauseTime))
	case !e.Retryable():
		return jobs.Permanent(err)
	case e.RetryAfter <= 0:
		return err
	}
	after := min(e.RetryAfter, longestWait)
	g.close(server, after, nil)
	if j.Attempts >= quickRetries { // or the attempts would be used up within minutes
		after = longestPause
	}
	return jobs.RetryAfter(err, after)
}

// tell says in the business's feed that calls wait, once a day for each stage and
// settings of its server.
func (g *gate) tell(ctx context.Context, j app.Job, server Server) error {
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
	return g.db.AddFeedOnce(ctx, item, "ai-paused:"+string(j.Kind)+":"+server.id+":"+g.db.Now().UTC().Format(time.DateOnly))
}

// handler is a stage's job handler: tried for a day, then given up with giveUp.
// Most of its jobs wait for their server, in which a business has no more than
// its lanes of them.
func handler(run func(context.Context, app.Job) error, giveUp func(context.Context, app.Job, error) error) jobs.Handler {
	return jobs.Handler{
		Run: run, GiveUp: giveUp, Slots: stageSlots,
		Attempts: attempts, Backoff: jobs.Exponential(firstPause, longestPause),
	}
}
