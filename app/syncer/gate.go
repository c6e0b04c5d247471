package syncer

import (
	"context"
	"slices"
	"sync"
)

// A gate lets a few pass at a time, whoever is urgent before who is not, and else
// in the order in which they came. It may be used concurrently.
type gate struct {
	mu             sync.Mutex
	free           int
	urgent, others []chan struct{} // who waits; closed when it is its turn
}

// enter waits for a turn, which leave ends. After an error, which is ctx's, there is
// none to end.
func (g *gate) enter(ctx context.Context, urgent bool) error {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	queue := &g.others
	if urgent {
		queue = &g.urgent
	}
	*queue = append(*queue, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	at := slices.Index(*queue, turn)
	if at >= 0 {
		*queue = slices.Delete(*queue, at, at+1)
	}
	g.mu.Unlock()
	if at < 0 { // it came at the same moment: the next one has it
		g.leave()
	}
	return ctx.Err()
}

// leave hands a turn on.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, queue := range []*[]chan struct{}{&g.urgent, &g.others} {
		if len(*queue) > 0 {
			close((*queue)[0])
			*queue = slices.Delete(*queue, 0, 1)
			return
		}
	}
	g.free++
}
