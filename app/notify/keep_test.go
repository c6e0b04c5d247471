package notify_test

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/notify/notifytest"
)

// TestRunKeepsTheLogWithinItsBounds also without a bot.
func TestRunKeepsTheLogWithinItsBounds(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	g := notify.New(notify.Options{DB: r.Store, Log: slog.New(slog.DiscardHandler)})
	res, err := g.Send(t.Context(), r.to(nil))
	is.NoErr(err)
	is.True(res.OK)
	r.Clock.Advance(90*24*time.Hour + time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { _ = g.Run(ctx) })
	for r.Text(t, `SELECT count(*) FROM deliveries`)+r.Text(t, `SELECT count(*) FROM feed`) != "00" {
		is.NoErr(ctx.Err()) // what is too old goes
		runtime.Gosched()
	}
	cancel()
	wg.Wait() // and Run ends with its context
}

// TestRetryByHand sends again what was given up, also where Telegram then says
// later and the message is older than a message may wait.
func TestRetryByHand(t *testing.T) {
	is := is.New(t)
	r := newRig(t)
	c := r.link(t, ann, 0)
	r.queue(t, 1, r.to(c))
	r.telegram.FailChat(ann.ID, notifytest.NoEntities, notifytest.NoEntities)
	is.True(r.work(t) == nil)
	is.Equal(r.only(t).Error, notify.Rejected)
	r.Clock.Advance(48 * time.Hour)
	is.NoErr(r.RetryDelivery(t.Context(), r.Business.ID, r.only(t).ID))
	r.telegram.FailChat(ann.ID, notifytest.TooMany)
	is.True(r.work(t) != nil) // it waits for its turn
	r.Clock.Advance(time.Minute)
	is.True(r.work(t) == nil)
	d := r.only(t)
	is.Equal(d.Status, app.DeliverySent) // and arrives
	is.Equal(d.Attempts, 3)
	is.Equal(len(r.telegram.Messages()), 1)
}
