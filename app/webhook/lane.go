package webhook

import (
	"context"
	"time"

	"crk/store"
)

const (
	atOnce    = 4                      // requests to one receiver
	ahead     = 32                     // claims that wait in memory for a receiver that is quick
	quick     = 250 * time.Millisecond // an attempt that succeeds within it
	waitsMost = 10 * time.Second       // of a claim in memory: far less than its lease
)

// A lane is what goes to one receiver. While the receiver is quick some claims
// wait in it, so that one write claims for many requests; they are no attempts,
// and go back where it fails, is paused, or the appliance stops. It is guarded by
// the courier's mutex.
type lane struct {
	waiting []store.WebhookClaim
	since   time.Time // of the oldest of them
	busy    int       // requests under way
	quick   bool      // as the last attempt was
}

// free is how many more deliveries to a webhook may be claimed.
func (c *Courier) free(webhook string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.lanes[webhook]; l != nil {
		return l.room()
	}
	return atOnce
}

// room is how many more claims a lane takes.
func (l *lane) room() int {
	room := atOnce - l.busy - len(l.waiting)
	if l.quick {
		room += ahead
	}
	return room
}

// full are the webhooks that no more may be claimed for now. The end of a request
// to one of them wakes the courier.
func (c *Courier) full() (ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, l := range c.lanes {
		if l.room() <= 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// take puts claims into their lanes and starts a request for each as far as there
// may be more.
func (c *Courier) take(ctx context.Context, claims []store.WebhookClaim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, claim := range claims {
		l := c.lanes[claim.WebhookID]
		if l == nil {
			l = &lane{}
			c.lanes[claim.WebhookID] = l
		}
		if l.waiting = append(l.waiting, claim); len(l.waiting) == 1 {
			l.since = time.Now()
		}
	}
	for webhook, l := range c.lanes {
		for range min(atOnce-l.busy, len(l.waiting)) {
			l.busy++
			c.flights.Go(func() { c.work(ctx, webhook, l) })
		}
	}
}

// work sends what waits in a lane, one after the other, until nothing does.
func (c *Courier) work(ctx context.Context, webhook string, l *lane) {
	for {
		claim, ok := c.next(ctx, webhook, l)
		if !ok {
			return
		}
		begin := time.Now()
		good := c.deliver(ctx, claim)
		c.settled(ctx, l, good && time.Since(begin) < quick)
	}
}

// next takes a claim out of a lane. The courier is woken when few are left, and
// where there is room for others.
func (c *Courier) next(ctx context.Context, webhook string, l *lane) (claim store.WebhookClaim, ok bool) {
	stale := c.stale(ctx, l)
	if len(stale) > 0 {
		c.giveBack(ctx, stale)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.waiting) > 0 {
		claim, l.waiting = l.waiting[0], l.waiting[1:]
		if len(l.waiting) == ahead/2 {
			c.poke()
		}
		return claim, true
	}
	if l.busy--; l.busy == 0 && !l.quick {
		delete(c.lanes, webhook)
	}
	c.poke()
	return claim, false
}

// stale takes everything out of a lane that shall not be sent any more: at a
// stop, and what has waited for too long.
func (c *Courier) stale(ctx context.Context, l *lane) (claims []store.WebhookClaim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(l.waiting) > 0 && (ctx.Err() != nil || time.Since(l.since) > waitsMost) {
		claims, l.waiting = l.waiting, nil
	}
	return claims
}

// settled notes how an attempt went. What waits for a receiver that is no longer
// quick goes back: others may have to go first by then, or nothing at all.
func (c *Courier) settled(ctx context.Context, l *lane, quick bool) {
	c.mu.Lock()
	l.quick = quick
	var back []store.WebhookClaim
	if !quick {
		back, l.waiting = l.waiting, nil
	}
	c.mu.Unlock()
	c.giveBack(ctx, back)
}

// giveBack gives claims back that were not used.
func (c *Courier) giveBack(ctx context.Context, claims []store.WebhookClaim) {
	if len(claims) == 0 {
		return
	}
	save, done := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer done()
	if err := c.db.ReleaseWebhookClaims(save, claims); err != nil {
		c.log.Error("give webhook deliveries back", "err", err) // their lease expires
	}
}
