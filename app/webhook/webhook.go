// Package webhook delivers events to the software of businesses: a CRM, a script,
// another server. The events are written by the store, in the transaction of
// what they tell.
//
// It promises:
//
//   - At least once. An event is a row until its receiver has answered 2xx, ten
//     attempts over three days have failed, or a person deletes the webhook. A
//     crash repeats at most what was under way; a stop lets it arrive, or counts
//     it as not tried.
//   - Signed by Standard Webhooks 1.0, with the same webhook-id at every attempt.
//   - A receiver that is slow or dead delays no other: each has its own few
//     requests at a time, and claims are made for each by itself.
//   - Retry-After is kept, for everything that goes to that receiver; 410
//     switches it off; redirects are not followed.
//   - What a receiver in a private network answers is not kept, so that nobody
//     reads such networks through a webhook.
//
// Deliveries are not jobs of package jobs. How many go to a receiver at once,
// when it wants to be left alone, what is held while it is off and what came of
// each attempt are columns of theirs, and a claim by receiver stays fast behind
// a backlog of a hundred thousand.
//
// It knows neither what events mean nor where requests may go: the client that
// it is given guards that.
package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"crk/app"
	"crk/store"
)

const (
	timeout    = 15 * time.Second // of an attempt, from the dial to the answer's status
	stopGrace  = 3 * time.Second  // for requests under way when the appliance stops
	lease      = time.Minute      // longer than any attempt and the saving of it
	saveTime   = 15 * time.Second
	pruneEvery = time.Hour
)

// Options are what a Courier works with. All but Version are required.
type Options struct {
	DB      *store.Store
	Log     *slog.Logger
	Client  Client // decides where requests may go
	Version string // of the appliance, for the User-Agent
}

// A Client returns what sends requests to an address that certificate authorities
// may vouch for beside the machine's own: PEM text, empty for none. It follows no
// redirect. The same text gives the same client. It may be called concurrently.
type Client func(ca string) (*http.Client, error)

// A Courier delivers events. Its methods may be called concurrently.
type Courier struct {
	db      *store.Store
	log     *slog.Logger
	client  Client
	agent   string
	timeout time.Duration // of an attempt
	grace   time.Duration // for what is under way at a stop
	wake    chan struct{} // holds a value when there may be something to do

	mu      sync.Mutex
	lanes   map[string]*lane // by webhook
	flights sync.WaitGroup
}

// New returns a courier that does nothing yet.
func New(o Options) *Courier {
	agent := "CRK"
	if o.Version != "" {
		agent += "/" + o.Version
	}
	return &Courier{
		db: o.DB, log: o.Log, client: o.Client, agent: agent, timeout: timeout, grace: stopGrace,
		wake: make(chan struct{}, 1), lanes: map[string]*lane{},
	}
}

// Wake tells the courier that something was queued, if it is deliveries. It
// never blocks.
func (c *Courier) Wake(kinds []app.JobKind) {
	for _, k := range kinds {
		if k == app.JobWebhook {
			c.poke()
			return
		}
	}
}

func (c *Courier) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, and then waits for what is under way, a few
// seconds at most. Only one process may run on a database.
func (c *Courier) Run(ctx context.Context) error {
	if err := c.db.ReleaseWebhookDeliveries(ctx); err != nil {
		return err
	}
	var pruning sync.WaitGroup
	defer pruning.Wait()
	defer c.flights.Wait()
	pruning.Go(func() { c.prune(ctx) })
	for {
		for c.launch(ctx) > 0 {
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		case <-time.After(c.rest(ctx)):
			if err := c.db.ReleaseExpiredWebhookDeliveries(ctx); err != nil && ctx.Err() == nil {
				c.log.Error("release expired webhook deliveries", "err", err)
			}
		}
	}
}

// Drain delivers what is due now, with what falls due meanwhile, and returns
// when all of it is saved. It is Run for who has no time to let pass.
func (c *Courier) Drain(ctx context.Context) {
	for c.launch(ctx) > 0 {
		c.flights.Wait()
	}
}

// launch claims what is due and may go now, and sends it. It returns how much
// that is.
func (c *Courier) launch(ctx context.Context) int {
	claims, err := c.db.ClaimWebhookDeliveries(ctx, c.free, lease)
	if err != nil {
		if ctx.Err() == nil {
			c.log.Error("claim webhook deliveries", "err", err)
		}
		return 0
	}
	c.take(ctx, claims)
	return len(claims)
}

// rest is how long to sleep until something is due, within bounds: the upper
// one heals whatever else was missed, as a clock that was set.
func (c *Courier) rest(ctx context.Context) time.Duration {
	const shortest, longest = 50 * time.Millisecond, 15 * time.Second
	at, err := c.db.NextWebhookAt(ctx, c.full())
	if err != nil || at.IsZero() {
		return longest
	}
	return min(max(at.Sub(c.db.Now()), shortest), longest)
}

// prune keeps the log of deliveries, and the audit log, within their bounds.
func (c *Courier) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if err := c.db.PruneWebhooks(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("prune webhook deliveries", "err", err)
		}
		if err := c.db.PruneAudit(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("prune the audit log", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
