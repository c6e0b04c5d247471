package ai

import (
	"context"
	"slices"
	"sync"

	"crk/app"
)

// queues let so many calls to each server at once as it is given. Whoever waits
// for a new call goes before whoever waits for a backlog's.
type queues struct {
	mu     sync.Mutex
	places map[string]*place // by server; gone when nobody is there
}

// A place is one server with who is there.
type place struct {
	busy    int
	waiting []*visitor
}

type visitor struct {
	priority int
	admitted chan struct{}
}

func newQueues() *queues { return &queues{places: map[string]*place{}} }

// enter waits for a place at the server until ctx ends. The caller calls leave
// when it is done.
func (q *queues) enter(ctx context.Context, server Server, j app.Job) (leave func(), err error) {
	leave = func() { q.leave(server.place) }
	q.mu.Lock()
	p := q.places[server.place]
	if p == nil {
		p = &place{}
		q.places[server.place] = p
	}
	if p.busy < server.slots() {
		p.busy++
		q.mu.Unlock()
		return leave, nil
	}
	v := &visitor{j.Priority, make(chan struct{})}
	p.waiting = append(p.waiting, v)
	q.mu.Unlock()
	select {
	case <-v.admitted:
		return leave, nil
	case <-ctx.Done():
		q.giveUp(server.place, v)
		return nil, context.Cause(ctx)
	}
}

// leave gives the place to whoever is first of those who wait.
func (q *queues) leave(server string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.places[server]
	if len(p.waiting) > 0 {
		next := slices.MinFunc(p.waiting, func(a, b *visitor) int { return a.priority - b.priority })
		p.waiting = slices.DeleteFunc(p.waiting, func(v *visitor) bool { return v == next })
		close(next.admitted)
		return
	}
	if p.busy--; p.busy == 0 {
		delete(q.places, server)
	}
}

// giveUp takes a visitor out of the row, or gives the place back that it was
// given at the last moment.
func (q *queues) giveUp(server string, v *visitor) {
	q.mu.Lock()
	p := q.places[server]
	n := len(p.waiting)
	p.waiting = slices.DeleteFunc(p.waiting, func(w *visitor) bool { return w == v })
	left := len(p.waiting) < n
	q.mu.Unlock()
	if !left {
		q.leave(server)
	}
}
