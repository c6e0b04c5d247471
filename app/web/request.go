package web

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Keys of what is known of a request, in its Locals.
type local int

const (
	localClient local = iota // netip.Addr
	localSecure              // bool: the person's connection is encrypted
	localCaller              // caller
	localRaw                 // *rawBody, before readBody
	localBody                // io.Reader of a streamed body
)

// describe gives a request its id and finds out who is at the other end.
func describe(o Options) fiber.Handler {
	return func(c *fiber.Ctx) error {
		nameRequest(c)
		c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
		if o.StrictTransport {
			c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
		}
		addr, _ := netip.AddrFromSlice(c.Context().RemoteIP())
		addr, secure := addr.Unmap(), c.Context().IsTLS()
		if trusted(o.TrustedProxies, addr) {
			secure = secure || strings.EqualFold(c.Get(fiber.HeaderXForwardedProto), "https")
			addr = forwarded(o.TrustedProxies, addr, allLines(c, fiber.HeaderXForwardedFor))
		}
		c.Locals(localClient, addr)
		c.Locals(localSecure, secure)
		return c.Next()
	}
}

// allLines is a header that may come in several lines, as one list: some proxies
// add a line of their own to what a stranger wrote.
func allLines(c *fiber.Ctx, name string) string {
	return string(bytes.Join(c.Request().Header.PeekAll(name), []byte(",")))
}

// forwarded is the nearest address in the header that is not a proxy of ours:
// what stands further left was written by who knows whom.
func forwarded(proxies []netip.Prefix, addr netip.Addr, header string) netip.Addr {
	hops := strings.Split(header, ",")
	for i := len(hops) - 1; i >= 0 && trusted(proxies, addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return addr
		}
		addr = next.Unmap()
	}
	return addr
}

func trusted(proxies []netip.Prefix, addr netip.Addr) bool {
	for _, p := range proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// clientAddr is the address of the person or program that asks.
func clientAddr(c *fiber.Ctx) string {
	addr, _ := c.Locals(localClient).(netip.Addr)
	return addr.String()
}

// clientNetwork is what addresses are counted by: whoever has one IPv6 address
// has the 2^64 of its network.
func clientNetwork(c *fiber.Ctx) string {
	addr, _ := c.Locals(localClient).(netip.Addr)
	if addr.Is6() {
		network, _ := addr.Prefix(64) // fits every IPv6 address
		return network.String()
	}
	return addr.String()
}

// isSecure reports whether cookies may be limited to encrypted connections.
func isSecure(c *fiber.Ctx) bool {
	secure, _ := c.Locals(localSecure).(bool)
	return secure
}

// nameRequest gives the answer an id of our own.
func nameRequest(c *fiber.Ctx) { c.Set(fiber.HeaderXRequestID, strings.ToLower(rand.Text())) }

// requestID is the id that the answer carries.
func requestID(c *fiber.Ctx) string { return c.GetRespHeader(fiber.HeaderXRequestID) }

// baseURL is where people reach the appliance: as configured, else as asked.
func baseURL(c *fiber.Ctx, configured string) string {
	if configured != "" {
		return configured
	}
	scheme := "http"
	if isSecure(c) {
		scheme = "https"
	}
	return scheme + "://" + string(c.Request().Host())
}

// logRequests settles errors first, so that the status in the log is the one
// that was sent. Paths are logged without their query, which may hold a token.
func logRequests(log *slog.Logger) fiber.Handler {
	return func(c *fiber.Ctx) error {
		begin := time.Now()
		if err := c.Next(); err != nil {
			if err := c.App().ErrorHandler(c, err); err != nil {
				return err
			}
		}
		log.Debug("request", "method", c.Method(), "path", pathForLog(c), "status", c.Response().StatusCode(),
			"took", time.Since(begin).Round(time.Microsecond), "id", requestID(c))
		return nil
	}
}

// pathForLog is a request's path without the token that an upload URL holds.
func pathForLog(c *fiber.Ctx) string {
	if strings.HasPrefix(c.Path(), uploadPath) {
		return uploadPath + "…"
	}
	return c.Path()
}

// recoverPanics turns a panic into a 500, with the stack in the log alone.
func recoverPanics(c *fiber.Ctx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errors.Join(errPanic, fmt.Errorf("%v\n%s", v, debug.Stack()))
		}
	}()
	return c.Next()
}

var errPanic = errors.New("web: panic")
