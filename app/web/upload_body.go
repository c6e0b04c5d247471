package web

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// wholeBody is the body of a request that takes audio. It fails where the sender
// goes away before the end: fasthttp says io.EOF then too, so that half a call
// would pass for a whole one.
func wholeBody(c *fiber.Ctx) io.Reader {
	b := &uploadBody{r: bodyStream(c), left: int64(c.Request().Header.ContentLength())}
	if b.left < 0 {
		b.conn = c.Context().Conn()
	}
	return b
}

// An uploadBody knows its length or, where it is sent in chunks, its connection.
type uploadBody struct {
	r    io.Reader
	left int64
	conn net.Conn // nil where the length is known
}

// Read implements io.Reader.
func (b *uploadBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if errors.Is(err, io.EOF) && (b.conn == nil && b.left > 0 || b.conn != nil && gone(b.conn)) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// gone reports whether the other end of a connection has closed it: who sent the
// last chunk waits for the answer. Nothing else may read from the connection
// afterwards; one with a body in chunks is not used again (see guardBody).
func gone(conn net.Conn) bool {
	if conn.SetReadDeadline(time.Now().Add(5*time.Millisecond)) != nil {
		return true
	}
	_, err := conn.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}
