package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
)

const (
	bodyIdle  = 60 * time.Second // a body that stands still for this long is cut off
	bodyTime  = 2 * time.Minute  // and an ordinary one that takes this long
	drainTime = 10 * time.Second // for reading what nobody wants; see drain
	drainMax  = 64 << 20         // bytes of it
)

// guardBody keeps connections in step. Requests are streamed, so that an upload
// is never whole in memory; but fasthttp then enforces no limit of its own, and
// takes what a handler leaves unread for the next request (valyala/fasthttp
// #2336, #2368). So a connection whose body was not read to its end is not used
// again. Handlers find the body behind readBody.
func guardBody(c *fiber.Ctx) error {
	if lengths(c.Request().Header.RawHeaders()) > 1 { // where the body ends is told by none
		c.Context().SetConnectionClose()
		return fiber.ErrBadRequest
	}
	s := c.Context().RequestBodyStream()
	if s == nil {
		return c.Next()
	}
	if c.Request().Header.ContentLength() < 0 { // chunked: fasthttp may have read past the last chunk
		c.Context().SetConnectionClose()
	}
	raw := &rawBody{r: s, conn: c.Context().Conn()}
	defer func() {
		if !raw.drain() {
			c.Context().SetConnectionClose()
		}
	}()
	c.Locals(localRaw, raw)
	return c.Next()
}

// readBody reads a body within its limit, but for audio, which it gives to
// bodyStream. It stands behind the rate limit: what is too much is not read.
func readBody(maxAudio int64) fiber.Handler {
	return func(c *fiber.Ctx) error {
		raw, _ := c.Locals(localRaw).(*rawBody)
		if raw == nil || raw.taken {
			return c.Next()
		}
		raw.taken = true
		limit := int64(maxBody)
		if takesAudio(c) {
			limit = maxAudio
		}
		if int64(c.Request().Header.ContentLength()) > limit {
			return tooLarge(limit)
		}
		body := &boundedBody{r: raw, left: limit}
		if takesAudio(c) {
			c.Locals(localBody, io.Reader(body))
			return c.Next()
		}
		raw.until = time.Now().Add(bodyTime)
		return readWhole(c, body)
	}
}

// lengths counts a request's Content-Length lines, of which fasthttp takes the
// last and a proxy before it perhaps the first.
func lengths(header []byte) (n int) {
	for line := range bytes.Lines(header) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(bytes.TrimSpace(name), []byte(fiber.HeaderContentLength)) {
			n++
		}
	}
	return n
}

// takesAudio reports whether a route reads its body as a stream. The router minds
// neither case nor a slash at the end, so this does not either.
func takesAudio(c *fiber.Ctx) bool {
	path := strings.ToLower(strings.TrimRight(c.Path(), "/"))
	switch c.Method() {
	case fiber.MethodPut:
		return strings.HasPrefix(path, uploadPath) ||
			strings.HasPrefix(path, apiPath+"/recordings/") && strings.HasSuffix(path, "/audio")
	case fiber.MethodPost:
		return path == "/calls/upload"
	}
	return false
}

func readWhole(c *fiber.Ctx, body io.Reader) error {
	b, err := io.ReadAll(body)
	if err != nil {
		var e *app.Error
		if errors.As(err, &e) {
			return e
		}
		return &app.Error{Kind: app.Malformed, Code: "invalid_json", Message: "The request's body broke off.", Err: err}
	}
	c.Request().SetBody(b)
	return c.Next()
}

// bodyStream is the body of a request that takes audio.
func bodyStream(c *fiber.Ctx) io.Reader {
	if r, ok := c.Locals(localBody).(io.Reader); ok {
		return r
	}
	return bytes.NewReader(c.Body())
}

// A boundedBody fails, instead of ending, where the body goes on past its limit.
type boundedBody struct {
	r    io.Reader
	left int64
	size int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, tooLarge(b.size)
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	b.size += int64(n)
	if b.left < 0 {
		return n, tooLarge(b.size - 1)
	}
	return n, err
}

// A rawBody is a body as it comes: it may take as long as it needs while it
// keeps coming, but for until.
type rawBody struct {
	r     io.Reader
	conn  net.Conn
	until time.Time // zero: no end
	taken bool      // by readBody
	err   error     // how it ended; it is not read any more then
}

// Read implements io.Reader.
func (b *rawBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	end := time.Now().Add(bodyIdle)
	if !b.until.IsZero() && b.until.Before(end) {
		end = b.until
	}
	b.deadline(end)
	n, err := b.r.Read(p)
	b.err = err
	return n, err
}

func (b *rawBody) deadline(t time.Time) {
	if b.conn != nil {
		_ = b.conn.SetReadDeadline(t) // a connection that cannot is closed already
	}
}

// drain reads what was left unread and reports whether that was all. A sender
// does not look for an answer while it sends, and a connection that is closed
// with bytes unread is reset: the answer, such as that the body is too large,
// would be lost. How much and how long is bounded.
func (b *rawBody) drain() (all bool) {
	if b.err == nil {
		b.deadline(time.Now().Add(drainTime))
		_, b.err = io.CopyN(io.Discard, b.r, drainMax)
	}
	return errors.Is(b.err, io.EOF)
}

func tooLarge(limit int64) *app.Error {
	size := "1 MiB"
	if limit > maxBody {
		size = sizeText(limit)
	}
	return &app.Error{Kind: app.TooLarge, Code: "payload_too_large", Message: "The body is larger than " + size + "."}
}

func sizeText(n int64) string {
	b, _ := json.Marshal(n >> 20)
	return string(b) + " MiB"
}
