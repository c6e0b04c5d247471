package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	stalledAmong    = 50
	stalledMessages = 1000 // more than the system buffers and the queue hold for the one
	stalledEvery    = 2500 * time.Microsecond
	stalledLength   = 3900 // characters, of three bytes each
)

// measureStalled publishes while one of the sockets is never read: nobody else
// may notice.
func measureStalled(ctx context.Context, w io.Writer, a *appliance) error {
	keys := a.keys[fanSockets/perUser:]
	conns, err := listenAll(ctx, a, keys, stalledAmong-1)
	if err != nil {
		return err
	}
	people := newAudience(conns)
	defer people.close()
	stalled, err := listen(ctx, a, keys[len(keys)-1])
	if err != nil {
		return err
	}
	defer stalled.Close()
	people.expect(int64(len(conns)) * stalledMessages)
	p := newPoster(target{url: a.url + sendPath, key: keys[0]}, strings.Repeat("ก", stalledLength))
	var slowest time.Duration
	turn := time.NewTicker(stalledEvery)
	defer turn.Stop()
	for range stalledMessages {
		<-turn.C
		d, err := p.post()
		if err != nil {
			return err
		}
		slowest = max(slowest, d)
	}
	lost := int64(0)
	if err := people.wait(ctx); err != nil {
		lost = people.want.Load() - people.got.Load()
	}
	fmt.Fprintf(w, "one socket of %d is not read, %d messages\n", stalledAmong, stalledMessages)
	fmt.Fprintf(w, "  slowest answer        %s\n  lost by the others    %6d\n", short(slowest), lost)
	fmt.Fprintf(w, "  the one itself        %s wanted: cut with 4008\n\n", howItEnded(stalled))
	return ctx.Err()
}

// howItEnded reads a socket again that was not read for long, to its end.
func howItEnded(ws *websocket.Conn) string {
	if err := ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err.Error()
	}
	for n := 0; ; n++ {
		_, _, err := ws.ReadMessage()
		if err == nil {
			continue
		}
		var e *websocket.CloseError
		if errors.As(err, &e) {
			return fmt.Sprintf("cut with %d after %d messages", e.Code, n)
		}
		return fmt.Sprintf("%v after %d messages", err, n)
	}
}
