package demo

import (
	"context"
	"time"
)

// pause is how long it takes until the n-th new call of a run: a visitor sees
// something happen at once and then all the time; who leaves the demo running
// does not find the disk full.
func pause(n int) time.Duration {
	const (
		first  = 10 * time.Second
		usual  = 45 * time.Second
		busy   = 40 // calls, half an hour
		lonely = 10 * time.Minute
	)
	switch {
	case n == 0:
		return first
	case n < busy:
		return usual
	}
	return lonely
}

// Live has a new call end in the simulated phone system every now and then, until
// ctx ends. Call it once.
func (d *Demo) Live(ctx context.Context) error {
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause(n)):
		}
		if err := d.Arrive(); err != nil {
			return err
		}
	}
}

// Arrive has a new call in the simulated phone system that has ended, just long
// enough ago to be taken for finished.
func (d *Demo) Arrive() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	length := d.scenes[d.diary.next()].length()
	c, err := d.diary.add(d.now().Add(-length - Settle - time.Second))
	if err != nil {
		return err
	}
	d.phone.Add(d.recording(c))
	d.log.Info("a simulated call has ended", "scene", c.Scene, "customer", c.Phone)
	return nil
}
