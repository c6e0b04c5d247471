package web

import (
	"io"
	"sync"

	"github.com/gofiber/fiber/v2"
)

// streamed answers with what write writes, while it is written. Where write
// fails, or the reader goes, the connection is cut: a file that ends short must
// not look like a whole one. write may not use the request, which others use
// again by then.
func streamed(c *fiber.Ctx, write func(io.Writer) error) error {
	r, w := io.Pipe()
	body := &pipeBody{r: r}
	body.writing.Go(func() { w.CloseWithError(write(w)) }) // an error of nil is the end
	c.Context().SetBodyStream(body, -1)
	return nil
}

// A pipeBody is a body that is being written. The server closes it when it was
// sent, or cannot be.
type pipeBody struct {
	r       *io.PipeReader
	writing sync.WaitGroup
}

// Read implements io.Reader.
func (b *pipeBody) Read(p []byte) (int, error) { return b.r.Read(p) }

// Close ends the writing and waits for it.
func (b *pipeBody) Close() error {
	err := b.r.Close()
	b.writing.Wait()
	return err
}
