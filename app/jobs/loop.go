package jobs

import (
	"context"
	"sync"
	"time"

	"crk/app"
)

// A loop keeps the slots of one kind of job busy.
type loop struct {
	*Runner
	kind    app.JobKind
	handler Handler
	slots   int

	running sync.WaitGroup
	ended   chan string // the lane of each job that ended; room for all slots
	busy    int
}

// loop claims jobs of one kind as slots become free, and waits for them at the end.
func (r *Runner) loop(ctx context.Context, kind app.JobKind, h Handler) {
	slots := max(1, h.Slots)
	l := &loop{Runner: r, kind: kind, handler: h, slots: slots, ended: make(chan string, slots)}
	defer l.running.Wait()
	for ctx.Err() == nil {
		looked := r.db.Now()
		l.fill(ctx)
		l.follow(ctx, looked)
	}
}

// idle reports whether nothing is to begin now.
func (l *loop) idle() bool { return l.held != nil && l.held(l.kind) }

// fill claims whatever is due until the slots are full.
func (l *loop) fill(ctx context.Context) {
	for l.busy < l.slots && !l.idle() {
		claimed, err := l.db.ClaimJobs(ctx, l.kind, l.slots-l.busy, lease)
		if !l.start(ctx, claimed, err) {
			return
		}
	}
}

// start begins what was claimed and reports whether there was any.
func (l *loop) start(ctx context.Context, claimed []app.Job, err error) bool {
	if err != nil && ctx.Err() == nil {
		l.log.Error("claim jobs", "kind", l.kind, "err", err)
	}
	for _, j := range claimed {
		l.busy++
		l.running.Go(func() {
			defer func() { l.ended <- j.Lane }()
			l.run(ctx, j, l.handler)
		})
	}
	return len(claimed) > 0
}

// follow goes on after the queue was looked into, which left behind only what waits
// for its lane, its time or a slot: it lets the next job of each lane begin that
// becomes free. It returns when the whole queue is to be looked into again.
func (l *loop) follow(ctx context.Context, looked time.Time) {
	look := time.NewTimer(l.pause(ctx, l.kind, looked))
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake[l.kind]:
			return
		case <-look.C:
			l.mend(ctx, looked)
			return
		case lane := <-l.ended:
			full := l.busy == l.slots
			lanes := l.freed(lane)
			if full || len(lanes) == 0 || l.idle() {
				return // others may be more urgent than the next of the lane
			}
			claimed, err := l.db.ClaimNext(ctx, l.kind, lanes, lease)
			if !l.start(ctx, claimed, err) && err != nil {
				return
			}
		}
	}
}

// freed counts the slots that became free, and returns the lanes.
func (l *loop) freed(lane string) (lanes []string) {
	for {
		l.busy--
		if lane != "" {
			lanes = append(lanes, lane)
		}
		select {
		case lane = <-l.ended:
		default:
			return lanes
		}
	}
}

// mend heals what a crash or the clock may have left.
func (l *loop) mend(ctx context.Context, looked time.Time) {
	if err := l.db.ReleaseExpiredJobs(ctx); err != nil && ctx.Err() == nil {
		l.log.Error("release expired jobs", "err", err)
	}
	if !l.db.Now().Before(looked) {
		return
	}
	if err := l.db.MendClock(ctx, looked); err != nil && ctx.Err() == nil { // it was set back
		l.log.Error("mend what a wrong clock has planned", "err", err)
	}
}

// pause is how long to sleep until the next job is due of those that were not
// when the queue was last looked into, within bounds: the upper one heals
// whatever else was missed, as a clock that was set. What was due then and is
// left waits for its lane or for a slot: the end of another job wakes us.
func (r *Runner) pause(ctx context.Context, kind app.JobKind, looked time.Time) time.Duration {
	const shortest, longest = 50 * time.Millisecond, 15 * time.Second
	at, err := r.db.NextJobAt(ctx, kind, looked)
	if err != nil || at.IsZero() {
		return longest
	}
	return min(max(at.Sub(r.db.Now()), shortest), longest)
}
