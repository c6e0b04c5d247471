package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// writeBuffers are shared: most sockets are silent most of the time.
var writeBuffers sync.Pool

// upgrades are the sockets on their way from the handler that shook hands to
// their own goroutine.
type upgrades struct {
	baseURL string
	waiting sync.Map // func(net.Conn) of a net.Conn: gives the socket to its owner
}

// upgrade turns a request into a socket. The handshake is checked while the
// handler still runs, so that a refusal is answered like any other error; the
// 101 is written, and serve runs, once fasthttp has let go of the connection.
// serve owns the socket until it returns, and is called even where the client
// went away before. Nothing of c may be used in it.
//
// fasthttp's own adaptor has no Hijacker, and its view of a hijacked connection
// keeps a whole request's buffers. So only what came with the handshake is taken
// from it, and the connection itself from then on: see [New], where fasthttp is
// told to leave it open.
func (u *upgrades) upgrade(c *fiber.Ctx, serve func(*websocket.Conn)) error {
	var r http.Request
	if err := fasthttpadaptor.ConvertRequest(c.Context(), &r, true); err != nil {
		return fiber.ErrBadRequest
	}
	conn := c.Context().Conn()
	w := &hijacker{conn: &lateConn{Conn: conn}, header: http.Header{}}
	var refused error
	upgrader := websocket.Upgrader{
		ReadBufferSize: 256, WriteBufferSize: 1024, WriteBufferPool: &writeBuffers, // clients say next to nothing
		CheckOrigin: func(r *http.Request) bool { return ownOrigin(r, u.baseURL) },
		Error: func(_ http.ResponseWriter, _ *http.Request, status int, reason error) {
			refused = fiber.NewError(status, reason.Error())
		},
	}
	ws, err := upgrader.Upgrade(w, &r, nil)
	if err != nil {
		c.Set("Sec-WebSocket-Version", "13")
		return errors.Join(refused, err)
	}
	c.Status(fiber.StatusSwitchingProtocols)
	c.Context().HijackSetNoResponse(true)
	u.waiting.Store(conn, func(view net.Conn) {
		gone := view == nil || w.conn.start(view) != nil
		go func() { // waited for by the hub; fasthttp takes its buffers back meanwhile
			defer ws.Close()
			if gone {
				ws.Close()
			}
			serve(ws) // in any case: it gives back what it holds
		}()
	})
	c.Context().Hijack(func(view net.Conn) { u.hand(conn, view) })
	return nil
}

// hand gives a socket to its owner: with what fasthttp read ahead, or nil where
// the connection broke before fasthttp had let go of it.
func (u *upgrades) hand(conn, view net.Conn) {
	if own, ok := u.waiting.LoadAndDelete(conn); ok {
		own.(func(net.Conn))(view)
	}
}

// follow is told by fasthttp how connections fare.
func (u *upgrades) follow(conn net.Conn, state fasthttp.ConnState) {
	if state == fasthttp.StateClosed {
		u.hand(conn, nil)
	}
}

// ownOrigin keeps other sites from opening sockets with a person's cookie.
// Programs that are no browsers send no Origin.
func ownOrigin(r *http.Request, baseURL string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || strings.EqualFold(origin, baseURL) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// A hijacker hands gorilla the connection.
type hijacker struct {
	conn   *lateConn
	header http.Header
}

// Header implements http.ResponseWriter.
func (h *hijacker) Header() http.Header { return h.header }

// Write implements http.ResponseWriter; there is never a body.
func (h *hijacker) Write([]byte) (int, error) { return 0, errors.New("web: a handshake has no body") }

// WriteHeader implements http.ResponseWriter; gorilla writes the status itself.
func (h *hijacker) WriteHeader(int) {}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, 16), bufio.NewWriterSize(h.conn, 16)), nil
}

// A lateConn keeps what is written before start. From then on it is the
// connection itself, but that reading begins with what fasthttp had read ahead.
type lateConn struct {
	net.Conn
	started bool
	early   bytes.Buffer // to be written
	ahead   []byte       // to be read
}

// start ends fasthttp's part; view is the connection with what it read ahead.
func (c *lateConn) start(view net.Conn) error {
	c.started, c.ahead = true, readAhead(view)
	_, err := c.Conn.Write(c.early.Bytes())
	c.early = bytes.Buffer{}
	return err
}

// readAhead returns what was read of a connection and not yet used: with a
// deadline that is over nothing else can be read.
func readAhead(view net.Conn) []byte {
	if view.SetReadDeadline(time.Unix(1, 0)) != nil {
		return nil
	}
	b, _ := io.ReadAll(view)
	_ = view.SetReadDeadline(time.Time{}) // a connection that cannot is closed already
	return b
}

// Read implements net.Conn.
func (c *lateConn) Read(p []byte) (int, error) {
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		if c.ahead = c.ahead[n:]; len(c.ahead) == 0 {
			c.ahead = nil
		}
		return n, nil
	}
	return c.Conn.Read(p)
}

// Write implements net.Conn.
func (c *lateConn) Write(p []byte) (int, error) {
	if !c.started {
		return c.early.Write(p)
	}
	return c.Conn.Write(p)
}
