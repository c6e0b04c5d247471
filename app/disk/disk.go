// Package disk tells how much room is left where the data lies, and watches it.
//
// It promises that what takes up room is told to wait before there is none: a
// [Watch] holds back the fetching and the analysis of calls while people can
// still be served and told. It does not know what the data is.
package disk

import (
	"context"
	"sync"
	"time"
)

// Least is how much must be free, in bytes, for the appliance to take on new
// audio at all: enough for the database to go on and for a person to act.
const Least = 512 << 20

// reserve is what is kept free where nothing else was set: the larger of this
// many bytes and this part of the disk.
const (
	reserveBytes = 1 << 30
	reservePart  = 50 // 2 %
)

// every is how often a Watch looks.
const every = 15 * time.Second

// A Room is how a disk stands.
type Room struct {
	Free, Size int64 // bytes
	Reserve    int64 // what is to stay free
	Low        bool  // less is: nothing more is taken in by itself
}

// A Watch knows how much room there is. Its methods may be called concurrently.
type Watch struct {
	reserve int64
	ask     func() (free, size int64, err error)

	mu   sync.Mutex
	room Room
}

// NewWatch returns a watch of the file system that holds path. reserve is what
// is to stay free, in bytes; 0 chooses. It has looked once.
func NewWatch(path string, reserve int64) *Watch {
	return NewWatchOf(func() (int64, int64, error) { return usage(path) }, reserve)
}

// NewWatchOf is NewWatch for storage that is asked in another way.
func NewWatchOf(ask func() (free, size int64, err error), reserve int64) *Watch {
	w := &Watch{reserve: reserve, ask: ask}
	w.look()
	return w
}

// Room returns how the disk stood at the last look. One that cannot be asked has
// room.
func (w *Watch) Room() Room {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.room
}

// Low reports whether less is free than is to stay free.
func (w *Watch) Low() bool { return w.Room().Low }

// Full reports whether so little is free that not even a person may add audio,
// as of now.
func (w *Watch) Full() bool {
	free, _, err := w.ask()
	return err == nil && free < min(Least, w.Room().Reserve)
}

// Run looks again and again until ctx ends, and calls changed with each change
// between low and not.
func (w *Watch) Run(ctx context.Context, changed func(Room)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if w.look() {
			changed(w.Room())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look looks, and reports whether low has changed. What was low must have an
// eighth more than the reserve before it is not, so that a disk at the edge does
// not change with every file.
func (w *Watch) look() (changed bool) {
	free, size, err := w.ask()
	if err != nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	reserve := w.reserve
	if reserve == 0 {
		reserve = min(max(reserveBytes, size/reservePart), size/2)
	}
	was := w.room.Low
	limit := reserve
	if was {
		limit += reserve / 8
	}
	w.room = Room{Free: free, Size: size, Reserve: reserve, Low: free < limit}
	return w.room.Low != was
}
