package web

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// A content is bytes that are sent whole or in part.
type content struct {
	io.ReaderAt
	io.Closer
	Size int64
	Type string
	ETag string // strong, in its quotes
	Name string // of the file where somebody saves it; ASCII, no quotes
}

// serveContent answers GET and HEAD with v or the one range of it that is asked
// for, and closes v when it was sent or nobody wants it any more. Several ranges
// at once are answered with the whole, as RFC 9110 allows. With ?download=1 it is
// to be saved, not shown.
func serveContent(c *fiber.Ctx, v content) error {
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	c.Set(fiber.HeaderETag, v.ETag)
	c.Set(fiber.HeaderCacheControl, "private, no-cache, no-transform") // asked about each time, and never compressed
	if matches(c.Get(fiber.HeaderIfNoneMatch), v.ETag) {
		return errors.Join(c.SendStatus(fiber.StatusNotModified), v.Close())
	}
	wanted := c.Get(fiber.HeaderRange)
	if only := c.Get(fiber.HeaderIfRange); only != "" && only != v.ETag {
		wanted = "" // a part of another version would not fit
	}
	part, err := parseRange(wanted, v.Size)
	if err != nil {
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", v.Size))
		c.Status(fiber.StatusRequestedRangeNotSatisfiable)
		return errors.Join(c.JSON(errorBody{"range_not_satisfiable", "The range lies outside the audio.", requestID(c), nil}), v.Close())
	}
	c.Set(fiber.HeaderContentType, v.Type)
	disposition := "inline"
	if c.Query("download") != "" {
		disposition = "attachment"
	}
	c.Set(fiber.HeaderContentDisposition, disposition+`; filename="`+v.Name+`"`)
	if part.partial {
		c.Status(fiber.StatusPartialContent)
		c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", part.from, part.from+part.length-1, v.Size))
	}
	if c.Method() == fiber.MethodHead {
		c.Response().SkipBody = true
		c.Response().Header.SetContentLength(int(part.length))
		return v.Close()
	}
	c.Context().SetBodyStream(&closingReader{io.NewSectionReader(v, part.from, part.length), v}, int(part.length))
	return nil
}

// A closingReader is a body that is closed when it was sent.
type closingReader struct {
	io.Reader
	io.Closer
}

// matches reports whether a list of entity tags names this one. Weak comparison,
// as If-None-Match wants it.
func matches(list, etag string) bool {
	for tag := range strings.SplitSeq(list, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// A byteRange is the part of a content that is sent.
type byteRange struct {
	from, length int64
	partial      bool
}

var errUnsatisfiable = errors.New("web: range outside the content")

// parseRange reads a Range header. One that is missing, malformed, of several
// ranges or of another unit means the whole.
func parseRange(header string, size int64) (byteRange, error) {
	whole := byteRange{0, size, false}
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return whole, nil
	}
	if first == "" { // the last so many bytes
		n, err := strconv.ParseUint(last, 10, 63)
		if err != nil {
			return whole, nil
		}
		if n == 0 || size == 0 {
			return whole, errUnsatisfiable
		}
		n = min(n, uint64(size))
		return byteRange{size - int64(n), int64(n), true}, nil
	}
	from, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return whole, nil
	}
	to := uint64(size) - 1
	if last != "" {
		if to, err = strconv.ParseUint(last, 10, 63); err != nil || to < from {
			return whole, nil
		}
	}
	if from >= uint64(size) {
		return whole, errUnsatisfiable
	}
	to = min(to, uint64(size)-1)
	return byteRange{int64(from), int64(to - from + 1), true}, nil
}
