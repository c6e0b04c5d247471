package notify_test

import (
	"fmt"
	"log/slog"
	"testing"

	"crk/app"
	"crk/app/notify"
	"crk/store/storetest"
)

// BenchmarkSendInApp times messages to the feed, each on the disk before Send
// returns, from several senders at once.
func BenchmarkSendInApp(b *testing.B) {
	for _, senders := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(senders, " senders a core"), func(b *testing.B) {
			f := storetest.New(b)
			g := notify.New(notify.Options{DB: f.Store, Log: slog.New(slog.DiscardHandler)})
			d := app.Delivery{BusinessID: f.Business.ID, Channel: app.ChannelInApp, Title: "Order 4711", Body: "is on its way", Severity: app.Info}
			b.SetParallelism(senders)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if r, err := g.Send(b.Context(), d); err != nil || !r.OK {
						b.Error(r, err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
