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

// guardBody bounds every body. Requests are streamed, so that an upload is
// never whole in memory; but fasthttp then enforces no limit of its own, and
// takes what a handler leaves unread for the next request (valyala/fasthttp
// #2336, #2368). So an ordinary body is read here, within its limit, and a
// connection whose body was not read to its end is not used again.
func guardBody(maxAudio int64) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if lengths(c.Request().Header.RawHeaders()) > 1 { // where the body ends is told by none
			c.Context().SetConnectionClose()
			return fiber.ErrBadRequest
		}
		s := c.Context().RequestBodyStream()
		if s == nil {
			return c.Next()
		}
		n := c.Request().Header.ContentLength()
		if n < 0 { // chunked: fasthttp may have read past the last chunk
			c.Context().SetConnectionClose()
		}
		limit := int64(maxBody)
		if takesAudio(c) {
			limit = maxAudio
		}
		raw := &rawBody{r: s, conn: c.Context().Conn()}
		defer func() {
			if !raw.drain() {
				c.Context().SetConnectionClose()
			}
		}()
		if int64(n) > limit {
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

// takesAudio reports whether a route reads its body as a stream.
func takesAudio(c *fiber.Ctx) bool {
	return (c.Method() == fiber.MethodPut &&
		(strings.HasPrefix(c.Path(), uploadPath) || (strings.HasPrefix(c.Path(), apiPath+"/recordings/") && strings.HasSuffix(c.Path(), "/audio")))) ||
		(c.Method() == fiber.MethodPost && c.Path() == "/calls/upload")
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

// decode reads the request's JSON into a T and checks it.
func decode[T interface{ Validate() error }](c *fiber.Ctx) (in T, err error) {
	if err := unmarshal(c.Body(), &in); err != nil {
		return in, err
	}
	return in, in.Validate()
}

// decodeOptional is decode for a request that may have no body.
func decodeOptional[T interface{ Validate() error }](c *fiber.Ctx) (in T, err error) {
	if len(bytes.TrimSpace(c.Body())) == 0 {
		return in, in.Validate()
	}
	return decode[T](c)
}

// unmarshal tells JSON that cannot be read (400) from JSON of the wrong shape
// (422). Fields that are not known are passed over.
func unmarshal(b []byte, v any) error {
	if !json.Valid(b) {
		return &app.Error{Kind: app.Malformed, Code: "invalid_json", Message: "The body is not valid JSON."}
	}
	err := json.Unmarshal(b, v)
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		field := wrong.Field
		if field == "" {
			field = "body"
		}
		var p app.Problems
		p.Add(field, "This must be %s, not %s.", jsonType(wrong), wrong.Value)
		return p.Err()
	}
	var e *app.Error
	if errors.As(err, &e) {
		return e
	}
	var p app.Problems
	p.Add("body", "The JSON does not have the shape that this call takes.")
	e, _ = p.Err().(*app.Error)
	e.Err = err
	return e
}

// jsonType names, as JSON does, what was expected.
func jsonType(e *json.UnmarshalTypeError) string {
	switch k := e.Type.Kind().String(); {
	case k == "struct" || k == "map":
		return "an object"
	case k == "slice" || k == "array":
		return "an array"
	case k == "bool":
		return "true or false"
	case k == "string":
		return "a string"
	case strings.HasPrefix(k, "int") || strings.HasPrefix(k, "uint"):
		return "a whole number"
	case strings.HasPrefix(k, "float"):
		return "a number"
	}
	return "of another type"
}
