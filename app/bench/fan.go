package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const patience = 30 * time.Second

// An audience is many sockets that are read at once.
type audience struct {
	conns   []net.Conn
	got     atomic.Int64 // text frames
	length  atomic.Int64 // of the latest
	arrived chan struct{}
	want    atomic.Int64 // frames at which arrived is told
	readers sync.WaitGroup
}

func newAudience(conns []net.Conn) *audience {
	a := &audience{conns: conns, arrived: make(chan struct{}, 1)}
	for _, c := range conns {
		a.readers.Go(func() { a.read(c) })
	}
	return a
}

func (a *audience) read(c net.Conn) {
	r := bufio.NewReaderSize(c, 4096)
	for {
		kind, n, err := skipFrame(r)
		if err != nil {
			return
		}
		if kind == websocket.PingMessage { // else the server takes the client for dead
			if _, err := io.WriteString(c, pong); err != nil {
				return
			}
		}
		if kind != websocket.TextMessage {
			continue
		}
		a.length.Store(int64(n))
		if a.got.Add(1) == a.want.Load() {
			a.arrived <- struct{}{}
		}
	}
}

// pong is a client's answer to a ping, masked with nothing.
const pong = "\x8a\x80\x00\x00\x00\x00"

// skipFrame reads a server's frame and returns its kind, and its length in all.
func skipFrame(r *bufio.Reader) (kind, length int, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, 0, err
	}
	n, size := int(head[1]&0x7f), 2
	if n == 126 {
		var long [2]byte
		if _, err := io.ReadFull(r, long[:]); err != nil {
			return 0, 0, err
		}
		n, size = int(binary.BigEndian.Uint16(long[:])), 4
	}
	_, err = r.Discard(n)
	return int(head[0] & 0x0f), size + n, err
}

// expect sets how many frames, counted from the first, are waited for.
func (a *audience) expect(n int64) { a.want.Store(n) }

// wait waits until they are there.
func (a *audience) wait(ctx context.Context) error {
	select {
	case <-a.arrived:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("bench: only %d of %d frames arrived", a.got.Load(), a.want.Load())
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *audience) close() {
	for _, c := range a.conns {
		_ = c.Close()
	}
	a.readers.Wait()
}

// listen opens a socket of the stream and reads what begins it.
func listen(ctx context.Context, a *appliance, key string) (*websocket.Conn, error) {
	d := websocket.Dialer{HandshakeTimeout: patience}
	url := "ws" + strings.TrimPrefix(a.url, "http") + "/api/v1/notifications/stream"
	ws, res, err := d.DialContext(ctx, url, http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		return nil, fmt.Errorf("bench: open a socket: %w", err)
	}
	res.Body.Close()
	for range 2 { // ready, unread
		if _, _, err := ws.ReadMessage(); err != nil {
			return nil, errors.Join(fmt.Errorf("bench: read a socket: %w", err), ws.Close())
		}
	}
	return ws, nil
}

// listenAll opens n sockets, as many of each user as one may have.
func listenAll(ctx context.Context, a *appliance, keys []string, n int) ([]net.Conn, error) {
	conns := make([]net.Conn, 0, n)
	for i := range n {
		c, err := listen(ctx, a, keys[i/perUser])
		if err != nil {
			for _, c := range conns {
				_ = c.Close()
			}
			return nil, err
		}
		conns = append(conns, c.NetConn())
	}
	return conns, nil
}

// measureFan measures from the posting of a message to its last receipt, beside
// the same bytes over bare connections; and what the sockets weigh.
func measureFan(ctx context.Context, w io.Writer, a *appliance) error {
	before, _ := a.resident()
	conns, err := listenAll(ctx, a, a.keys, fanSockets)
	if err != nil {
		return err
	}
	people := newAudience(conns)
	defer people.close()
	after, known := a.resident()
	floor, err := startFloor(ctx)
	if err != nil {
		return err
	}
	defer floor.stop()
	p := newPoster(target{url: a.url + sendPath, key: a.keys[0]}, strings.Repeat("x", shortLength))
	var own, bare []time.Duration
	for range fanRounds {
		d, err := people.round(ctx, func() error { _, err := p.post(); return err })
		if err != nil {
			return err
		}
		own = append(own, d)
		d, err = floor.people.round(ctx, func() error {
			return binary.Write(floor.command, binary.BigEndian, uint32(people.length.Load()))
		})
		if err != nil {
			return err
		}
		bare = append(bare, d)
	}
	slices.Sort(own)
	slices.Sort(bare)
	fmt.Fprintf(w, "one message to %d sockets, until the last has it; %d bytes each\n", fanSockets, people.length.Load())
	fmt.Fprintf(w, "  bare TCP writes       p50 %s   p99 %s\n", short(quantile(bare, 0.5)), short(quantile(bare, 0.99)))
	fmt.Fprintf(w, "  crk                   p50 %s   p99 %s\n", short(quantile(own, 0.5)), short(quantile(own, 0.99)))
	fmt.Fprintf(w, "  crk / bare            %6.2f     wanted: at most 1.50\n", float64(quantile(own, 0.5))/float64(quantile(bare, 0.5)))
	if known {
		fmt.Fprintf(w, "  memory of a socket    %6.1f KiB wanted: at most 25\n", float64(after-before)/fanSockets/1024)
	}
	fmt.Fprintln(w)
	return nil
}

// round lets send send one frame to everybody and returns when the last has it.
func (a *audience) round(ctx context.Context, send func() error) (time.Duration, error) {
	a.expect(a.got.Load() + int64(len(a.conns)))
	begin := time.Now()
	if err := send(); err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	err := a.wait(ctx)
	return time.Since(begin), err
}

// A floorRun is the bare server with its audience.
type floorRun struct {
	*child
	command net.Conn
	people  *audience
}

func startFloor(ctx context.Context) (*floorRun, error) {
	c, err := startChild(ctx, nil, "bench", "floor")
	if err != nil {
		return nil, err
	}
	f := &floorRun{child: c}
	var conns []net.Conn
	for range fanSockets + 1 {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(c.url, "http://"))
		if err != nil {
			c.stop()
			return nil, fmt.Errorf("bench: %w", err)
		}
		conns = append(conns, conn)
	}
	f.command, f.people = conns[0], newAudience(conns[1:])
	return f, nil
}

func (f *floorRun) stop() {
	_ = f.command.Close()
	f.people.close()
	f.child.stop()
}
