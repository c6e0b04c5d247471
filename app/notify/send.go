package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crk/app"
	"crk/app/notify/pace"
)

const (
	sendTimeout = 10 * time.Second
	sendReserve = 2 * time.Second // of that, what must be left when the turn comes
)

// Send sends a message at once and says what came of it. d names a channel of
// its business and, for Telegram and Discord, a destination that is there. The
// message and its fate are kept as a delivery, in the feed as a row which is on
// the disk, and told to everybody, before Send returns. The error is trouble of
// our own.
func (g *Gateway) Send(ctx context.Context, d app.Delivery) (Result, error) {
	if d.Channel == app.ChannelInApp {
		began := time.Now()
		id, err := g.db.AddInApp(ctx, d)
		g.metrics.noteInApp(err, began)
		if err != nil {
			return Result{}, fmt.Errorf("notify: add to the feed: %w", err)
		}
		return Result{ID: id, OK: true}, nil
	}
	d.Destination = d.Channel + ":" + d.ChatID + d.WebhookID // one of the two is empty
	to, r, err := g.destination(ctx, d)
	if err != nil {
		return Result{}, fmt.Errorf("notify: read destination: %w", err)
	}
	if r.code == "" {
		r = g.postNow(ctx, to)
	}
	return g.keepSent(ctx, d, r)
}

// Test sends a chat a message that says that it works. Unlike others it also
// tries a chat that was found blocked or gone: perhaps it is not any more.
func (g *Gateway) Test(ctx context.Context, c app.Chat, d app.Delivery) (Result, error) {
	d.BusinessID, d.Channel, d.ChatID = c.BusinessID, app.ChannelTelegram, c.ID
	d.Destination = d.Channel + ":" + c.ID
	c.State = app.ChatOK
	r := result{code: g.chatTrouble(c)}
	if r.code == "" {
		to, err := g.chatDestination(ctx, c, d)
		if err != nil {
			return Result{}, fmt.Errorf("notify: read destination: %w", err)
		}
		r = g.postNow(ctx, to)
	}
	return g.keepSent(ctx, d, r)
}

// postNow sends if the turn comes in time.
func (g *Gateway) postNow(ctx context.Context, to destination) result {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := g.pace.Wait(ctx, to.lane, g.db.Now().Add(sendTimeout-sendReserve))
	var late *pace.LaterError
	switch {
	case errors.As(err, &late):
		return result{code: RateLimited, after: late.After, err: err}
	case err != nil:
		return result{code: TimedOut, err: err}
	}
	return g.post(ctx, to)
}

// keepSent keeps what was sent by hand, also where whoever asked is gone.
func (g *Gateway) keepSent(ctx context.Context, d app.Delivery, r result) (Result, error) {
	if r.err != nil {
		g.log.Info("message was not sent", "destination", d.Destination, "err", r)
	}
	id, err := g.db.AddDelivery(context.WithoutCancel(ctx), d, r.outcome())
	if err != nil {
		return Result{}, fmt.Errorf("notify: keep what was sent: %w", err)
	}
	return r.public(id), nil
}
