package phone

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

var errIdle = errors.New("no more bytes came")

// IdleBody reads body and ends with an [*Error] when no byte came for idle. cancel
// must end the exchange that body belongs to; it is called then and by Close.
// Errors of body other than io.EOF come out as NetworkError makes them.
func IdleBody(ctx context.Context, op string, body io.ReadCloser, idle time.Duration, cancel context.CancelFunc) io.ReadCloser {
	b := &idleBody{ctx: ctx, op: op, body: body, idle: idle, cancel: cancel}
	b.timer = time.AfterFunc(idle, func() {
		b.late.Store(true)
		cancel()
	})
	b.timer.Stop() // only a Read that waits counts
	return b
}

type idleBody struct {
	ctx    context.Context // the caller's, not the one that cancel ends
	op     string
	body   io.ReadCloser
	idle   time.Duration
	cancel context.CancelFunc
	timer  *time.Timer
	late   atomic.Bool
}

func (b *idleBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.idle)
	n, err := b.body.Read(p)
	b.timer.Stop()
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case b.late.Load():
		return n, &Error{Kind: Unreachable, Op: b.op, Err: errIdle}
	}
	return n, NetworkError(b.ctx, b.op, err)
}

func (b *idleBody) Close() error {
	b.timer.Stop()
	err := b.body.Close()
	b.cancel()
	return err
}
