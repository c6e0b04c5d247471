package web

import (
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
)

// A limiter counts requests in windows of a minute, one for each key. It is
// kept in memory: a restart forgives.
type limiter struct {
	limit   int
	now     func() time.Time
	mu      sync.Mutex
	windows map[string]*window
	swept   time.Time
}

type window struct {
	ends time.Time
	used int
}

const maxWindows = 100_000 // beyond it, strangers share one window

func newLimiter(limit int, now func() time.Time) *limiter {
	return &limiter{limit: limit, now: now, windows: map[string]*window{}}
}

// take counts one request and returns how many are left in the window and when
// it ends. left is negative where there was none.
func (l *limiter) take(subject string) (left int, reset time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Sub(l.swept) > time.Minute {
		for k, w := range l.windows {
			if !now.Before(w.ends) {
				delete(l.windows, k)
			}
		}
		l.swept = now
	}
	w := l.windows[subject]
	if w == nil && len(l.windows) >= maxWindows {
		subject = ""
		w = l.windows[subject]
	}
	if w == nil || !now.Before(w.ends) {
		w = &window{ends: now.Add(time.Minute)}
		l.windows[subject] = w
	}
	w.used++
	return l.limit - w.used, w.ends.Sub(now)
}

// limitRate bounds how often a key, or an address without a good one, may ask.
func limitRate(l *limiter) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if l.limit <= 0 {
			return c.Next()
		}
		subject := "address:" + clientNetwork(c)
		if w := who(c); w.Key != nil {
			subject = "key:" + w.Key.ID
		}
		left, reset := l.take(subject)
		c.Set("RateLimit-Limit", strconv.Itoa(l.limit))
		c.Set("RateLimit-Remaining", strconv.Itoa(max(0, left)))
		c.Set("RateLimit-Reset", strconv.Itoa(int((reset+time.Second-1)/time.Second)))
		if left < 0 {
			return &app.Error{
				Kind: app.RateLimited, Code: "rate_limited", RetryAfter: reset,
				Message: "Too many requests in this minute. Wait as long as Retry-After says.",
			}
		}
		return c.Next()
	}
}
