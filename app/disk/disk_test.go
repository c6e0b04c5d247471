package disk_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/disk"
)

func TestWatch(t *testing.T) {
	is := is.New(t)
	w := disk.NewWatch(t.TempDir(), 1)
	room := w.Room()
	is.True(room.Free > 0 && room.Size >= room.Free) // a machine that runs this has room
	is.True(!room.Low && !w.Full())
	is.True(disk.NewWatch(t.TempDir(), room.Size+1).Low())           // no disk has more than it has
	is.True(!disk.NewWatch(t.TempDir()+"/nowhere", room.Size).Low()) // one that cannot be asked has room
}

func TestLowIsToldOnceAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		const gib = 1 << 30
		var free atomic.Int64
		free.Store(10 * gib)
		w := disk.NewWatchOf(func() (int64, int64, error) {
			n := free.Load()
			if n < 0 {
				return 0, 0, errors.New("no answer")
			}
			return n, 100 * gib, nil
		}, 0)
		is.Equal(w.Room().Reserve, int64(2*gib)) // 2 % of a large disk
		var told []bool
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() { _ = w.Run(ctx, func(r disk.Room) { told = append(told, r.Low) }) }()
		after := func(n int64) {
			free.Store(n)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		after(3 * gib)
		is.Equal(len(told), 0) // enough
		after(2*gib - 1)
		after(gib)
		is.Equal(told, []bool{true}) // said once
		is.True(w.Low() && !w.Full())
		after(2*gib + 1)
		is.True(w.Low()) // not over at the edge
		after(disk.Least - 1)
		is.True(w.Full()) // now people may not add any either
		after(-1)
		is.True(w.Low()) // no answer changes nothing
		after(3 * gib)
		is.Equal(told, []bool{true, false}) // and then it is over
		is.True(!w.Low() && !w.Full())
	})
}
