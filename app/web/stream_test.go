package web_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/matryer/is"

	"crk/app/web"
)

func TestAFileThatEndsShortDoesNotLookWhole(t *testing.T) {
	is := is.New(t)
	f := fiber.New(fiber.Config{DisableStartupMessage: true})
	rows := strings.Repeat("a,b,c\n", 100_000)
	var ended error
	done := make(chan struct{})
	for path, fail := range map[string]error{"/whole": nil, "/short": errors.New("the disk is gone")} {
		f.Get(path, func(c *fiber.Ctx) error {
			return web.Streamed(c, func(w io.Writer) error {
				_, err := io.WriteString(w, rows)
				return errors.Join(err, fail)
			})
		})
	}
	f.Get("/left", func(c *fiber.Ctx) error {
		return web.Streamed(c, func(w io.Writer) error {
			defer close(done)
			for ended == nil {
				_, ended = io.WriteString(w, rows)
			}
			return ended
		})
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	is.NoErr(err)
	go func() { _ = f.Listener(l) }()
	t.Cleanup(func() { _ = f.Shutdown() })
	get := func(path string) (string, error) {
		res, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		if path == "/left" {
			return "", nil // without reading it
		}
		b, err := io.ReadAll(res.Body)
		return string(b), err
	}
	got, err := get("/whole")
	is.NoErr(err)
	is.Equal(len(got), len(rows))
	_, err = get("/short")
	is.True(err != nil) // the client is told, though the status said that all was well
	_, err = get("/left")
	is.NoErr(err)
	<-done
	is.True(ended != nil) // who writes for nobody is stopped
}
